"""The fonts, colours and sizes that all charts share."""

from __future__ import annotations

from typing import Any

import altair as alt

from warehouse.ranking.measures import By

WIDTH = 620
"""Width of a complete chart in pixels; the PNG has `charts.SCALE` times as many."""
NARROW = 350
"""Width of a chart for phones."""

COLOURS: dict[By, str] = {"likes": "#d6336c", "comments": "#2563c9", "count": "#0c8577"}
INK, GREY, GRID = "#1f2430", "#6b7280", "#e8eaee"

LABEL_SIZE, VALUE_SIZE, SMALL_SIZE, SUBTITLE_SIZE = 13, 12, 11, 12
ROW = 30
"""Height of a row of a chart."""

_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def style_chart(layers: alt.LayerChart, chart_title: alt.TitleParams, pixels: int = WIDTH) -> alt.LayerChart:
    """The chart with its title, in the fonts and colours that all charts share."""
    # Not with `properties` and `configure`, which copy the chart with all its rows each time.
    layers.title, layers.background = chart_title, "white"
    layers.width, layers.padding = pixels, margin(pixels)
    layers.autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    layers.config = alt.Config(
        font=_FONT,
        view=alt.ViewConfig(stroke=None),
        title=alt.TitleConfig(
            fontSize=16, color=INK, subtitleColor=GREY, subtitleFontSize=SUBTITLE_SIZE, subtitlePadding=5
        ),
        axis=alt.AxisConfig(
            labelColor=GREY, titleColor=GREY, titleFontWeight="normal", domain=False, ticks=False
        ),
    )
    return layers


def margin(pixels: int) -> int:
    """The empty space on each side of a chart that is `pixels` wide."""
    return 16 if pixels >= WIDTH else 8


def layer_marks(
    layers: list[alt.Chart], rows: list[dict[str, Any]], height: float | alt.Step
) -> alt.LayerChart:
    """The marks of `layers` over each other; all draw the same rows."""
    return alt.LayerChart(data={"values": rows}, layer=layers, height=height)


def row_key(index: int, name: str) -> str:
    """The value of a row on the y axis: its number keeps the order, and a row for each of two equal names."""
    return f"{index:04d} {name or '(no name)'}"


def label_axis() -> alt.Axis:
    """The y axis with the names of `row_key`."""
    # No `labelLimit`, because names.py has shortened the names. `labelExpr` removes the row's number.
    return alt.Axis(
        labelExpr="substring(datum.value, 5)",
        labelFontSize=LABEL_SIZE,
        labelColor=INK,
        labelLimit=0,
        labelPadding=8,
    )
