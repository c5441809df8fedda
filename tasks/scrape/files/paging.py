"""Groups the items of files or lines into pages: each page has one account and a limited size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.scrape.pages import AccountInfo, Page, ScrapedPost

MAX_POSTS = 250
MAX_COMMENTS = 5_000


@dataclass(frozen=True, slots=True)
class FileItem:
    """The contents of one file or line: a post of an account, the account's own numbers, or only problems.

    A resumed run continues behind `cursor`. No page spans two values of `part`, so each page has one part's time.
    """

    cursor: str
    observed_at: datetime
    account: str | None = None
    post: ScrapedPost | None = None
    head: AccountInfo | None = None
    problems: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
    part: str = ""


@dataclass(slots=True)
class _PageBuilder:
    """A page that is being filled."""

    url: str
    account: str | None = None
    observed_at: datetime | None = None
    posts: list[ScrapedPost] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)
    comments: int = 0
    cursor: str = ""
    part: str = ""

    def fits(self, item: FileItem) -> bool:
        if self.observed_at is None:
            return True
        if item.part != self.part or item.post is None:
            return item.part == self.part
        is_full = len(self.posts) >= MAX_POSTS or self.comments >= MAX_COMMENTS
        return not is_full and self.account in (None, item.account)

    def add(self, item: FileItem) -> None:
        self.cursor, self.part = item.cursor, item.part
        self.problems += item.problems
        self.unparsed += item.unparsed
        # The earliest, so that each post is dated by its own time.
        self.observed_at = min(self.observed_at or item.observed_at, item.observed_at)
        if item.post is not None:
            self.account = item.account
            self.posts.append(item.post)
            self.comments += len(item.post.thread)

    def build(self, head: AccountInfo | None = None) -> Page:
        assert self.observed_at is not None, "an item was added"
        return Page(
            url=self.url,
            observed_at=self.observed_at,
            account=self.account or "",
            head=head,
            posts=tuple(self.posts),
            next_url=self.cursor,
            problems=tuple(self.problems),
            unparsed=tuple(self.unparsed),
        )


def group_pages(items: Iterable[FileItem], url: str) -> Iterator[Page]:
    """Group items into pages; the `next_url` of each page but the last is the cursor behind it."""
    previous: Page | None = None
    for page in _group(items, url):
        if previous is not None:
            yield previous
        previous = page
    if previous is not None:
        yield replace(previous, next_url=None)


def _group(items: Iterable[FileItem], url: str) -> Iterator[Page]:
    page = _PageBuilder(url)
    for item in items:
        if item.head is not None or not page.fits(item):
            if page.observed_at is not None:
                yield page.build()
            page = _PageBuilder(url)
        if item.head is None:
            page.add(item)
        else:
            head_page = _PageBuilder(url, item.account)
            head_page.add(item)
            yield head_page.build(item.head)
    if page.observed_at is not None:
        yield page.build()
