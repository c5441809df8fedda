"""What one file or line gave, and many of them as pages: each of one account, and not too large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.scrape.pages import AccountInfo, Page, ScrapedPost

PAGE_POSTS = 250
PAGE_COMMENTS = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """What one file or line gave: a post of an account, the account's own numbers, or only problems.

    `cursor`: a reading that is taken up again goes on behind this one. `part`: no page goes from one part into
    the next, so that its time is the part's.
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
class _Open:
    """A page that is being filled."""

    account: str | None = None
    observed_at: datetime | None = None
    posts: list[ScrapedPost] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)
    comments: int = 0
    cursor: str = ""
    part: str = ""

    def fits(self, found: Found) -> bool:
        if self.observed_at is None:
            return True
        if found.part != self.part or found.post is None:
            return found.part == self.part
        full = len(self.posts) >= PAGE_POSTS or self.comments >= PAGE_COMMENTS
        return not full and self.account in (None, found.account)

    def add(self, found: Found) -> None:
        self.cursor, self.part = found.cursor, found.part
        self.problems += found.problems
        self.unparsed += found.unparsed
        # The earliest, so that each post is dated by its own time.
        self.observed_at = min(self.observed_at or found.observed_at, found.observed_at)
        if found.post is not None:
            self.account = found.account
            self.posts.append(found.post)
            self.comments += len(found.post.thread)


def as_pages(found: Iterable[Found], url: str) -> Iterator[Page]:
    """The pages; each but the last has the cursor behind it as its `next_url`."""
    held: Page | None = None
    for page in _grouped(found, url):
        if held is not None:
            yield held
        held = page
    if held is not None:
        yield replace(held, next_url=None)


def _grouped(found: Iterable[Found], url: str) -> Iterator[Page]:
    page = _Open()
    for one in found:
        if one.head is not None or not page.fits(one):
            if page.observed_at is not None:
                yield _closed(page, url)
            page = _Open()
        if one.head is not None:
            yield _head_page(one, url)
        else:
            page.add(one)
    if page.observed_at is not None:
        yield _closed(page, url)


def _closed(page: _Open, url: str) -> Page:
    assert page.observed_at is not None, "something was added"
    return Page(
        url=url,
        observed_at=page.observed_at,
        account=page.account or "",
        head=None,
        posts=tuple(page.posts),
        next_url=page.cursor,
        problems=tuple(page.problems),
        unparsed=tuple(page.unparsed),
    )


def _head_page(found: Found, url: str) -> Page:
    return Page(
        url=url,
        observed_at=found.observed_at,
        account=found.account or "",
        head=found.head,
        posts=(),
        next_url=found.cursor,
        problems=found.problems,
        unparsed=found.unparsed,
    )
