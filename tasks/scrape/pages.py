"""What a source shows: one page of an account's posts, whatever kind of source it comes from.

These types cross the border between the crawl's process and the run as JSON, and lie in the spool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """The account as its page describes it; a count that the page does not show is None.

    `posts_least`: the account has at least so many posts, for `posts` may be rounded.
    `name` is the account's name as the page shows it. `rounded`: at least one of the counts is. `locked`: whom it lets follow it is its owner's choice, so its
    posts may be shown to these only.
    """

    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    posts_least: int | None = None
    rounded: bool = False
    locked: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ScrapedComment:
    """One comment. `author` is the name as the source shows it; it never reaches a disk in this form.

    `comment_id` is the source's own, or None where it has none: the run then gives it one that stays the
    same from night to night. `parent_id` is the comment that this one answers.
    """

    comment_id: str | None
    author: str | None = None
    text: str | None = None
    parent_id: str | None = None
    posted_at: datetime | None = None
    likes: int | None = None


@dataclass(frozen=True, slots=True)
class ScrapedPost:
    """One post as a source shows it.

    - `kind` is image, video or carousel
    - `pictures` are absolute http(s) addresses, or `file:` addresses of files in a folder that the source
      allows; a video has none
    - `likes_rounded`, `comments_rounded`: the source shows the number with less than all of its digits;
      `likes_least`, `comments_least`: the smallest number that it would show so, where that is known
    - `likes_hidden`: the source says that the owner hides the likes; `likes` is None then
    - `observed_at` (UTC) where it differs from the page's, as for files that someone saved earlier
    - `detailed`: its own page, or its thread of comments, was read too; `thread` has the comments
    - `partial`: a page of its own would tell more of it and was not read this time, so what is None here
      may be known from before
    - `unread`: names of fields that were not looked at, so their None says nothing
    - `sparse`: its source need not say everything, as a file that some program wrote: a None was not said
    - `counts_on_own_page`: its likes or its comments are shown on its own page only
    """

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
    likes_rounded: bool = False
    comments_rounded: bool = False
    observed_at: datetime | None = None
    detailed: bool = False
    partial: bool = False
    thread: tuple[ScrapedComment, ...] = ()
    likes_least: int | None = None
    comments_least: int | None = None
    unread: tuple[str, ...] = ()
    counts_on_own_page: bool = False
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class UnreadPage:
    """A post's own page, or its thread of comments, that could not be read; `why` is a sentence."""

    post_id: str
    why: str


Identity = Literal["account", "address", "unknown"]
"""How a page shows whose posts it has: it names the account (or its pager does); its address alone is the
account's; or neither."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of posts, and the address of the next one.

    - `problems` are what a person should know, in words: fields that could not be read, above all
    - `unparsed` are the names of those fields (`likes`, `posted_at`, …), one for each value
    - `more`: the source has further posts of the account that were not read from here on
    - `unread_pages`: own pages of its posts that were requested and could not be read
    - `identity`: how the page shows that its posts are the account's
    """

    url: str
    observed_at: datetime
    account: str
    head: AccountInfo | None
    posts: tuple[ScrapedPost, ...]
    next_url: str | None
    problems: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
    more: bool = False
    unread_pages: tuple[UnreadPage, ...] = ()
    identity: Identity = "account"


PAGE_JSON: TypeAdapter[Page] = TypeAdapter(Page)
"""Pages to and from JSON."""
