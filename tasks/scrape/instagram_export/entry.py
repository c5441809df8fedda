"""From an entry of `posts_1.json` or `reels.json` to a post.

An entry is `{"media": [{"uri", "creation_timestamp", "title", …}], "title", "creation_timestamp"}`; an entry
with one medium often has its title and time in the medium only, and its medium may stand without a list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from tasks.scrape.files.values import Fields, at, items, shown, web_address
from tasks.scrape.instagram_export.encoding import mended
from tasks.scrape.pages import ScrapedPost

VIDEOS = frozenset({".mp4", ".mov", ".m4v", ".webm"})


def entries_of(value: Any) -> list[Any] | None:
    """The entries of a file: it is a list, or an object with one list in it (`ig_reels_media`); else None."""
    if isinstance(value, list):
        return value
    lists = [one for one in value.values() if isinstance(one, list)] if isinstance(value, dict) else []
    return lists[0] if len(lists) == 1 else None


class Entries:
    """Reads entries of one account; `local` gives a file's address, by its path in the export."""

    def __init__(self, account: str, local: Callable[[str], str | None]) -> None:
        self.account = account
        self.local = local
        self.seen: dict[str, tuple[Any, str | None]] = {}

    def post(self, entry: Any, fields: Fields) -> ScrapedPost | None:
        """The post; None, and a problem in `fields`, where the entry is none."""
        media = at(entry, "media")
        media = [
            one for one in ([media] if isinstance(media, dict) else items(media)) if isinstance(one, dict)
        ]
        if not media:
            fields.lost("id", "it has no media; the post was left out")
            return None
        posted_at = fields.time(
            "posted_at", [at(entry, "creation_timestamp"), at(media[0], "creation_timestamp")]
        )
        if posted_at is None:
            fields.lost("id", "it has no time, which is what it is known by; the post was left out")
            return None
        caption = mended(at(entry, "title")) or mended(at(media[0], "title"))
        post_id = self._id(int(posted_at.timestamp()), at(media[0], "uri"), caption, fields)
        if post_id is None:
            return None
        pictures = [one for one in media if not _is_video(one)]
        return ScrapedPost(
            post_id=post_id,
            # An export has no address of a post: this is the account's.
            url=f"https://www.instagram.com/{self.account}/",
            kind="carousel" if len(media) > 1 else "image" if pictures else "video",
            posted_at=posted_at,
            caption=caption,
            pictures=tuple(url for one in pictures if (url := self._picture(one, fields)) is not None),
        )

    def _id(self, seconds: int, uri: Any, caption: str | None, fields: Fields) -> str | None:
        """The second of the post, which is the same in every export; of two in one second, the file's name too.

        None for a post that was there already: some exports list a reel among the posts as well. With another
        caption it is a problem in `fields` too.
        """
        for post_id in (str(seconds), f"{seconds}-{PurePosixPath(str(uri)).stem[:100]}"):
            if post_id not in self.seen:
                self.seen[post_id] = (uri, caption)
                return post_id
            if self.seen[post_id][0] == uri:
                if self.seen[post_id][1] != caption:
                    fields.lost(
                        "caption",
                        "another entry of the same second and file has another caption; this one was left out",
                    )
                break
        return None

    def _picture(self, medium: Any, fields: Fields) -> str | None:
        uri = at(medium, "uri")
        if (address := web_address(uri)) is not None:
            return address
        local = self.local(uri) if isinstance(uri, str) and uri else None
        if local is None:
            fields.lost("pictures", f"there is no file {shown(uri)} in the export")
        return local


def _is_video(medium: Any) -> bool:
    uri = at(medium, "uri")
    return isinstance(uri, str) and PurePosixPath(uri.partition("?")[0]).suffix.casefold() in VIDEOS
