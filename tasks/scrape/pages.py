"""What a source shows: one page of an account's posts, whatever kind of source it comes from.

These types cross the border between the crawl's process and the run as JSON, and lie in the spool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Head:
    """The account as its page describes it; a count that the page does not show is None.

    `posts_least`: the account has at least so many posts, for `posts` may be rounded.
    """

    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    posts_least: int | None = None


@dataclass(frozen=True, slots=True)
class ScrapedPost:
    """One post as a page shows it. `pictures` are absolute addresses; a video has none."""

    post_id: str
    url: str
    kind: str
    posted_at: datetime | None = None
    caption: str | None = None
    place: str | None = None
    pinned: bool | None = None
    likes: int | None = None
    comments: int | None = None
    likes_hidden: bool = False
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of posts, and where the next one is. `problems` are fields that could not be read."""

    url: str
    observed_at: datetime
    account: str
    head: Head | None
    posts: tuple[ScrapedPost, ...]
    next_url: str | None
    problems: tuple[str, ...] = ()


PAGE_JSON: TypeAdapter[Page] = TypeAdapter(Page)
"""Pages to and from JSON."""
