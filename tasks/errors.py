"""What can go wrong in a stage, named by the reaction it wants.

    StageError
    ├── Retry                     try again soon, at most as often as the task allows
    │   ├── SourceUnreachable     no answer, or one that means a passing trouble
    │   ├── CrawlCrashed          the crawl's process ended without saying why
    │   └── DownloadsCrashed      processes that download keep ending without saying why
    └── Stop                      trying again can't help; a person must do something
        ├── AccountNotFound       the source knows no such account
        ├── AccountPrivate        the account shows its posts to followers only
        ├── SourceRefused         the source, or its robots.txt, does not want us
        │   └── BadToken          it does not take our token, or wants one
        ├── LayoutChanged         a page or an answer does not fit what is known of the source
        │   └── SourceChanged     what a source always had is gone: its posts, or a field of them
        ├── BadInput              a file to be brought in has a mistake
        ├── OutOfTime             a reading took as long as one may; the next run goes on
        ├── RunStopped            a person stopped the run
        └── BadSource             a source's settings can't be used
            └── BadProfile        a gallery profile, or its use, is wrong

`REACTIONS` adds the errors of the other rooms: it is the one table that says what a task tries again.
Each error's text is for a person and says what to do.
"""

from __future__ import annotations

from typing import Literal

from classifiers.errors import ClassifierUnavailable
from warehouse.errors import BadHome, DiskFull, HomeBusy, LakeBusy, LakeDamaged, NotPublished


class StageError(Exception):
    """Base of all errors that a stage raises on purpose."""


class Retry(StageError):
    """Worth another try soon."""


class SourceUnreachable(Retry):
    """The source gave no answer, or one that means a passing trouble."""


class CrawlCrashed(Retry):
    """The crawl's process ended without saying why."""


class DownloadsCrashed(Retry):
    """Processes that download keep ending without saying why."""


class Stop(StageError):
    """Trying again can't help."""


class AccountNotFound(Stop):
    """The source knows no such account."""


class AccountPrivate(Stop):
    """The account shows its posts to followers only."""


class SourceRefused(Stop):
    """The source, or its robots.txt, does not want us."""


class BadToken(SourceRefused):
    """The source does not take our token, or wants one."""


class LayoutChanged(Stop):
    """A page or an answer does not fit what is known of the source."""


class SourceChanged(LayoutChanged):
    """What a source always had is gone; `counts` is what it has now, as `runs.counts` keeps it."""

    def __init__(self, message: str, counts: str | None = None) -> None:
        super().__init__(message)
        self.counts = counts


class BadInput(Stop):
    """A file to be brought in has a mistake; the text names file, line and field."""


class OutOfTime(Stop):
    """A reading took as long as one may; what was read is kept, and the next run goes on."""


class RunStopped(Stop):
    """A person, or Prefect for one, stopped the run."""


class BadSource(Stop):
    """A source's settings can't be used."""


class BadProfile(BadSource):
    """A gallery profile can't be used."""


Reaction = Literal["retry", "stop"]

REACTIONS: dict[type[Exception], Reaction] = {
    Retry: "retry",
    LakeBusy: "retry",
    Stop: "stop",
    ClassifierUnavailable: "stop",
    BadHome: "stop",
    DiskFull: "stop",
    HomeBusy: "stop",
    LakeDamaged: "stop",
    NotPublished: "stop",
}
"""Errors that a run expects, with the reaction to each; any other is a bug and shows its traceback."""

EXPECTED: tuple[type[Exception], ...] = tuple(REACTIONS)


def reaction(error: BaseException) -> Reaction | None:
    """How a task reacts to an error; None for one that nobody expects."""
    return next((REACTIONS[kind] for kind in type(error).__mro__ if kind in REACTIONS), None)
