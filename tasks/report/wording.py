"""Texts of all rankings: titles and formatted numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import isfinite

import polars as pl

from tasks.report.content import Heading
from tasks.report.names import shorten
from warehouse.ranking.measures import MEASURES, By
from warehouse.ranking.plain_statistics import PLAIN_STATISTICS

UNKNOWN = "–"
"""Shown for a missing number."""

_QUESTIONS: dict[By, str] = {
    "likes": "What earns likes",
    "comments": "What earns comments",
    "count": "What is shown most",
    "tone": "What gets positive comments",
    "questions": "What people ask about",
    "spam": "What attracts spam",
}
_STATISTICS: dict[str, str] = {"trimmed": "trimmed mean", "geometric": "geometric mean"}
"""Names of statistics that their word alone does not make clear."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The order of a ranking: the frame's column, its name, and its number of decimals."""

    column: str
    name: str
    decimals: int


def measure(ranking: pl.DataFrame, heading: Heading) -> Measure:
    """The measure of a ranking, e.g. column `mean`, 'mean likes per post', 0 decimals."""
    if heading.by == "count":
        return Measure("posts", "posts", 0)
    per = "" if heading.statistic == "total" or MEASURES[heading.by].ratio else " per post"
    name = f"{statistic_name(heading.statistic)} {measure_name(heading.by)}{per}"
    return Measure(heading.statistic, name, decimals(ranking[heading.statistic]))


def title(heading: Heading) -> str:
    """For example 'What earns likes: inception_v3, mean per post', or 'visual: labels by lift of likes'."""
    return ": ".join(title_lines(heading))


def title_lines(heading: Heading) -> tuple[str, str]:
    """The title in two parts, for narrow charts."""
    classifier = shorten(heading.classifier, 16)
    if heading.by_lift:
        return classifier, f"labels by lift of {measure_name(heading.by)}"
    what = "number of posts" if heading.by == "count" else PLAIN_STATISTICS[heading.statistic].name
    return _QUESTIONS.get(heading.by, f"What earns {measure_name(heading.by)}"), f"{classifier}, {what}"


def measure_name(by: By) -> str:
    """For example 'likes', 'likes in the first day', and 'posts' by count."""
    return "posts" if by == "count" else MEASURES[by].name


def scope(heading: Heading) -> str:
    """The accounts whose posts are counted."""
    return "All accounts" if heading.account is None else f"Account {shorten(heading.account, 20)}"


def decimals(values: Iterable[float | None]) -> int:
    """Number of decimals for a column of numbers: none for integers or large ones, five for a ratio below 0.1, else one or two."""
    known = [value for value in values if value is not None and isfinite(value)]
    largest = max(known, default=0)
    if largest >= 100 or all(value == int(value) for value in known):
        return 0
    return 1 if largest >= 10 else 2 if largest >= 0.1 else 5


def statistic_name(statistic: str) -> str:
    """For example 'median', 'trimmed mean'."""
    return _STATISTICS.get(statistic, statistic)


def column_decimals(ranking: pl.DataFrame) -> dict[str, int]:
    """Number of decimals of the columns of plain statistics."""
    return {column: decimals(ranking[column]) for column in PLAIN_STATISTICS if column in ranking.columns}


def number(value: float | None, digits: int = 0) -> str:
    """`value` with thousands separators and `digits` decimals; an en dash if it is missing."""
    return UNKNOWN if value is None or not isfinite(value) else f"{value:,.{digits}f}"


def percent(share: float | None) -> str:
    """A share (0 to 1) as a percentage; below 10 % with one decimal, and a tiny one as a limit."""
    if share is None or not isfinite(share):
        return UNKNOWN
    if 0 < share < 0.0005:
        return "<0.1%"
    return f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"


def full_date(day: date) -> str:
    """For example '5 October 2025'."""
    return f"{day.day} {day:%B %Y}"


def posts(how_many: int) -> str:
    """'1 post', '12 posts'."""
    return f"{how_many:,} post" + ("" if how_many == 1 else "s")
