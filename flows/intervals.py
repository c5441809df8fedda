"""Intervals of lifts as bars of text, on a logarithmic scale that all rows share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

WIDTH = 25
MAX_RATIO = 16.0
"""Wider scales would press the other rows together; an interval that leaves the scale ends in an arrow."""


def interval_bars(ranking: pl.DataFrame) -> pl.Series:
    """A bar for each row of a ranking, from its columns `lift`, `low` and `high`."""
    import polars as pl

    bars = draw_intervals(ranking.select("lift", "low", "high").rows())
    return pl.Series("interval", bars, dtype=pl.String)


def draw_intervals(rows: Sequence[tuple[float, float, float]]) -> list[str]:
    """A bar for each lift with its interval: a line from low to high, a dot at the lift, and a bar at 1, where nothing differs."""
    ends = [abs(math.log(end)) for place in (1, 2) for row in rows if (end := row[place]) and end > 0]
    scale = min(max(ends, default=1.0), math.log(MAX_RATIO)) or 1.0
    return [_bar(*row, scale) for row in rows]


def _bar(lift: float, low: float, high: float, scale: float) -> str:
    cells = [" "] * WIDTH
    first, last = _cell(low, scale), _cell(high, scale)
    for index in range(max(first, 0), min(last, WIDTH - 1) + 1):
        cells[index] = "─"
    cells[WIDTH // 2] = "┼" if first < WIDTH // 2 < last else "│"
    leaves_left, leaves_right = first < 0, last >= WIDTH
    if leaves_left:
        cells[0] = "←"
    if leaves_right:
        cells[-1] = "→"
    cells[min(max(_cell(lift, scale), leaves_left), WIDTH - 1 - leaves_right)] = "●"
    return "".join(cells).rstrip()


def _cell(ratio: float, scale: float) -> int:
    """The cell of a ratio, which is negative or beyond `WIDTH` outside the scale."""
    if ratio <= 0:
        return -1
    place = (math.log(ratio) / scale + 1) / 2 * (WIDTH - 1)
    return round(min(max(place, -1.0), float(WIDTH)))
