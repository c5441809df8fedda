"""The dots and intervals of a ranking by lift, on a logarithmic scale with a line at 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tasks.report.chart_style import (
    COLOURS,
    GREY,
    GRID,
    INK,
    LABEL_SIZE,
    ROW,
    SMALL_SIZE,
    VALUE_SIZE,
    WIDTH,
    label_axis,
    layer_marks,
    margin,
    row_key,
)
from tasks.report.content import Heading
from tasks.report.lift_scale import LiftScale, fit_scale, interval_of
from tasks.report.lift_wording import bound, direction, interval, lift_of, p_value, row_in_words
from tasks.report.names import shorten, width
from tasks.report.wording import column_decimals, number, percent

_NARROW_ROW = 48
_GAP = 10
_MIN_LABEL_EMS = 4.0
_BOLD = 1.08
"""How much wider bold digits are."""
_ARROW = 6
"""The distance of an arrow from the end of the scale."""
_SAME = "#8b93a1"
"""The colour of an interval that includes 1."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a chart has what, in pixels.

    `lift` and `interval` are the distances of these texts from the right edge, `reserved` is the space to the right of
    the plot, and `plot` is its width. On a phone the texts are above the line of a row, which has all the width.
    """

    wide: bool
    lift: float
    interval: float
    reserved: float
    plot: float
    label_ems: float

    @property
    def text_y(self) -> int:
        """The distance of the texts from the middle of the row."""
        return 0 if self.wide else -11

    @property
    def line_y(self) -> int:
        """The distance of the line from the middle of the row."""
        return 0 if self.wide else 10


def draw_lifts(ranking: pl.DataFrame, heading: Heading, pixels: int) -> alt.LayerChart:
    """A dot and the line of its interval for each row; the numbers are at the right edge.

    An interval that includes 1 is grey and has a hollow dot. An arrow ends the line of an interval that is far wider
    than the others.
    """
    digits = column_decimals(ranking)
    found = list(ranking.iter_rows(named=True))
    scale = fit_scale([interval_of(row["lift"], row["low"], row["high"]) for row in found])
    rows = [_row(row, heading, scale, digits) for row in found]
    layout = _lay_out(rows, pixels)
    for index, row in enumerate(rows):
        row["name"] = shorten(row["label"], layout.label_ems) or "(no name)"
        row["key"] = row_key(index, row["name"])
    axis = label_axis() if layout.wide else None
    y = alt.Y("key:N", title=None, axis=axis, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    marks = [*_usual(y, layout), *_lines(y, layout, scale, heading), *_texts(y, layout)]
    return layer_marks(marks, rows, height=alt.Step(ROW if layout.wide else _NARROW_ROW))


def _row(row: dict[str, Any], heading: Heading, scale: LiftScale, digits: dict[str, int]) -> dict[str, Any]:
    each = interval_of(row["lift"], row["low"], row["high"])
    bounded = each.low is not None and each.high is not None
    # The numbers that are drawn are on the scale or None, because JSON has no infinity and NaN.
    return {
        "label": shorten(row["label"], 60),
        "differs": direction(row["low"], row["high"]) != 0,
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


def _lay_out(rows: list[dict[str, Any]], pixels: int) -> _Layout:
    sizes = {"shown": VALUE_SIZE * _BOLD, "interval": VALUE_SIZE, "n": SMALL_SIZE}
    shown, bounds, n = (max(width(row[column]) for row in rows) * size for column, size in sizes.items())
    gap = _GAP if pixels < WIDTH else 2 * _GAP
    interval_x = n + gap + bounds
    lift_x = interval_x + 5
    inner, text = pixels - 2 * margin(pixels), lift_x + shown + gap
    if pixels < WIDTH:
        return _Layout(
            False, lift_x, interval_x, 0, inner - 4 * _ARROW, max(_MIN_LABEL_EMS, (inner - text) / LABEL_SIZE)
        )
    label_ems = pixels / 40
    labels = max(min(width(row["label"]), label_ems) for row in rows) * LABEL_SIZE
    return _Layout(True, lift_x, interval_x, text, inner - text - labels - 4 * _ARROW, label_ems)


def _usual(y: alt.Y, layout: _Layout) -> list[alt.Chart]:
    """The line at 1; on a phone a piece of it in each row, which leaves out the texts."""
    style: dict[str, Any] = {"color": INK, "aria": False}
    if layout.wide:
        return [alt.Chart().mark_rule(strokeWidth=1.5, **style).encode(x=alt.XDatum(1))]
    piece = alt.Chart().mark_tick(size=24, thickness=2, yOffset=layout.line_y, **style)
    return [piece.encode(y=y, x=alt.XDatum(1))]


def _lines(y: alt.Y, layout: _Layout, scale: LiftScale, heading: Heading) -> list[alt.Chart]:
    """The intervals, the arrows of those that leave the scale, and the dots."""
    differs = {"test": "datum.differs", "value": COLOURS[heading.by]}
    colour = alt.ColorValue(_SAME, condition=differs)
    stroke = alt.StrokeValue(_SAME, condition=differs)
    fill = alt.FillValue("white", condition=differs)
    x = _x(layout, scale, heading)
    style: dict[str, Any] = {"yOffset": layout.line_y, "aria": False}
    line = alt.Chart().mark_rule(strokeWidth=2.5, **style)
    arrow: dict[str, Any] = {"filled": True, "size": 60, "opacity": 1, **style}
    left = alt.Chart().mark_point(shape="triangle-left", xOffset=-_ARROW, **arrow)
    right = alt.Chart().mark_point(shape="triangle-right", xOffset=_ARROW, **arrow)
    dot = alt.Chart().mark_point(size=75, opacity=1, strokeWidth=2, yOffset=layout.line_y)
    return [
        line.encode(y=y, x=alt.X("from:Q"), x2=alt.X2("to:Q"), color=colour),
        left.encode(y=y, x=alt.X("left:Q"), color=colour),
        right.encode(y=y, x=alt.X("right:Q"), color=colour),
        dot.encode(
            y=y,
            x=x,
            stroke=stroke,
            fill=fill,
            tooltip=_tooltip(heading),
            description=alt.Description("words:N"),
        ),
    ]


def _texts(y: alt.Y, layout: _Layout) -> list[alt.Chart]:
    """The numbers of each row and, on a phone, its name."""
    # Altair's XValue has no types, and `alt.value` takes long.
    left, right = alt.XValue(0), alt.XValue("width")  # type: ignore[no-untyped-call]
    number_style = {"fontSize": VALUE_SIZE, "fontWeight": 600, "color": INK}
    texts: list[tuple[str, Any, dict[str, Any]]] = [
        ("shown:N", right, {"align": "right", "dx": -layout.lift, **number_style}),
        (
            "interval:N",
            right,
            {"align": "left", "dx": -layout.interval, "fontSize": VALUE_SIZE, "color": GREY},
        ),
        ("n:N", right, {"align": "right", "fontSize": SMALL_SIZE, "color": GREY}),
    ]
    if layout.wide:
        outlines = []
    else:
        texts.append(("name:N", left, {"align": "left", "fontSize": LABEL_SIZE, "color": INK}))
        # A white outline, so that the lines of the plot do not touch the letters.
        outlines = [
            (column, x, {**style, "color": "white", "stroke": "white", "strokeWidth": 5})
            for column, x, style in texts
        ]
    return [
        alt.Chart().mark_text(dy=layout.text_y, aria=False, **style).encode(y=y, x=x, text=alt.Text(column))
        for column, x, style in (*outlines, *texts)
    ]


def _x(layout: _Layout, scale: LiftScale, heading: Heading) -> alt.X:
    axis = alt.Axis(
        title=None,
        grid=True,
        gridColor=GRID,
        values=list(scale.ticks(layout.plot)),
        labelOverlap=False,
        labelExpr="datum.value == 1 ? ['×1', 'usual'] : '×' + format(datum.value, ',')",
    )
    end = alt.ExprRef(f"width - {layout.reserved + 2 * _ARROW:.0f}")
    domain = [scale.left, scale.right]
    return alt.X(
        "dot:Q", axis=axis, scale=alt.Scale(type="log", domain=domain, nice=False, range=[2 * _ARROW, end])
    )


def _tooltip(heading: Heading) -> list[alt.Tooltip]:
    names = {column: column for column in ("label", "posts", "accounts", "lift", "low", "high", "p", "q")}
    names |= {column: f"{column} {heading.by}" for column in ("total", "mean", "median")}
    names |= {"share": "share of the compared posts"}
    return [alt.Tooltip(f"{column}:N", title=name) for column, name in names.items()]
