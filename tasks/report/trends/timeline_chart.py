"""The likes of each account over time on a logarithmic axis: dots are posts, the line is the account's level."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import COLOURS, GREY, INK, LABEL_SIZE, SMALL_SIZE, WIDTH, MarkLayers, margin
from tasks.report.names import shorten
from tasks.report.trends.chart_frame import GUTTER, draw_grid, frame_chart, x_at, y_at
from warehouse.overview.account_levels import AccountLevels
from warehouse.ranking.lift.blocks import BLOCK_POSTS

TITLE = "Likes of each post"
_NAME, _PLOT, _GAP, _DATES = 24, 130, 14, 22
"""Heights of an account's name and plot, of the space below a plot, and of the dates below all."""
_LEAST = 1
"""Posts with fewer likes are drawn here: a logarithmic axis has no 0."""
_LONG_DAYS = 300
"""Of longer times the dates have a year."""


@dataclass(frozen=True, slots=True)
class _Band:
    """The plot of an account: its upper end in pixels, and the logarithms of the likes at its ends."""

    top: float
    low: float
    high: float

    def y(self, likes: float) -> float:
        """The place of a number of likes."""
        share = (math.log10(max(likes, _LEAST)) - self.low) / (self.high - self.low)
        return round(self.top + (1 - share) * _PLOT, 1)

    def ticks(self) -> Iterator[float]:
        """Round numbers: 1, 2, 5, 10, …, or the powers of ten where these are too many."""
        digits = (1, 2, 5) if self.high - self.low < 2 else (1,)
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            for digit in digits:
                if self.low <= math.log10(digit * 10.0**power) <= self.high:
                    yield digit * 10.0**power


@debug_mode(False)
def draw_timelines(accounts: Sequence[AccountLevels], source: ChartSource, pixels: int) -> alt.LayerChart:
    """A plot for each account, with the same axis of time and an axis of likes of its own."""
    first = min(one.runs["first"].min() for one in accounts)  # type: ignore[type-var]
    last = max(one.runs["last"].max() for one in accounts)  # type: ignore[type-var]
    assert isinstance(first, datetime), "an account has posts"
    assert isinstance(last, datetime), "an account has posts"
    right = pixels - 2 * margin(pixels)
    extent = max((last - first).total_seconds(), 1)

    def x(at: datetime) -> float:
        return round(GUTTER + 6 + (at - first).total_seconds() / extent * (right - GUTTER - 12), 1)

    names, lines, dots, levels = [], [], [], []
    for index, one in enumerate(accounts):
        band = _fit_band(one, index * (_NAME + _PLOT + _GAP) + _NAME)
        names.append({"y": band.top - 12, "shown": shorten(one.account, right / LABEL_SIZE)})
        lines += [{"y": band.y(tick), "shown": _shorten_number(tick)} for tick in band.ticks()]
        dots += [{"x": x(at), "y": band.y(value)} for at, value in one.dots.iter_rows()]
        for begin, end, median in one.runs.select("first", "last", "median").iter_rows():
            levels += [{"account": index, "x": x(at), "y": band.y(median)} for at in (begin, end)]
    height = len(accounts) * (_NAME + _PLOT + _GAP) - _GAP
    dates = [{"x": x(at), "y": height + 16, "shown": shown} for at, shown in _dates(first, last, pixels)]
    layers = [*draw_grid(lines, right), *_marks(names, dots, levels, dates)]
    chart = MarkLayers(layer=layers, height=height)
    return frame_chart(chart, TITLE, _legend(accounts), source, pixels, height + _DATES)


def _marks(
    names: list[dict[str, Any]],
    dots: list[dict[str, Any]],
    levels: list[dict[str, Any]],
    dates: list[dict[str, Any]],
) -> list[alt.Chart]:
    dot = alt.Chart(alt.InlineData(dots)).mark_circle(
        size=24, color=COLOURS["likes"], opacity=0.5, aria=False
    )
    line = alt.Chart(alt.InlineData(levels)).mark_line(color=INK, strokeWidth=2.5, aria=False)
    name = alt.Chart(alt.InlineData(names)).mark_text(
        align="left", fontSize=LABEL_SIZE, fontWeight=600, color=INK, aria=False
    )
    date = alt.Chart(alt.InlineData(dates)).mark_text(fontSize=SMALL_SIZE, color=GREY, aria=False)
    place = {"x": x_at("x"), "y": y_at("y")}
    return [
        dot.encode(**place),
        line.encode(detail=alt.Detail("account:N"), **place),
        name.encode(x=alt.XValue(0), y=y_at("y"), text=alt.Text("shown:N")),  # type: ignore[no-untyped-call]
        date.encode(text=alt.Text("shown:N"), **place),
    ]


def _fit_band(levels: AccountLevels, top: float) -> _Band:
    values = [max(value, _LEAST) for value in (*levels.dots["value"], *levels.runs["median"])]
    low, high = math.log10(min(values)), math.log10(max(values))
    space = max(0.06 * (high - low), 0.08)
    return _Band(top, low - space, high + space)


def _dates(first: datetime, last: datetime, pixels: int) -> Iterator[tuple[datetime, str]]:
    """Evenly spaced days, not at the very ends, where their texts would leave the chart."""
    number = 6 if pixels >= WIDTH else 4
    days = (last - first).days
    for index in range(number if days >= number else 1):
        at = first + timedelta(days=round(days * (index + 0.5) / number))
        day = at.replace(tzinfo=UTC)
        yield at, f"{day:%b %Y}" if days > _LONG_DAYS else f"{day.day} {day:%b}"


def _shorten_number(value: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:,.0f}{unit}"
    return f"{value:,.0f}"


def _legend(accounts: Sequence[AccountLevels]) -> list[str]:
    thinned = max(one.step for one in accounts) > 1
    usual = max(max(one.runs["posts"]) for one in accounts) < 2 * BLOCK_POSTS
    legend = [
        "dot: some of the posts, evenly chosen" if thinned else "dot: a post",
        f"line: median of {f'about {BLOCK_POSTS}' if usual else 'a run of'} posts",
        "logarithmic axis",
    ]
    none = any((one.dots["value"] < _LEAST).any() for one in accounts)
    return [*legend, "posts without likes are drawn at 1"] if none else legend
