"""Groups the items of files or lines into pages: each page has one account and a limited size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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


def group_pages(items: Iterable[FileItem], url: str) -> Iterator[Page]:
    """Group items into pages; the `next_url` of each page but the last is the cursor behind it."""
    previous: Page | None = None
    for group in _group(items):
        if previous is not None:
            yield previous
        previous = _page(group, url)
    if previous is not None:
        yield replace(previous, next_url=None)


def _group(items: Iterable[FileItem]) -> Iterator[list[FileItem]]:
    """Group items; the account's own numbers are a group of their own."""
    group: list[FileItem] = []
    account, posts, comments = None, 0, 0
    for item in items:
        is_full = posts >= MAX_POSTS or comments >= MAX_COMMENTS
        fits = item.post is None or not (is_full or (posts and item.account != account))
        if group and (item.head or group[0].head or item.part != group[0].part or not fits):
            yield group
            group, posts, comments = [], 0, 0
        group.append(item)
        if item.post is not None:
            account, posts, comments = item.account, posts + 1, comments + len(item.post.thread)
    if group:
        yield group


def _page(group: Sequence[FileItem], url: str) -> Page:
    accounts = (item.account for item in group if item.head or item.post)
    return Page(
        url=url,
        # The earliest, so that each post is dated by its own time.
        observed_at=min(item.observed_at for item in group),
        account=next(accounts, None) or "",
        head=group[0].head,
        posts=tuple(item.post for item in group if item.post is not None),
        next_url=group[-1].cursor,
        problems=tuple(problem for item in group for problem in item.problems),
        unparsed=tuple(name for item in group for name in item.unparsed),
    )
