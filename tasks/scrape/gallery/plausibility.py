"""Whether a page of posts has what every page has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.fields import FIELDS, FieldReader
from tasks.scrape.gallery.messages import misfit
from tasks.scrape.gallery.selector_types import Place
from tasks.scrape.pages import ScrapedPost

USUAL = ("posted_at", "likes", "comments")
"""Fields that some post of a page has, or else the layout has changed."""
ENOUGH_POSTS = 5
"""From this many posts on, a field that all of them lack is no accident."""


def check_usual(
    reader: FieldReader,
    posts: Sequence[ScrapedPost],
    parts: int,
    left_out: tuple[str, Place],
    may_lack: Collection[str],
) -> None:
    """Raise `LayoutChanged` where what every page has is nowhere on this one.

    `parts`: how many posts there should be; `left_out`: what the last one lacked that is not among `posts`.
    """
    places = reader.profile.post
    if parts and not posts:
        _refuse(reader, *left_out, "nothing in any post")
    shown = [post for post in posts if post.kind != "video"]
    if places.picture and shown and "pictures" not in may_lack and not any(post.pictures for post in shown):
        _refuse(reader, "post.picture", places.picture, "nothing in any post")
    for name in USUAL:
        place: Place | None = getattr(places, name)
        if place is None or name in may_lack:
            continue
        asked = [post for post in posts if name != "likes" or not post.likes_hidden]
        if len(asked) >= ENOUGH_POSTS and all(getattr(post, name) is None for post in asked):
            what = "nothing that can be read in any post"
            if f"post.{name}" in reader.unreadable:
                what += f" ({reader.unreadable[f'post.{name}']})"
            _refuse(reader, f"post.{name}", place, what)


def _refuse(reader: FieldReader, name: str, place: Place, what: str) -> None:
    key = name.removeprefix("post.")
    field = FIELDS.get(key, key)
    way_out = f' If the account really shows none, set may_lack = ["{field}"] in its [[sources]].'
    if key in ("id", "url"):
        way_out = ""
    raise LayoutChanged(misfit(reader.profile, reader.url, name, place, what, way_out))
