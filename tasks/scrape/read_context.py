"""One reading of a source: what the run passes to it, and what the run decides after each page."""

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

    `stop`: the page is the last one. `jump_to`: go to this address instead of the next page, where an earlier
    crawl was cut off. `details`: ids of the page's posts whose own page or thread of comments is to be read.
    `retried` are those of them that could not be read in many runs, so a refusal of one of them does not mean
    that the host refuses us.
    """

    stop: bool = False
    jump_to: str | None = None
    details: tuple[str, ...] = ()
    retried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrawlLimits:
    """How long a crawl tries.

    `max_retries` of one request; `max_wait_seconds` for one pause that a host requires; `max_seconds` for the
    crawl.
    """

    max_retries: int = 4
    max_wait_seconds: float = 3600.0
    max_seconds: float = 12 * 3600.0


DecideNextStep = Callable[[Page], NextStep]
NoteLimit = Callable[[datetime], None]
"""Called with the time (UTC) until which a host accepts no request."""


def ignore_limit(until: datetime) -> None:
    """Ignore it, for a crawl that no other one follows."""


def read_all(page: Page) -> NextStep:
    """Read every page, and every post's own page too."""
    return NextStep(details=tuple(post.post_id for post in page.posts))


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a source needs to be read.

    `spool` holds the pages that were read before; the reading resumes after the last one. `decide` is called
    with each page of posts. `comments`: whether comments are read. `secret` is the token of a source that needs
    one. `limits`: how long a crawl tries. `no_request_before`: the end of a limit that the host announced before
    (UTC); `note_limit` is called with each limit that it announces now.
    """

    spool: Spool
    politeness: Politeness = field(default_factory=Politeness)
    decide: DecideNextStep = read_all
    comments: bool = True
    secret: str | None = field(default=None, repr=False)
    limits: CrawlLimits = field(default_factory=CrawlLimits)
    no_request_before: datetime | None = None
    note_limit: NoteLimit = ignore_limit
