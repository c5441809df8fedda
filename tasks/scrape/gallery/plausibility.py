"""Check that a page of posts has the fields that every page has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tasks.scrape.gallery.fields import COLUMNS, FieldReader
from tasks.scrape.pages import ScrapedPost

USUAL_FIELDS = ("posted_at", "likes", "comments")
"""If no post of a page has one of these, the layout has changed."""
MIN_POSTS = 5
"""A field that so many posts lack is missing for a reason."""


def check_usual_fields(
    reader: FieldReader, posts: Sequence[ScrapedPost], parts: int, missing_key: str, may_lack: Collection[str]
) -> None:
    """Raise `LayoutChanged` if no post of the page has a field that every page has.

    `parts` is the number of posts that the page should have; `missing_key` is the key that skipped posts lacked.
    """
    if parts and not posts:
        raise reader.profile.layout_changed(reader.url, missing_key, "nothing in any post")
    post_keys = reader.profile.post
    with_pictures = [post for post in posts if post.kind != "video"]
    if post_keys.picture and with_pictures and not any(post.pictures for post in with_pictures):
        _refuse(reader, "picture", "nothing in any post", may_lack)
    for field in USUAL_FIELDS:
        relevant = [post for post in posts if field != "likes" or not post.likes_hidden]
        is_missing = len(relevant) >= MIN_POSTS and all(getattr(post, field) is None for post in relevant)
        if is_missing and getattr(post_keys, field) is not None:
            reason = reader.unreadable.get(f"post.{field}")
            shown = f" ({reason})" if reason else ""
            _refuse(reader, field, f"no readable value in any post{shown}", may_lack)


def _refuse(reader: FieldReader, key: str, result: str, may_lack: Collection[str]) -> None:
    field = COLUMNS.get(key, key)
    if field not in may_lack:
        hint = f' If the account really has none, set may_lack = ["{field}"] in its [[sources]].'
        raise reader.profile.layout_changed(reader.url, f"post.{key}", result, hint)
