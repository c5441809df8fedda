"""The bars of a ranking by count, mean, median or total."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from tasks.report.chart_style import COLOURS, GREY, GRID, INK, SMALL_SIZE, VALUE_SIZE, layer_marks
from tasks.report.content import Heading
from tasks.report.names import shorten, width
from tasks.report.row_places import name_marks, place_rows, y_of
from tasks.report.wording import (
    UNKNOWN,
    Measure,
    column_decimals,
    measure,
    measure_name,
    number,
    percent,
    posts,
)

_GAP = 8
_BAR = 18
"""Height of a bar."""


def draw_bars(ranking: pl.DataFrame, heading: Heading, pixels: int) -> tuple[alt.LayerChart, float]:
    """A bar for each row with its number at the end, and the number of posts (by count: their share) at the edge.

    Also the chart's height. It has no axis, because each bar has its number.
    """
    by, digits = measure(ranking, heading), column_decimals(ranking)
    rows = [_row(row, by, heading, digits) for row in ranking.iter_rows(named=True)]
    side_text = max(width(row["side"]) for row in rows) * SMALL_SIZE
    shown_text = max(width(row["shown"]) for row in rows) * VALUE_SIZE
    places = place_rows(rows, pixels, side_text)
    # A narrow chart has the text at the edge in another line than the bar.
    end = places.inner - shown_text - _GAP - (side_text + 2 * _GAP if places.wide else 0)
    largest = max(row["worth"] for row in rows) or 1
    scale = alt.Scale(domain=[0, largest], nice=False, range=[places.left, end])
    y, x = y_of("y"), alt.X("worth:Q", axis=None, scale=scale)
    bar = alt.Chart().mark_bar(orient="horizontal", size=_BAR, color=COLOURS[heading.by], cornerRadiusEnd=3)
    words = {"tooltip": _tooltip(heading), "description": alt.Description("words:N")}
    shown = alt.Chart().mark_text(
        align="left", dx=6, fontSize=VALUE_SIZE, fontWeight=600, color=INK, aria=False
    )
    side = alt.Chart().mark_text(align="right", fontSize=SMALL_SIZE, color=GREY, aria=False)
    edge = alt.XValue(places.inner)  # type: ignore[no-untyped-call]
    zero = alt.Chart().mark_rule(color=GRID, strokeWidth=1, aria=False)
    layers = [
        zero.encode(x=alt.XValue(places.left)),  # type: ignore[no-untyped-call]
        *name_marks(places),
        bar.encode(y=y, x=x, **words),
        shown.encode(y=y, x=x, text=alt.Text("shown:N")),
        side.encode(y=y_of("number_y"), x=edge, text=alt.Text("side:N")),
    ]
    return layer_marks(layers, rows, height=places.height), places.height


def _row(row: dict[str, Any], by: Measure, heading: Heading, digits: dict[str, int]) -> dict[str, Any]:
    shown = number(row[by.column], by.decimals)
    return {
        "label": row["label"],
        "worth": 0 if shown == UNKNOWN else row[by.column],
        "shown": shown,
        "side": percent(row["share"]) if heading.by == "count" else f"n = {row['posts']:,}",
        "words": f"{shorten(row['label'], 60)}: {shown} {by.name}, {posts(row['posts'])}",
        "posts": number(row["posts"]),
        "accounts": number(row["accounts"]),
        "share": percent(row["share"]),
        **{column: number(row[column], digits[column]) for column in digits},
    }


def _tooltip(heading: Heading) -> list[alt.Tooltip]:
    names = {"label": "label", "posts": "posts", "share": "share of posts", "accounts": "accounts"}
    if heading.by != "count":
        names |= {column: f"{column} {measure_name(heading.by)}" for column in ("total", "mean", "median")}
    return [alt.Tooltip(f"{column}:N", title=name) for column, name in names.items()]
