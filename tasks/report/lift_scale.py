"""The logarithmic scale of a chart of lifts: its ends, its ticks, and the part of each interval that is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

MAX_RATIO = 32.0
"""Wider scales would press the other rows together; what leaves the scale ends in an arrow."""
MIN_RATIO = 1.25
"""The scale reaches at least from one part in so many to so many times, so that noise does not look large."""
MAX_REACH = 1.5
"""An interval is drawn up to so many times the usual width of an interval on each side of its lift."""
MIN_GAP = 34.0
"""The least distance of two ticks, in pixels."""

_MARGIN = 0.04
_TICKS = (
    (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5),
    (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 1.8),
    (0.25, 0.33, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0),
    (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0),
    (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
)
"""From dense to sparse; the first one that reaches both ends of a scale and is not too dense is used."""
_SPARSE_TICKS = (0.1, 1.0, 10.0)
_MAX_WITHOUT_TICK = 1.5
"""A set of ticks may end before the scale does by less than this ratio."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A lift with its interval; None where it is unknown or not a number."""

    lift: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class LiftScale:
    """A logarithmic scale from the ratio `left` to the ratio `right`; 1 is on it."""

    left: float
    right: float

    def ticks(self, pixels: float) -> tuple[float, ...]:
        """Round ratios, 1 among them, that are far enough apart on a scale with so many pixels."""
        pixels_per_log = pixels / math.log(self.right / self.left)
        for ticks in _TICKS:
            inside = self._inside(ticks)
            gaps = [math.log(after / before) * pixels_per_log for before, after in pairwise(inside)]
            reaches_left = ticks[0] / self.left < _MAX_WITHOUT_TICK
            reaches_right = self.right / ticks[-1] < _MAX_WITHOUT_TICK
            if min(gaps, default=MIN_GAP) >= MIN_GAP and reaches_left and reaches_right:
                return inside
        return self._inside(_SPARSE_TICKS)

    def _inside(self, ticks: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(tick for tick in ticks if self.left <= tick <= self.right)

    def place(self, ratio: float | None) -> float | None:
        """The ratio, or the end of the scale that it is beyond."""
        return None if ratio is None else min(max(ratio, self.left), self.right)

    def is_below(self, ratio: float | None) -> bool:
        """Whether a ratio is to the left of the scale."""
        return ratio is not None and ratio < self.left

    def is_above(self, ratio: float | None) -> bool:
        """Whether a ratio is to the right of the scale."""
        return ratio is not None and ratio > self.right


def interval_of(lift: float | None, low: float | None, high: float | None) -> Interval:
    """The interval of a row; a bound without a number is unknown, an infinite one is far away."""
    numbers = [
        None if value is None or math.isnan(value) or value < 0 else value for value in (lift, low, high)
    ]
    return Interval(*numbers)


def fit_scale(intervals: Sequence[Interval]) -> LiftScale:
    """The scale with every lift, 1, and every interval except what is far wider than the others."""
    ends = [
        (_log(each.low), _log(each.high))
        for each in intervals
        if each.low is not None and each.high is not None
    ]
    usual = median([abs(high - low) for low, high in ends] or [0.0])
    reach = MAX_REACH * usual
    places = [-math.log(MIN_RATIO), math.log(MIN_RATIO)]
    for each in intervals:
        if each.lift is None:
            continue
        lift = _log(each.lift)
        places.append(lift)
        if each.low is not None and each.high is not None:
            places += [max(_log(each.low), lift - reach), min(_log(each.high), lift + reach)]
    first, last = min(places), max(places)
    space = _MARGIN * (last - first)
    return LiftScale(math.exp(first - space), math.exp(last + space))


def _log(ratio: float | None) -> float:
    limit = math.log(MAX_RATIO)
    if not ratio:
        return -limit
    return min(max(math.log(ratio), -limit), limit)
