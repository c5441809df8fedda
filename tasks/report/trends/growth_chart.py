"""How likes grow after a post: the share of the final likes at several ages, as median and quartiles."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from altair.utils.schemapi import debug_mode

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import COLOURS, GREY, INK, NARROW, SMALL_SIZE, VALUE_SIZE, MarkLayers, margin
from tasks.report.trends.chart_frame import GUTTER, draw_grid, frame_chart, x_at, y_at

TITLE = "How likes come in"
_LEGEND = ("share of the likes after ten days or more", "dot: median", "line: the middle half of the posts")
_HEIGHT, _AGES = 190, 22
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@debug_mode(False)
def draw_growth(growth: pl.DataFrame, source: ChartSource) -> alt.LayerChart:
    """A dot with the line between its quartiles for each age; `growth` is a frame of `warehouse.overview.like_growth`."""
    right = NARROW - 2 * margin(NARROW)
    largest: float = max(1.0, *growth["high"]) * 1.06
    column = (right - GUTTER) / len(growth)

    def y(share: float) -> float:
        place: float = round((1 - share / largest) * _HEIGHT, 1)
        return place

    rows = [
        {
            "x": GUTTER + (index + 0.4) * column,
            "shown": f"{row['median']:.0%}",
            "age": _short_age(row["hours"]),
        }
        | {name: y(row[name]) for name in ("median", "low", "high")}
        for index, row in enumerate(growth.iter_rows(named=True))
    ]
    grid = draw_grid([{"y": y(tick), "shown": f"{tick:.0%}"} for tick in _TICKS], right)
    chart = MarkLayers(layer=[*grid, *_marks(rows)], height=_HEIGHT)
    return frame_chart(chart, TITLE, _LEGEND, source, NARROW, _HEIGHT + _AGES)


def age(hours: int) -> str:
    """For example '6 hours', '1 day', '3 days'."""
    if hours < 24:
        return f"{hours} hours"
    return "1 day" if hours == 24 else f"{hours // 24} days"


def _marks(rows: list[dict[str, Any]]) -> list[alt.Chart]:
    data = alt.InlineData(rows)
    rule = alt.Chart(data).mark_rule(color=COLOURS["likes"], strokeWidth=2.5, aria=False)
    dot = alt.Chart(data).mark_circle(color=COLOURS["likes"], size=80, opacity=1, aria=False)
    style: dict[str, Any] = {"fontWeight": 600, "color": INK, "fontSize": VALUE_SIZE}
    shown = alt.Chart(data).mark_text(align="left", dx=8, aria=False, **style)
    ages = alt.Chart(data).mark_text(fontSize=SMALL_SIZE, color=GREY, aria=False)
    bottom = alt.YValue(_HEIGHT + 16)  # type: ignore[no-untyped-call]
    return [
        rule.encode(x=x_at("x"), y=y_at("low"), y2=alt.Y2("high:Q")),
        dot.encode(x=x_at("x"), y=y_at("median")),
        shown.encode(x=x_at("x"), y=y_at("median"), text=alt.Text("shown:N")),
        ages.encode(x=x_at("x"), y=bottom, text=alt.Text("age:N")),
    ]


def _short_age(hours: int) -> str:
    return f"{hours} h" if hours < 24 else f"{hours // 24} d"
