"""The dots and intervals of a ranking by lift, on a logarithmic scale with a line at 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tasks.report.chart_style import (
    COLOURS,
    GREY,
    GROUND,
    INK,
    SMALL_SIZE,
    UNCERTAIN,
    VALUE_SIZE,
    WIDTH,
    layer_marks,
)
from tasks.report.content import Heading
from tasks.report.lift_scale import LiftScale, fit_scale, interval_of
from tasks.report.lift_wording import bound, direction, interval, is_certain, lift_of, p_value, row_in_words
from tasks.report.names import width
from tasks.report.row_places import RowPlaces, name_marks, place_rows, y_of
from tasks.report.wording import column_decimals, measure_name, number, percent

AXIS = 30
"""Height of the labels of the axis, which are below the rows."""
_GAP = 10
_BOLD = 1.08
"""How much wider bold digits are."""
_ARROW = 6
"""The distance of an arrow from the end of the scale."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a chart has its numbers, in pixels: the distances of these texts from the right edge.

    `start` and `end` are the ends of the scale.
    """

    lift: float
    interval: float
    start: float
    end: float


def draw_lifts(
    ranking: pl.DataFrame, heading: Heading, pixels: int, one: str = "usual"
) -> tuple[alt.LayerChart, float]:
    """A dot and the line of its interval for each row; the numbers are at the right edge. Also the height with its axis.

    `one` says what a lift of 1 is, in a word or two of our own.

    The dot is filled where the lift differs from 1 for certain, else hollow. The line is grey where the interval
    includes 1. An arrow ends the line of an interval that is far wider than the others.
    """
    digits = column_decimals(ranking)
    found = list(ranking.iter_rows(named=True))
    scale = fit_scale([interval_of(row["lift"], row["low"], row["high"]) for row in found])
    rows = [_row(row, heading, scale, digits) for row in found]
    lift, interval_x, numbers = _number_columns(rows, pixels)
    places = place_rows(rows, pixels, numbers)
    end = places.inner - (numbers + _GAP if places.wide else 0)
    columns = _Columns(lift, interval_x, places.left + 2 * _ARROW, end - 2 * _ARROW)
    usual = alt.Chart().mark_rule(strokeWidth=1.5, color=INK, aria=False).encode(x=alt.XDatum(1))
    # The ground of narrow names is above the line at 1, and below the numbers.
    marks = [usual, *name_marks(places), *_lines(columns, scale, heading, one), *_texts(columns, places)]
    return layer_marks(marks, rows, height=places.height), places.height + AXIS


def has_arrows(ranking: pl.DataFrame) -> bool:
    """Whether an interval of a ranking is not drawn to its end."""
    intervals = [interval_of(*row) for row in ranking.select("lift", "low", "high").iter_rows()]
    scale = fit_scale(intervals)
    return any(
        scale.is_below(each.low)
        or scale.is_below(each.lift)
        or scale.is_above(each.high)
        or scale.is_above(each.lift)
        for each in intervals
    )


def _row(row: dict[str, Any], heading: Heading, scale: LiftScale, digits: dict[str, int]) -> dict[str, Any]:
    each = interval_of(row["lift"], row["low"], row["high"])
    bounded = each.low is not None and each.high is not None
    # The numbers that are drawn are on the scale or None, because JSON has no infinity and NaN.
    return {
        "label": row["label"],
        "differs": direction(row["low"], row["high"]) != 0,
        "certain": is_certain(row),
        "dot": scale.place(each.lift),
        "from": scale.place(each.low) if bounded else None,
        "to": scale.place(each.high) if bounded else None,
        "left": scale.left if scale.is_below(each.low) or scale.is_below(each.lift) else None,
        "right": scale.right if scale.is_above(each.high) or scale.is_above(each.lift) else None,
        "shown": lift_of(row, "×"),
        "interval": f"({interval(row['low'], row['high'])})" if bounded else "",
        "n": f"n = {row['posts']:,}",
        "words": row_in_words(row, heading),
        "posts": number(row["posts"]),
        "accounts": number(row["accounts"]),
        "lift": lift_of(row),
        **{column: bound(row[column]) for column in ("low", "high")},
        **{column: p_value(row[column]) for column in ("p", "q")},
        **{column: number(row[column], digits[column]) for column in digits},
        "share": percent(row["share"]),
    }


def _number_columns(rows: list[dict[str, Any]], pixels: int) -> tuple[float, float, float]:
    """The distances of lift and interval from the right edge, and the width of all numbers."""
    sizes = {"shown": VALUE_SIZE * _BOLD, "interval": VALUE_SIZE, "n": SMALL_SIZE}
    shown, bounds, n = (max(width(row[column]) for row in rows) * size for column, size in sizes.items())
    interval_x = n + (_GAP if pixels < WIDTH else 2 * _GAP) + bounds
    return interval_x + 5, interval_x, interval_x + 5 + shown


def _lines(columns: _Columns, scale: LiftScale, heading: Heading, one: str) -> list[alt.Chart]:
    """The intervals, the arrows of those that leave the scale, and the dots."""
    y, differs = y_of("y"), {"test": "datum.differs", "value": COLOURS[heading.by]}
    colour = alt.ColorValue(UNCERTAIN, condition=differs)
    stroke = alt.StrokeValue(UNCERTAIN, condition=differs)
    fill = alt.FillValue(GROUND, condition={"test": "datum.certain", "value": COLOURS[heading.by]})
    line = alt.Chart().mark_rule(strokeWidth=2.5, aria=False)
    arrow: dict[str, Any] = {"filled": True, "size": 60, "opacity": 1, "aria": False}
    left = alt.Chart().mark_point(shape="triangle-left", xOffset=-_ARROW, **arrow)
    right = alt.Chart().mark_point(shape="triangle-right", xOffset=_ARROW, **arrow)
    dot = alt.Chart().mark_point(size=75, opacity=1, strokeWidth=2)
    words = {"tooltip": _tooltip(heading), "description": alt.Description("words:N")}
    return [
        line.encode(y=y, x=alt.X("from:Q"), x2=alt.X2("to:Q"), color=colour),
        left.encode(y=y, x=alt.X("left:Q"), color=colour),
        right.encode(y=y, x=alt.X("right:Q"), color=colour),
        dot.encode(y=y, x=_x(columns, scale, one), stroke=stroke, fill=fill, **words),
    ]


def _texts(columns: _Columns, places: RowPlaces) -> list[alt.Chart]:
    """The numbers of each row."""
    # Altair's XValue has no types, and `alt.value` takes long.
    value: dict[str, Any] = {"fontSize": VALUE_SIZE}
    texts: list[tuple[str, float, dict[str, Any]]] = [
        ("shown:N", columns.lift, {"align": "right", "fontWeight": 600, "color": INK, **value}),
        ("interval:N", columns.interval, {"align": "left", "color": GREY, **value}),
        ("n:N", 0, {"align": "right", "fontSize": SMALL_SIZE, "color": GREY}),
    ]
    return [
        alt.Chart()
        .mark_text(aria=False, **style)
        .encode(
            y=y_of("number_y"),
            x=alt.XValue(places.inner - from_edge),  # type: ignore[no-untyped-call]
            text=alt.Text(column),
        )
        for column, from_edge, style in texts
    ]


def _x(columns: _Columns, scale: LiftScale, one: str) -> alt.X:
    axis = alt.Axis(
        title=None,
        grid=True,
        values=list(scale.ticks(columns.end - columns.start)),
        labelOverlap=False,
        labelExpr=f"datum.value == 1 ? ['×1', '{one}'] : '×' + format(datum.value, ',')",
    )
    domain, ends = [scale.left, scale.right], [columns.start, columns.end]
    return alt.X("dot:Q", axis=axis, scale=alt.Scale(type="log", domain=domain, nice=False, range=ends))


def _tooltip(heading: Heading) -> list[alt.Tooltip]:
    names = {column: column for column in ("label", "posts", "accounts", "lift", "low", "high", "p", "q")}
    names |= {column: f"{column} {measure_name(heading.by)}" for column in ("total", "mean", "median")}
    names |= {"share": "share of the compared posts"}
    return [alt.Tooltip(f"{column}:N", title=name) for column, name in names.items()]
