"""Forecasts against what came, on logarithmic axes: a dot for each post, a line for its 80 % interval."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import (
    COLOURS,
    GREY,
    GRID,
    GROUND,
    INK,
    SMALL_SIZE,
    UNCERTAIN,
    WIDTH,
    MarkLayers,
    margin,
)
from tasks.report.trends.chart_frame import GUTTER, draw_grid, frame_chart, x_at, y_at
from tasks.report.wording import number, posts
from warehouse.overview.forecast_outcomes import ForecastOutcomes

MAX_POINTS = 150
"""Posts with a dot: more lines would cover each other."""
_HEIGHTS = {WIDTH: 340}
_NARROW_HEIGHT = 270
_LEAST = 1
"""Smaller numbers are drawn here: a logarithmic axis has no 0."""
_BELOW = 42
"""Height of the numbers below the plot and of the axis' name."""
_NAME = 18
_EDGE = 8


@dataclass(frozen=True, slots=True)
class _Plot:
    """The plot in pixels, and the logarithms of the numbers at its ends, which are the same for both axes."""

    left: float
    right: float
    height: float
    low: float
    high: float

    def share(self, value: float) -> float:
        """How far from the lower to the upper end a number is, 0 to 1."""
        return (math.log10(max(value, _LEAST)) - self.low) / (self.high - self.low)

    def x(self, value: float) -> float:
        """The horizontal place of a number."""
        return round(self.left + self.share(value) * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        """The vertical place of a number."""
        return round(_NAME + (1 - self.share(value)) * self.height, 1)

    def ticks(self) -> Iterator[float]:
        """Round numbers: 1, 2, 5, 10, …, or the powers of ten where these are too many."""
        digits = (1, 2, 5) if self.high - self.low < 2.2 else (1,)
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            for digit in digits:
                if self.low <= math.log10(digit * 10.0**power) <= self.high:
                    yield digit * 10.0**power


def chart_title(measure: str) -> str:
    """For example 'Likes: forecast and what came'."""
    return f"{measure.capitalize()}: forecast and what came"


@debug_mode(False)
def draw_calibration(
    found: ForecastOutcomes, measure: str, source: ChartSource, pixels: int
) -> alt.LayerChart:
    """What came above the forecast of each post; on the diagonal both are equal."""
    plot = _fit_plot(found, pixels)
    points = [
        {
            "x": plot.x(row["median"]),
            "y": plot.y(row["outcome"]),
            "low": plot.y(row["low"]),
            "high": plot.y(row["high"]),
            "covered": row["covered"],
        }
        for row in found.points.iter_rows(named=True)
    ]
    bottom = _NAME + plot.height
    lines = [{"y": plot.y(tick), "shown": _shorten_number(tick)} for tick in plot.ticks()]
    columns = [
        {"x": plot.x(tick), "top": _NAME, "bottom": bottom, "y": bottom + 16, "shown": _shorten_number(tick)}
        for tick in plot.ticks()
    ]
    names = [
        {"x": 0, "y": 4, "shown": f"{measure} that came"},
        {"x": GUTTER, "y": bottom + 34, "shown": f"{measure} that were forecast (median)"},
    ]
    diagonal = [{"x": plot.left, "x2": plot.right, "y": bottom, "y2": _NAME}]
    layers = [
        *draw_grid(lines, plot.right),
        *_axis(columns, names, diagonal),
        *_marks(
            points, COLOURS["likes" if measure == "likes" else "comments"], 36 if pixels >= WIDTH else 20
        ),
    ]
    chart = MarkLayers(layer=layers, height=bottom)
    return frame_chart(chart, chart_title(measure), _legend(found), source, pixels, bottom + _BELOW)


def _axis(
    columns: list[dict[str, Any]], names: list[dict[str, Any]], diagonal: list[dict[str, Any]]
) -> Iterator[alt.Chart]:
    data = alt.InlineData(columns)
    rule = alt.Chart(data).mark_rule(color=GRID, aria=False)
    yield rule.encode(x=x_at("x"), y=y_at("top"), y2=alt.Y2("bottom:Q"))
    label = alt.Chart(data).mark_text(fontSize=SMALL_SIZE, color=GREY, aria=False)
    yield label.encode(x=x_at("x"), y=y_at("y"), text=alt.Text("shown:N"))
    name = alt.Chart(alt.InlineData(names)).mark_text(
        align="left", fontSize=SMALL_SIZE, color=GREY, aria=False
    )
    yield name.encode(x=x_at("x"), y=y_at("y"), text=alt.Text("shown:N"))
    equal = alt.Chart(alt.InlineData(diagonal)).mark_rule(
        color=INK, strokeWidth=1.5, strokeDash=[4, 4], aria=False
    )
    yield equal.encode(x=x_at("x"), x2=alt.X2("x2:Q"), y=y_at("y"), y2=alt.Y2("y2:Q"))


def _marks(points: list[dict[str, Any]], colour: str, size: int) -> Iterator[alt.Chart]:
    line = alt.Chart(alt.InlineData(points)).mark_rule(
        color=UNCERTAIN, strokeWidth=1.5, opacity=0.35, aria=False
    )
    yield line.encode(x=x_at("x"), y=y_at("low"), y2=alt.Y2("high:Q"))
    place = {"x": x_at("x"), "y": y_at("y")}
    inside = alt.InlineData([one for one in points if one["covered"]])
    yield alt.Chart(inside).mark_circle(size=size, color=colour, opacity=0.85, aria=False).encode(**place)
    outside = alt.InlineData([one for one in points if not one["covered"]])
    ring = alt.Chart(outside).mark_point(
        size=size, filled=True, fill=GROUND, stroke=colour, strokeWidth=2, opacity=1, aria=False
    )
    yield ring.encode(**place)


def _fit_plot(found: ForecastOutcomes, pixels: int) -> _Plot:
    points = found.points
    values = [max(value, _LEAST) for name in points.columns if name != "covered" for value in points[name]]
    low, high = math.log10(min(values)), math.log10(max(values))
    space = max(0.03 * (high - low), 0.04)
    right = pixels - 2 * margin(pixels) - _EDGE
    height = _HEIGHTS.get(pixels, _NARROW_HEIGHT)
    return _Plot(GUTTER, right, height, low - space, high + space)


def _legend(found: ForecastOutcomes) -> list[str]:
    points = found.points
    legend = [
        "● inside its 80% interval",
        "○ outside",
        "line: 80% interval",
        "dashes: what came equals the forecast",
        "logarithmic axes",
    ]
    if len(points) < found.posts:
        legend.append(f"{len(points)} of {posts(found.posts)}, evenly chosen")
    if any((points[name] < _LEAST).any() for name in ("median", "low", "outcome")):
        legend.append(f"numbers below {_LEAST} are drawn at {_LEAST}")
    return legend


def _shorten_number(value: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{number(value / size)}{unit}"
    return number(value)
