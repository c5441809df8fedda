"""A ranking as a bar chart, and a chart as files that open without network access."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from tasks.report.chart_html import VEGA_LITE, chart_html
from tasks.report.content import Example, Heading, RankedChart
from tasks.report.names import shorten, width
from tasks.report.wording import (
    UNKNOWN,
    Measure,
    column_decimals,
    measure,
    number,
    percent,
    posts,
    scope,
    title,
)
from warehouse.ranking_query import By

WIDTH = 620
"""Width of a complete chart in pixels; the PNG has `SCALE` times as many."""
NARROW = 350
"""Width of a chart for phones."""
SCALE = 2

COLOURS: dict[By, str] = {"likes": "#d6336c", "comments": "#2563c9", "count": "#0c8577"}

_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
INK, GREY, GRID = "#1f2430", "#6b7280", "#e8eaee"
_LABEL_SIZE, _VALUE_SIZE, _SMALL = 13, 12, 11
_ROW = 30


@dataclass(frozen=True, slots=True)
class ChartFiles:
    """The files of a saved chart."""

    svg: Path
    png: Path
    html: Path


def ranking_chart(ranking: pl.DataFrame, heading: Heading, pixels: int = WIDTH) -> alt.LayerChart:
    """A bar for each label of a ranking, best on top; `ranking` is a frame of `warehouse.rankings`.

    The number is at the end of the bar. The number of posts is at the right edge, because a mean over few posts has
    little meaning (by count: the share of the posts). An empty ranking has a chart without bars. The chart is
    `pixels` wide; below `WIDTH` its title has two lines.
    """
    layers = _empty() if ranking.is_empty() else _bars(ranking, heading, pixels)
    return style_chart(layers, _title(ranking, heading, pixels), pixels)


def style_chart(layers: alt.LayerChart, chart_title: alt.TitleParams, pixels: int = WIDTH) -> alt.LayerChart:
    """The chart with its title, in the fonts and colours that all charts share."""
    chart: alt.LayerChart = (
        layers.properties(title=chart_title, width=pixels, background="white")
        .properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
        .properties(padding=16 if pixels >= WIDTH else 8)
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_title(fontSize=16, color=INK, subtitleColor=GREY, subtitleFontSize=12, subtitlePadding=5)
        .configure_axis(labelColor=GREY, titleColor=GREY, titleFontWeight="normal", domain=False, ticks=False)
    )
    return chart


def ranked_chart(
    ranking: pl.DataFrame, heading: Heading, examples: Sequence[Example] = (), wide: str | None = None
) -> RankedChart:
    """A ranking with its charts for wide and for narrow screens; `wide` is the first, where it is drawn already."""
    narrow = chart_svg(ranking_chart(ranking, heading, NARROW))
    return RankedChart(
        heading, ranking, wide or chart_svg(ranking_chart(ranking, heading)), tuple(examples), narrow
    )


def chart_svg(chart: alt.LayerChart) -> str:
    """The chart as SVG text, without scripts and external references."""
    spec: dict[str, Any] = chart.to_dict()
    return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])


def save_chart(chart: alt.LayerChart, folder: Path, stem: str) -> ChartFiles:
    """Write the chart to `folder` as `stem`.svg, .png and .html; no file is ever half-written.

    Creates the folder if necessary. Raises `ValueError` when `stem` is not a plain file name (`RankingQuery.stem` is
    one), and `OSError` when a file can't be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", stem):
        raise ValueError(f"not a plain file name: {stem!r}")
    folder.mkdir(parents=True, exist_ok=True)
    svg = chart_svg(chart)
    files = ChartFiles(*(folder / f"{stem}.{kind}" for kind in ("svg", "png", "html")))
    _write(files.svg, svg.encode())
    # From the SVG, because the chart would need a second layout.
    _write(files.png, vl_convert.svg_to_png(svg, scale=SCALE))
    _write(files.html, chart_html(chart.to_dict()).encode())
    return files


def _title(ranking: pl.DataFrame, heading: Heading, pixels: int) -> alt.TitleParams:
    legend = "%: share of the labelled posts" if heading.by == "count" else "n: posts with the label"
    subtitle = [scope(heading)] if ranking.is_empty() else [scope(heading), legend]
    lines = title(heading).split(": ", 1)
    if pixels >= WIDTH:
        lines, subtitle = [": ".join(lines)], ["  ·  ".join(subtitle)]
    return alt.TitleParams(lines, subtitle=subtitle, anchor="start", frame="bounds", offset=14)


def _empty() -> alt.LayerChart:
    text = alt.Chart().mark_text(fontSize=15, color=GREY, align="left")
    message = text.encode(text=alt.value("Nothing to rank yet"), x=alt.value(0), y=alt.value(24))
    # The text is drawn once for each row, so the data needs one.
    return _layered([message], [{}], height=48)


def _layered(layers: list[alt.Chart], rows: list[dict[str, Any]], height: float | alt.Step) -> alt.LayerChart:
    return alt.LayerChart(data={"values": rows}, layer=layers, height=height)


def _bars(ranking: pl.DataFrame, heading: Heading, pixels: int) -> alt.LayerChart:
    by, digits = measure(ranking, heading), column_decimals(ranking)
    rows = [_row(row, by, heading, digits) for row in ranking.iter_rows(named=True)]
    for index, row in enumerate(rows):
        # The number keeps the order, and a bar for each label where shortened labels are equal.
        row["key"] = f"{index:04d} {shorten(row['label'], pixels / 40) or '(no name)'}"
    side_text = max(width(row["side"]) for row in rows) * _SMALL
    # Space to the right of the longest bar, for its number and the text at the edge.
    reserved = max(width(row["shown"]) for row in rows) * _VALUE_SIZE + side_text + 24
    y = alt.Y("key:N", title=None, axis=_label_axis(), scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))
    x = _scale(rows, by, reserved)
    bars = alt.Chart().mark_bar(color=COLOURS[heading.by], cornerRadiusEnd=3)
    number_style: dict[str, Any] = {
        "align": "left",
        "dx": 6,
        "fontSize": _VALUE_SIZE,
        "fontWeight": 600,
        "aria": False,
    }
    # A white outline, so that the grid lines do not touch the digits.
    outline = alt.Chart().mark_text(**number_style, color="white", stroke="white", strokeWidth=4)
    shown = alt.Chart().mark_text(**number_style, color=INK)
    side = alt.Chart().mark_text(align="right", fontSize=_SMALL, color=GREY, aria=False)
    layers = [
        bars.encode(y=y, x=x, tooltip=_tooltip(heading), description="words:N"),
        outline.encode(y=y, x=x, text="shown:N"),
        shown.encode(y=y, x=x, text="shown:N"),
        side.encode(y=y, x=alt.value("width"), text="side:N"),
    ]
    return _layered(layers, rows, height=alt.Step(_ROW))


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


def _label_axis() -> alt.Axis:
    # No `labelLimit`, because names.py has shortened the names. `labelExpr` removes the row's number.
    return alt.Axis(
        labelExpr="substring(datum.value, 5)",
        labelFontSize=_LABEL_SIZE,
        labelColor=INK,
        labelLimit=0,
        labelPadding=8,
    )


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


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
