"""A page of an account's posts, from any kind of source.

The crawl's process sends these types to the run as JSON, and the spool stores them as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """The account as its page describes it; a count that the page does not show is None.

    `posts_least`: the account has at least so many posts, because `posts` may be rounded. `rounded`: at least
    one of the counts is rounded. `locked`: its owner approves followers, so posts may be shown to these only.
    `name` is the account's name as the page shows it.
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
    """One comment. `author` is the name as the source shows it; it is never written to disk in this form.

    `comment_id` is the source's own, or None where it has none: the run then makes one that is the same in every
    run. `parent_id` is the comment that this one replies to.
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
    - `shares` are boosts, where the source counts them
    - `likes_rounded`, `comments_rounded`, `shares_rounded`: the source does not show all digits of the number;
      `likes_least`, `comments_least`: the smallest number that it would show in the same way, where known
    - `likes_hidden`: the source says that the owner hides the likes; `likes` is None then
    - `observed_at` (UTC) where it differs from the page's, as for files that were saved earlier
    - `detailed`: its own page, or its thread of comments, was read too; `thread` has the comments
    - `partial`: its own page has more of it and was not read this time, so a field that is None here may be
      known from before
    - `unread`: names of fields that were not read, so their None means nothing
    - `sparse`: its source may skip fields, as a file of some program does: a None means that it was skipped
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
    shares: int | None = None
    shares_rounded: bool = False


@dataclass(frozen=True, slots=True)
class UnreadPage:
    """A post's own page, or its thread of comments, that could not be read; `why` is a sentence."""

    post_id: str
    why: str


Identity = Literal["account", "address", "unknown"]
"""How a page shows whose posts it has: it names the account (or its pager does); only its address is the
account's; or neither."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of posts, and the address of the next one.

    - `problems` are sentences for a person, above all about fields that could not be read
    - `unparsed` are the names of those fields (`likes`, `posted_at`, …), one for each value
    - `more`: the source has further posts of the account after this page that were not read
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
