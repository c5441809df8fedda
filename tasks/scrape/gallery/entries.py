"""What a page's JSON tells of the posts that stand in its elements."""

from __future__ import annotations

from typing import Any

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.messages import misfit
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import Part, Place


class Entries:
    """The page's entries by the posts' ids."""

    def __init__(self, profile: Profile, page: Part, url: str) -> None:
        self.id = profile.post.id
        self.by_id: dict[str, Any] = {}
        place = profile.list.entries
        if place is None:
            return
        try:
            for found in place.find(page):
                self._keep(found, profile.list.entry_id)
        except ValueError as error:
            raise LayoutChanged(misfit(profile, url, "list.entries", place, f"nothing: {error}")) from error

    def with_data(self, part: Part) -> Part:
        """A post's part with the entry that has its id, where there is one."""
        if not self.by_id:
            return part
        try:
            post_id = self.id.first(part)
        except ValueError:  # told when the id is read as the post's
            return part
        return Part(part.element, self.by_id.get(str(post_id)))

    def _keep(self, found: Any, entry_id: Place | None) -> None:
        if entry_id is not None:
            self.by_id[str(entry_id.first(Part(None, found)))] = found
        elif isinstance(found, dict):
            self.by_id.update(found)
