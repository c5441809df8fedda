"""A ranking as a chart, and a chart as files that open without network access."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert
from altair.utils.schemapi import debug_mode

from tasks.report.alternative_text import in_words
from tasks.report.bar_chart import draw_bars
from tasks.report.chart_html import VEGA_LITE, chart_html
from tasks.report.chart_source import LINE, ChartSource, source_mark
from tasks.report.chart_style import (
    GREY,
    NARROW,
    SMALL_SIZE,
    WIDTH,
    dark_style,
    layer_marks,
    margin,
)
from tasks.report.chart_title import chart_title
from tasks.report.content import Heading, RankedChart
from tasks.report.drawing_process import begin_svg
from tasks.report.drawn_charts import begin_once, draw_once
from tasks.report.lift_chart import draw_lifts
from tasks.report.short_texts import restore_texts, shorten_texts
from warehouse.file_writing import replace_file

SCALE = 2
"""Pixels of a PNG for each pixel of its chart."""
_EMPTY_HEIGHT = 48
_SOURCE_GAP = 20


@dataclass(frozen=True, slots=True)
class ChartFiles:
    """The files of a saved chart; `json` is its Vega-Lite specification with its data."""

    svg: Path
    png: Path
    html: Path
    json: Path


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart's Vega-Lite specification, and a function that waits for its SVG in light colours."""

    spec: dict[str, Any]
    light: Callable[[], str]


@debug_mode(False)
def ranking_chart(
    ranking: pl.DataFrame, heading: Heading, pixels: int = WIDTH, source: ChartSource | None = None
) -> alt.LayerChart:
    """A row for each label of a ranking, best on top; `ranking` is a frame of `warehouse.ranking.rankings`.

    By lift a row is a dot with its interval, else a bar. The number of posts is at the right edge, because a number
    over few posts has little meaning (by count: the share of the posts). An empty ranking has a chart without rows.
    The chart is `pixels` wide; below `WIDTH` its title has two lines, and each name is above its mark. `source` is
    shown below the rows.
    """
    # In its debug mode Altair checks each part against its schema, which takes most of the time. The tests do that.
    if ranking.is_empty():
        chart, height = _empty(), float(_EMPTY_HEIGHT)
    else:
        chart, height = (draw_lifts if heading.by_lift else draw_bars)(ranking, heading, pixels)
    edge = margin(pixels)
    inner = pixels - 2 * edge
    bottom = height - chart.height
    if source is not None:
        lines = source.lines(inner / SMALL_SIZE)
        chart.layer.append(source_mark(lines, height + _SOURCE_GAP))
        bottom += _SOURCE_GAP + LINE * (len(lines) - 0.5)
    # Not with `properties`, which copies the chart with all its rows each time.
    chart.title, top = chart_title(ranking, heading, pixels)
    chart.description = in_words(ranking, heading)
    chart.width, chart.autosize = inner, "none"
    chart.padding = {"left": edge, "right": edge, "top": edge + top, "bottom": bottom + edge}
    return chart


def ranked_chart(
    ranking: pl.DataFrame,
    heading: Heading,
    compared: str = "",
    wide: str | None = None,
    narrow: str | None = None,
) -> RankedChart:
    """A ranking with its charts for wide and for narrow screens; `wide` and `narrow` are those that are drawn already."""
    wide = wide or chart_svg(ranking_chart(ranking, heading))
    narrow = narrow or chart_svg(ranking_chart(ranking, heading, NARROW))
    return RankedChart(heading, ranking, wide, narrow, compared=compared)


def chart_svg(chart: alt.LayerChart | Drawing) -> str:
    """The chart as SVG text, without scripts and external references, in light or dark colours as the reader prefers."""
    return _with_dark_colours(begin_chart(chart).light())


def begin_chart(chart: alt.LayerChart | Drawing) -> Drawing:
    """Begin to draw the chart, in a process of its own within `draw_beside`."""
    if isinstance(chart, Drawing):
        return chart
    spec: dict[str, Any] = chart.to_dict(validate=False)
    has_places = spec["autosize"] == "none"
    drawn, texts = shorten_texts(spec) if has_places else (spec, {})

    def begin() -> Callable[[], bytes]:
        wait = begin_svg(drawn, VEGA_LITE)
        return lambda: wait().encode()

    # Each specification names its data by their hash, so equal charts have equal text.
    wait = begin_once(f"{VEGA_LITE}{json.dumps(drawn)}", "svg", begin)
    return Drawing(spec, lambda: restore_texts(wait().decode(), texts))


def save_chart(chart: alt.LayerChart | Drawing, folder: Path, stem: str) -> ChartFiles:
    """Write the chart to `folder` as `stem`.svg, .png, .html and .vl.json; no file is ever half-written.

    Creates the folder if necessary; it also gets the scripts of the HTML files, in a hidden file. Raises `ValueError`
    when `stem` is not a plain file name (`RankingQuery.stem` is one), and `OSError` when a file can't be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", stem):
        raise ValueError(f"not a plain file name: {stem!r}")
    folder.mkdir(parents=True, exist_ok=True)
    drawing = begin_chart(chart)
    svg = drawing.light()
    files = ChartFiles(*(folder / f"{stem}.{kind}" for kind in ("svg", "png", "html", "vl.json")))
    replace_file(files.svg, _with_dark_colours(svg).encode())
    # From the SVG, because the chart would need a second layout.
    replace_file(files.png, _png(svg))
    replace_file(files.html, chart_html(drawing.spec, folder).encode())
    replace_file(files.json, _json(drawing.spec))
    return files


def write_chart(chart: alt.LayerChart, file: Path, scripts: Path) -> None:
    """Write the chart to one file, in the format of its ending, one of `ENDINGS`.

    `scripts` is a folder that may have the scripts of HTML files, and gets them. Raises `KeyError` for another ending,
    and `OSError` when the file can't be written.
    """
    replace_file(file, _FORMATS[file.suffix.lower()](begin_chart(chart), scripts))


_FORMATS: dict[str, Callable[[Drawing, Path], bytes]] = {
    ".svg": lambda drawing, _: chart_svg(drawing).encode(),
    ".png": lambda drawing, _: _png(drawing.light()),
    ".html": lambda drawing, scripts: chart_html(drawing.spec, scripts).encode(),
    ".json": lambda drawing, _: _json(drawing.spec),
}
ENDINGS = tuple(_FORMATS)
"""The endings of files that a chart can be written to."""


def _json(spec: dict[str, Any]) -> bytes:
    return json.dumps(spec, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _png(svg: str) -> bytes:
    return draw_once(f"{SCALE}{svg}", "png", lambda: vl_convert.svg_to_png(svg, scale=SCALE))


def _with_dark_colours(svg: str) -> str:
    start = svg.index(">") + 1
    return f"{svg[:start]}<style>{dark_style()}</style>{svg[start:]}"


def _empty() -> alt.LayerChart:
    text = alt.Chart().mark_text(fontSize=15, color=GREY, align="left")
    message = text.encode(text=alt.value("Nothing to rank yet"), x=alt.value(0), y=alt.value(24))
    # The text is drawn once for each row, so the data needs one.
    return layer_marks([message], [{}], height=_EMPTY_HEIGHT)
