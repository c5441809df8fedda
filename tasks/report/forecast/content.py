"""The content of the section 'Forecast': frozen values that `tasks/report/templates/forecast.html` shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tasks.forecast_model import ForecastInfo
from tasks.report.trends.content import TrendCard, TrendTable


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """What the section is made from: what the stored models say about themselves, and the candidate pictures.

    `candidates` is the folder of the settings, or None; `source` and `account` are whose posts they would be, None for the
    only one. `time_zone` is that of planned times.
    """

    infos: tuple[ForecastInfo, ...]
    candidates: Path | None = None
    source: str | None = None
    account: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may be posted, with its numbers as text; `thumbnail` is a data URI, or None if it is unreadable.

    `wins` is in how many of 100 pairs of posts the first picture gets more; empty for the first one.
    """

    rank: int
    name: str
    thumbnail: str | None
    median: str
    interval: str
    wins: str


@dataclass(frozen=True, slots=True)
class CandidateOrder:
    """The candidates, the best first, with sentences on the plan and the order, and a note on those that are not shown."""

    measure: str
    sentences: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class MeasureChart:
    """The forecasts of a measure against what came."""

    measure: str
    card: TrendCard


@dataclass(frozen=True, slots=True)
class ForecastSection:
    """Sentences on skill and intervals, the table of skill, a chart of each measure, and the candidates."""

    sentences: tuple[str, ...]
    skill: TrendTable
    charts: tuple[MeasureChart, ...] = ()
    next: CandidateOrder | None = None
    remarks: tuple[str, ...] = ()

    def without_candidates(self) -> ForecastSection:
        """The same without pictures that are not posted yet, and their names."""
        return replace(self, next=None)
