"""One reading of a source: what the run gives it, and what the run decides after each page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a page of posts.

    `go_on`: read the next page; else the page is the last one. `jump_to`: go on at this address in place
    of the next page, where an earlier crawl was cut off. `details`: ids of the page's posts whose own page
    or thread of comments is wanted; `retried` are those of them that could not be read in many runs, so a
    refusal of theirs is no sign that the host refuses us.
    """

    go_on: bool = True
    jump_to: str | None = None
    details: tuple[str, ...] = ()
    retried: tuple[str, ...] = ()


Judge = Callable[[Page], Verdict]


def read_all(page: Page) -> Verdict:
    """The verdict of one who wants every page, and each post's own page too."""
    return Verdict(details=tuple(post.post_id for post in page.posts))


@dataclass(frozen=True, slots=True)
class Visit:
    """What a source needs to be read.

    `spool` holds the pages that were read before; the visit goes on after its last. `judge` is asked after
    each page of posts. `comments`: whether comments are wanted. `secret` is the token of a
    source that wants one.
    """

    spool: Spool
    politeness: Politeness = field(default_factory=Politeness)
    judge: Judge = read_all
    comments: bool = True
    secret: str | None = field(default=None, repr=False)
