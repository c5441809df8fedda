"""The errors of a stage, grouped by the reaction to them.

    StageError
    ├── Retry                     retry soon, at most as often as the task allows
    │   ├── SourceUnreachable     no response, or one that means a temporary problem
    │   ├── CrawlCrashed          the crawl's process ended without a result
    │   └── DownloadsCrashed      download processes keep ending without a result
    └── Stop                      a retry can't help; a person must act
        ├── AccountNotFound       the source has no such account
        ├── AccountPrivate        the account shows its posts to followers only
        ├── SourceRefused         the source or its robots.txt refuses the request
        │   └── BadToken          the source rejects the token, or requires one
        ├── LayoutChanged         a page or a response does not have the expected form
        │   └── SourceChanged     posts, or a field that all of them had, are missing now
        ├── BadInput              an input file has a mistake
        ├── CannotPrint           no browser prints the report's page
        ├── NoForecastModel       no forecast model is stored that can be used
        ├── ClusterUnavailable    a cluster is not there, or its workers don't fit; the next run resumes
        ├── OutOfTime             the work reached its time limit; the next run resumes it
        ├── RunStopped            a person stopped the run
        └── BadSource             a source's settings are wrong
            └── BadProfile        a gallery profile, or its use, is wrong

`REACTIONS` adds the errors of the other packages: it is the one table of what a task retries. Each error's
message is for a person and says what to do.
"""

from __future__ import annotations

from typing import Literal

from classifiers.errors import ClassifierUnavailable
from warehouse.errors import BadHome, DiskFull, HomeBusy, LakeBusy, LakeDamaged, NotPublished


class StageError(Exception):
    """Base of all errors that a stage raises deliberately."""

    @property
    def cause(self) -> str:
        """The message as the cause of a larger one."""
        return str(self)


class Retry(StageError):
    """A retry soon can help."""


class SourceUnreachable(Retry):
    """The source sent no response, or one that means a temporary problem."""


class CrawlCrashed(Retry):
    """The crawl's process ended without a result."""


class DownloadsCrashed(Retry):
    """Download processes keep ending without a result."""


class Stop(StageError):
    """A retry can't help."""


class AccountNotFound(Stop):
    """The source has no such account."""

    @property
    def cause(self) -> str:
        """The message without advice about the account's name: on a later page it would mislead."""
        return str(self).split(". Check", 1)[0].rstrip(".") + "."


class AccountPrivate(Stop):
    """The account shows its posts to followers only."""


class SourceRefused(Stop):
    """The source or its robots.txt refuses the request."""


class BadToken(SourceRefused):
    """The source rejects the token, or requires one."""


class LayoutChanged(Stop):
    """A page or a response does not have the expected form."""


class SourceChanged(LayoutChanged):
    """Posts, or a field that all of them had, are missing now; `counts` is the new value of `runs.counts`."""

    def __init__(self, message: str, counts: str | None = None) -> None:
        super().__init__(message)
        self.counts = counts


class BadInput(Stop):
    """An input file has a mistake; the message names file, line and field."""


class CannotPrint(Stop):
    """No Chromium is installed that prints the report's page, or it failed."""


class NoForecastModel(Stop):
    """No forecast model is stored that can be used; the message says how to train one."""


class ClusterUnavailable(Stop):
    """No cluster is at the address, its workers have other packages, or it was lost; the next run resumes."""


class OutOfTime(Stop):
    """The work reached its time limit; its results are stored, and the next run resumes it."""


class RunStopped(Stop):
    """A person, or Prefect for one, stopped the run."""


class BadSource(Stop):
    """A source's settings are wrong."""


class BadProfile(BadSource):
    """A gallery profile, or its use, is wrong."""


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
"""The errors that a run expects, each with its reaction. Any other error is a bug and shows its traceback."""

EXPECTED: tuple[type[Exception], ...] = tuple(REACTIONS)


def reaction(error: BaseException) -> Reaction | None:
    """How a task reacts to an error; None for an unexpected one."""
    return next((REACTIONS[kind] for kind in type(error).__mro__ if kind in REACTIONS), None)
