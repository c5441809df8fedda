"""The title of a chart, its legend and source, and marks whose places are given in pixels: Vega has no text to measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from tasks.report.chart_source import LINE, ChartSource, source_mark
from tasks.report.chart_style import (
    GREY,
    GRID,
    SMALL_SIZE,
    SUBTITLE_LINE,
    SUBTITLE_SIZE,
    TITLE_GAP,
    TITLE_LINE,
    TITLE_SIZE,
    margin,
)
from tasks.report.names import wrap

_BOLD = 1.08
_SOURCE_GAP = 20
GUTTER = 44
"""Space to the left of a plot for the labels of its lines."""


def frame_chart(
    chart: alt.LayerChart, title: str, legend: Sequence[str], source: ChartSource, pixels: int, height: float
) -> alt.LayerChart:
    """Give the chart its title, legend and source; `height` is that of the plot with all below it but the source."""
    edge = margin(pixels)
    inner = pixels - 2 * edge
    lines = source.lines(inner / SMALL_SIZE)
    chart.layer.append(source_mark(lines, height + _SOURCE_GAP))
    below = height - chart.height + _SOURCE_GAP + LINE * (len(lines) - 0.5)
    text = wrap([title], inner / (TITLE_SIZE * _BOLD))
    subtitle = wrap(legend, inner / SUBTITLE_SIZE)
    top = len(text) * TITLE_LINE + len(subtitle) * SUBTITLE_LINE + TITLE_GAP
    chart.title = alt.TitleParams(text, subtitle=subtitle, frame="group")
    chart.width, chart.autosize = inner, "none"
    chart.padding = {"left": edge, "right": edge, "top": edge + top, "bottom": below + edge}
    return chart


def draw_grid(lines: list[dict[str, Any]], right: float) -> list[alt.Chart]:
    """A line across the plot for each row, at its `y`, with its text `shown` in the gutter."""
    data = alt.InlineData(lines)
    rule = alt.Chart(data).mark_rule(color=GRID, aria=False)
    label = alt.Chart(data).mark_text(align="right", fontSize=SMALL_SIZE, color=GREY, aria=False)
    ends = {"x": alt.XValue(GUTTER), "x2": alt.X2Value(right)}  # type: ignore[no-untyped-call]
    left = {"x": alt.XValue(GUTTER - 6)}  # type: ignore[no-untyped-call]
    return [rule.encode(y=y_at("y"), **ends), label.encode(y=y_at("y"), text=alt.Text("shown:N"), **left)]


def x_at(field: str) -> alt.X:
    """The horizontal place of a mark: a field that has it in pixels."""
    return alt.X(f"{field}:Q", scale=None, axis=None)


def y_at(field: str) -> alt.Y:
    """The vertical place of a mark: a field that has it in pixels."""
    return alt.Y(f"{field}:Q", scale=None, axis=None)
