"""The part of a crawl that depends on the kind of source: which addresses to request, and how to read responses.

A site adapter is data and plain functions. It sends no request itself: `spider.py` does, in its own process and
with all politeness. So adapters are tested with saved responses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from pydantic import TypeAdapter

from tasks.errors import StageError
from tasks.scrape.pages import AccountInfo, Page, ScrapedPost


@dataclass(frozen=True, slots=True)
class Response:
    """A host's response. `url` has no secret in it; names in `headers` are lower case.

    `at` (UTC) is the time of the response. `text` is the decoded body. `requested` is the address before any
    redirect; empty where it is not known.
    """

    url: str
    text: str
    at: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    requested: str = ""


@dataclass(frozen=True, slots=True)
class CrawlState:
    """What the crawl has read before this response.

    `posts`: how many posts. `expected`: how many the account has at least, by its own count; None when
    it shows none. `first`: no page of posts was read yet. `head`: the account, from an earlier response.
    """

    posts: int = 0
    expected: int | None = None
    first: bool = True
    head: AccountInfo | None = None


@dataclass(frozen=True, slots=True)
class PageResult:
    """What a response has: a page of posts (its `next_url` is not set yet), the next addresses, or both.

    A response without a page, such as the look-up of an account's id, has the next address; its `head` and
    `problems` go to the first page of posts. The spider requests the first of `next_urls` that it has not requested
    before. `guessed`: the next page is a guess, so a next page without new posts is the end, and not a circle.
    """

    page: Page | None
    next_urls: tuple[str, ...] = ()
    head: AccountInfo | None = None
    problems: tuple[str, ...] = ()
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """What a post's own page or thread adds: the post with all that is known now, and the next address.

    The spider sets the post's `detailed`. `problems` and `unparsed` are as in `Page`.
    """

    post: ScrapedPost
    problems: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
    next_url: str | None = None


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request with the token, if any, in the address or in a header."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteAdapter(ABC):
    """How one account's pages on a host are read. A page's `next_url` has everything to resume after it.

    A subclass is a frozen dataclass with fields that JSON can hold. `comments`: whether comments are read.
    `obeys_robots`: whether robots.txt is obeyed; not by an interface that the host offers to holders of a token.
    """

    comments: bool = field(default=True, kw_only=True)
    obeys_robots: ClassVar[bool] = True

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to the crawl's process as JSON, because compiled selectors can't be pickled."""
        return _load_adapter, (type(self), TypeAdapter(type(self)).dump_json(self))

    @property
    @abstractmethod
    def first_url(self) -> str:
        """The address of the first request."""

    @property
    @abstractmethod
    def pager(self) -> str:
        """What leads to the next page, for messages."""

    @abstractmethod
    def read(self, response: Response, crawl_state: CrawlState) -> PageResult:
        """Read a response with status 200. Raises the errors of `tasks.errors`."""

    def sign_request(self, url: str, secret: str | None) -> SignedRequest:
        """The request for `url`; without a token by default."""
        return SignedRequest(url)

    def missing(self, url: str, at: datetime) -> PageResult | None:
        """The result for a page after the first that does not exist; None (the default) where that is an error."""
        return None

    def detail_url(self, post: ScrapedPost) -> str | None:
        """The address of the post's own page or thread; None (the default) where it has nothing to add."""
        return None

    def read_detail(self, response: Response, post: ScrapedPost) -> Detail:
        """Read the response for `detail_url`, or for the `next_url` of the detail before it."""
        return Detail(post)

    def refusal(self, response: Response) -> StageError | None:
        """The error for a response with another status than 200; None (the default) for the status's usual error."""
        return None

    def is_worth_retrying(self, response: Response) -> bool:
        """Whether the same request may soon succeed, where the status (5xx, 429) says that it may.

        Not called where the host names a time to retry.
        """
        return True

    def smaller_page_url(self, response: Response) -> str | None:
        """An address for a smaller page at the same position, where the host refuses so much at once; else None."""
        return None

    def pause_seconds(self, response: Response) -> float:
        """How long the response, of any status, requests a wait before the next request; 0 for not at all.

        Retry-After is obeyed for every kind of source.
        """
        return 0.0


def _load_adapter(adapter_type: type[SiteAdapter], document: bytes) -> SiteAdapter:
    return TypeAdapter(adapter_type).validate_json(document)
