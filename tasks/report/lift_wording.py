"""Texts of rankings by lift: ratios, p-values, the main finding, and the ranking in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Any

import polars as pl

from tasks.report.content import Heading
from tasks.report.names import shorten
from tasks.report.wording import UNKNOWN, measure_name, posts

MAX_Q = 0.05
"""Below this corrected p-value a difference is more than chance."""
MAX_SHOWN, MIN_SHOWN = 1000.0, 0.001
"""Ratios beyond these are not exact enough for their digits."""
MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """The main result of a ranking: text about a label, which stands between the two texts."""

    before: str
    label: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before} “{self.label}” {self.after}" if self.label else self.before


def lift_meaning(heading: Heading) -> str:
    """What a lift counts."""
    return f"times the {measure_name(heading.by)} of the account's other posts of that time"


def ratio(value: float | None, sign: str = "") -> str:
    """A ratio such as '1.35'; with a sign, it precedes the digits; an en dash if it is missing."""
    return UNKNOWN if value is None or isnan(value) else _ratio(value, _digits(value), sign)


def lift_of(row: dict[str, Any], sign: str = "") -> str:
    """The lift of a row; like its interval, it is not shown as 1 where the interval does not include 1."""
    lift = row["lift"]
    if lift is None or isnan(lift) or not direction(row["low"], row["high"]):
        return ratio(lift, sign)
    return _ratio(lift, digits_beside_1(lift, _digits(lift)), sign)


def interval(low: float | None, high: float | None) -> str:
    """For example '1.20 to 1.52'; an en dash if a bound is missing."""
    if low is None or high is None or isnan(low) or isnan(high):
        return UNKNOWN
    return f"{bound(low)} to {bound(high)}"


def bound(value: float | None) -> str:
    """A bound of an interval; it is shown as 1 only if it is 1."""
    return UNKNOWN if value is None or isnan(value) else _ratio(value, digits_beside_1(value, _digits(value)))


def p_value(value: float | None) -> str:
    """A p-value with three decimals."""
    if value is None or isnan(value):
        return UNKNOWN
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def direction(low: float | None, high: float | None) -> int:
    """1 for an interval above 1, -1 for one below 1, and 0 for one that includes 1 or is unknown."""
    if low is None or high is None or isnan(low) or isnan(high):
        return 0
    return int(low > 1) - int(high < 1)


def is_certain(row: dict[str, Any]) -> bool:
    """Whether a lift differs from 1 by more than chance among so many labels: its interval excludes 1, and q is small."""
    return differs_for_certain(row["low"], row["high"], row["q"])


def differs_for_certain(low: float | None, high: float | None, q: float | None) -> bool:
    """The rule of `is_certain`, the only one: of charts, findings and sentences."""
    return direction(low, high) != 0 and q is not None and q < MAX_Q


def usual_of(*, one_account: bool) -> str:
    """Whose usual likes a sentence is about."""
    return "the account's usual" if one_account else "their account's usual"


def find_difference(ranking: pl.DataFrame, heading: Heading, *, one_account: bool = False) -> Difference:
    """The first label of a ranking that gets more than usual for certain, else the last that gets less, else none."""
    rows = list(ranking.iter_rows(named=True))
    apart = [row for row in rows if direction(row["low"], row["high"])]
    certain = [row for row in apart if is_certain(row)]
    more = [row for row in certain if direction(row["low"], row["high"]) > 0]
    if certain:
        row = more[0] if more else certain[-1]
        after = (
            f"get {lift_of(row)} times {usual_of(one_account=one_account)} {measure_name(heading.by)}"
            f" (95% interval {interval(row['low'], row['high'])}; {posts(row['posts'])})."
        )
        return Difference("Posts with the label", shorten(row["label"], 40) or "(no name)", after)
    if apart:
        return Difference(
            f"None of these labels differs for certain yet: {_outside(len(apart))} 1, which could be chance among so"
            " many labels."
        )
    known = sum(interval(row["low"], row["high"]) != UNKNOWN for row in rows)
    every = "every interval" if known == len(rows) else "every known interval"
    reason = f"{every} includes 1" if known else "no interval is known"
    return Difference(f"None of these labels differs for certain yet: {reason}.")


def lifts_in_words(ranking: pl.DataFrame, heading: Heading) -> str:
    """The rows of a ranking by lift, for the alternative text of its chart."""
    entries = [
        f"{row['rank']}. {shorten(row['label'], 60)} {lift_of(row)}"
        f" ({interval(row['low'], row['high'])}, {posts(row['posts'])})"
        for row in ranking.iter_rows(named=True)
    ]
    meaning = lift_meaning(heading)
    return f"{meaning[0].upper()}{meaning[1:]}, with 95% interval: {'; '.join(entries)}."


def row_in_words(row: dict[str, Any], heading: Heading) -> str:
    """A row of a ranking by lift."""
    return (
        f"{shorten(row['label'], 60)}: {lift_of(row)} {lift_meaning(heading)}, 95% interval"
        f" {interval(row['low'], row['high'])}, {posts(row['posts'])}"
    )


def _outside(intervals: int) -> str:
    return "one interval does not include" if intervals == 1 else f"{intervals} intervals do not include"


def digits_beside_1(value: float, digits: int) -> int:
    """`digits`, or so many more that only exactly 1 is shown as 1, because a reader compares bounds with 1."""
    while digits < MAX_DIGITS and value != 1 and round(value, digits) == 1:
        digits += 1
    return digits


def _digits(value: float) -> int:
    if value < 0.1:
        return 3 if value > 0 else 0
    return 2 if value < 10 else 1 if value < 100 else 0


def _ratio(value: float, digits: int, sign: str = "") -> str:
    if value > MAX_SHOWN:
        return f">{sign}{MAX_SHOWN:,.0f}"
    if 0 < value < MIN_SHOWN:
        return f"<{sign}{MIN_SHOWN}"
    return f"{sign}{value:,.{digits}f}"
