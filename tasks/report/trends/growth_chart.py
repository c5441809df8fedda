"""How likes grow after a post: the share of the final likes at several ages, as median and quartiles."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from altair.utils.schemapi import debug_mode

from tasks.report.chart_style import (
    COLOURS,
    GRID,
    INK,
    NARROW,
    SMALL_SIZE,
    SUBTITLE_SIZE,
    VALUE_SIZE,
    layer_marks,
    margin,
    row_key,
    style_chart,
)
from tasks.report.names import wrap

TITLE = "How likes come in"
_HEIGHT = 190
_LABELS = "substring(datum.value, 5)"


@debug_mode(False)
def draw_growth(growth: pl.DataFrame) -> alt.LayerChart:
    """A dot with the line between its quartiles for each age; `growth` is a frame of `warehouse.overview.like_growth`."""
    rows = [_row(index, row) for index, row in enumerate(growth.iter_rows(named=True))]
    largest = max(1.0, *(row["high"] for row in rows))
    x = alt.X(
        "age:O",
        title=None,
        axis=alt.Axis(labelExpr=_LABELS, labelAngle=0, labelColor=INK, labelFontSize=SMALL_SIZE),
    )
    axis = alt.Axis(title=None, format=".0%", gridColor=GRID, tickCount=5)
    y = alt.Y("median:Q", axis=axis, scale=alt.Scale(domain=[0, largest * 1.06]))
    marks = [
        alt.Chart()
        .mark_rule(color=COLOURS["likes"], strokeWidth=2.5, aria=False)
        .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q")),
        alt.Chart().mark_circle(color=COLOURS["likes"], size=80, opacity=1, aria=False).encode(x=x, y=y),
        alt.Chart()
        .mark_text(align="left", dx=7, fontSize=VALUE_SIZE, fontWeight=600, color=INK, aria=False)
        .encode(x=x, y=y, text=alt.Text("shown:N")),
    ]
    legend = [
        "share of the likes after ten days or more",
        "dot: median",
        "line: the middle half of the posts",
    ]
    subtitle = wrap(legend, (NARROW - 2 * margin(NARROW)) / SUBTITLE_SIZE)
    title = alt.TitleParams(TITLE, subtitle=subtitle, anchor="start", frame="bounds", offset=14)
    return style_chart(layer_marks(marks, rows, _HEIGHT), title, NARROW)


def age(hours: int) -> str:
    """For example '6 hours', '1 day', '3 days'."""
    if hours < 24:
        return f"{hours} hours"
    return "1 day" if hours == 24 else f"{hours // 24} days"


def _row(index: int, row: dict[str, Any]) -> dict[str, Any]:
    short = age(row["hours"]).replace(" hours", " h").replace(" days", " d").replace(" day", " d")
    return {
        "age": row_key(index, short),
        "shown": f"{row['median']:.0%}",
        **{name: row[name] for name in ("median", "low", "high")},
    }
