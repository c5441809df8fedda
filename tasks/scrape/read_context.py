"""One reading of a source: what the run gives it, and what the run decides after each page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do after a page of posts.

    `stop`: the page is the last one. `jump_to`: go on at this address in place
    of the next page, where an earlier crawl was cut off. `details`: ids of the page's posts whose own page
    or thread of comments is wanted; `retried` are those of them that could not be read in many runs, so a
    refusal of theirs is no sign that the host refuses us.
    """

    stop: bool = False
    jump_to: str | None = None
    details: tuple[str, ...] = ()
    retried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrawlLimits:
    """How long a crawl tries.

    `max_retries` of one request; `max_wait_seconds` that a host may ask for in one piece; `max_seconds` for
    the whole crawl.
    """

    max_retries: int = 4
    max_wait_seconds: float = 3600.0
    max_seconds: float = 12 * 3600.0


DecideNextStep = Callable[[Page], NextStep]
NoteLimit = Callable[[datetime], None]
"""Takes the time (UTC) until which a host wants no request."""


def ignore_limit(until: datetime) -> None:
    """For a crawl after which no other one follows."""


def read_all(page: Page) -> NextStep:
    """The verdict of one who wants every page, and each post's own page too."""
    return NextStep(details=tuple(post.post_id for post in page.posts))


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a source needs to be read.

    `spool` holds the pages that were read before; the visit goes on after its last. `decide` is called after
    each page of posts. `comments`: whether comments are wanted. `secret` is the token of a
    source that wants one. `limits`: how long a crawl tries. `no_request_before`: the end of a limit that the
    host announced before (UTC); `note_limit` takes the ones that it announces now.
    """

    spool: Spool
    politeness: Politeness = field(default_factory=Politeness)
    decide: DecideNextStep = read_all
    comments: bool = True
    secret: str | None = field(default=None, repr=False)
    limits: CrawlLimits = field(default_factory=CrawlLimits)
    no_request_before: datetime | None = None
    note_limit: NoteLimit = ignore_limit
