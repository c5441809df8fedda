"""The bars of a ranking by count, mean, median or total."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from tasks.report.chart_style import (
    COLOURS,
    GREY,
    GRID,
    INK,
    ROW,
    SMALL_SIZE,
    VALUE_SIZE,
    label_axis,
    layer_marks,
    row_key,
)
from tasks.report.content import Heading
from tasks.report.names import shorten, width
from tasks.report.wording import UNKNOWN, Measure, column_decimals, measure, number, percent, posts


def draw_bars(ranking: pl.DataFrame, heading: Heading, pixels: int) -> alt.LayerChart:
    """A bar for each row, with its number at the end, and the number of posts (by count: their share) at the edge."""
    by, digits = measure(ranking, heading), column_decimals(ranking)
    rows = [_row(row, by, heading, digits) for row in ranking.iter_rows(named=True)]
    for index, row in enumerate(rows):
        row["key"] = row_key(index, shorten(row["label"], pixels / 40))
    side_text = max(width(row["side"]) for row in rows) * SMALL_SIZE
    # Space to the right of the longest bar, for its number and the text at the edge.
    reserved = max(width(row["shown"]) for row in rows) * VALUE_SIZE + side_text + 24
    y = alt.Y("key:N", title=None, axis=label_axis(), scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))
    x = _scale(rows, by, reserved)
    bars = alt.Chart().mark_bar(color=COLOURS[heading.by], cornerRadiusEnd=3)
    number_style: dict[str, Any] = {
        "align": "left",
        "dx": 6,
        "fontSize": VALUE_SIZE,
        "fontWeight": 600,
        "aria": False,
    }
    # A white outline, so that the grid lines do not touch the digits.
    outline = alt.Chart().mark_text(**number_style, color="white", stroke="white", strokeWidth=4)
    shown = alt.Chart().mark_text(**number_style, color=INK)
    side = alt.Chart().mark_text(align="right", fontSize=SMALL_SIZE, color=GREY, aria=False)
    edge = alt.XValue("width")  # type: ignore[no-untyped-call]
    layers = [
        bars.encode(y=y, x=x, tooltip=_tooltip(heading), description=alt.Description("words:N")),
        outline.encode(y=y, x=x, text=alt.Text("shown:N")),
        shown.encode(y=y, x=x, text=alt.Text("shown:N")),
        side.encode(y=y, x=edge, text=alt.Text("side:N")),
    ]
    return layer_marks(layers, rows, height=alt.Step(ROW))


def _row(row: dict[str, Any], by: Measure, heading: Heading, digits: dict[str, int]) -> dict[str, Any]:
    shown = number(row[by.column], by.decimals)
    label = shorten(row["label"], 60)
    return {
        "label": label,
        "worth": 0 if shown == UNKNOWN else row[by.column],
        "shown": shown,
        "side": percent(row["share"]) if heading.by == "count" else f"n = {row['posts']:,}",
        "words": f"{label}: {shown} {by.name}, {posts(row['posts'])}",
        "posts": number(row["posts"]),
        "accounts": number(row["accounts"]),
        "share": percent(row["share"]),
        **{column: number(row[column], digits[column]) for column in digits},
    }


def _scale(rows: list[dict[str, Any]], by: Measure, reserved: float) -> alt.X:
    largest = max(row["worth"] for row in rows) or 1
    axis = alt.Axis(
        title=by.name,
        titleAnchor="start",
        titlePadding=8,
        grid=True,
        gridColor=GRID,
        tickCount=4,
        tickMinStep=1 if by.decimals == 0 else 0.01,
        # SI prefixes show a half as 500m, and a billion as G.
        format="~s" if largest >= 10_000 else ",~f",
        labelExpr="datum.value ? replace(datum.label, 'G', 'B') : '0'",
    )
    scale = alt.Scale(domain=[0, largest], nice=False, range=[0, alt.ExprRef(f"width - {reserved:.0f}")])
    return alt.X("worth:Q", axis=axis, scale=scale)


def _tooltip(heading: Heading) -> list[alt.Tooltip]:
    names = {"label": "label", "posts": "posts", "share": "share of posts", "accounts": "accounts"}
    if heading.by != "count":
        names |= {column: f"{column} {heading.by}" for column in ("total", "mean", "median")}
    return [alt.Tooltip(f"{column}:N", title=name) for column, name in names.items()]
