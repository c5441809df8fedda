"""A ranking as a chart, and a chart as files that open without network access."""

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
from altair.utils.schemapi import debug_mode

from tasks.report.bar_chart import draw_bars
from tasks.report.chart_html import VEGA_LITE, chart_html
from tasks.report.chart_style import (
    GREY,
    NARROW,
    SUBTITLE_SIZE,
    WIDTH,
    layer_marks,
    margin,
    style_chart,
)
from tasks.report.content import Example, Heading, RankedChart
from tasks.report.lift_chart import draw_lifts
from tasks.report.lift_wording import lift_meaning
from tasks.report.names import SEPARATOR, wrap
from tasks.report.wording import scope, title_lines

SCALE = 2
"""Pixels of a PNG for each pixel of its chart."""


@dataclass(frozen=True, slots=True)
class ChartFiles:
    """The files of a saved chart."""

    svg: Path
    png: Path
    html: Path


@debug_mode(False)
def ranking_chart(ranking: pl.DataFrame, heading: Heading, pixels: int = WIDTH) -> alt.LayerChart:
    """A row for each label of a ranking, best on top; `ranking` is a frame of `warehouse.ranking.rankings`.

    By lift a row is a dot with its interval, else a bar. The number of posts is at the right edge, because a number
    over few posts has little meaning (by count: the share of the posts). An empty ranking has a chart without rows.
    The chart is `pixels` wide; below `WIDTH` its title has two lines.
    """
    # In its debug mode Altair checks each part against its schema, which takes most of the time. The tests do that.
    if ranking.is_empty():
        layers = _empty()
    else:
        layers = (draw_lifts if heading.by_lift else draw_bars)(ranking, heading, pixels)
    return style_chart(layers, _title(ranking, heading, pixels), pixels)


def ranked_chart(
    ranking: pl.DataFrame,
    heading: Heading,
    examples: Sequence[Example] = (),
    compared: str = "",
    wide: str | None = None,
) -> RankedChart:
    """A ranking with its charts for wide and for narrow screens; `wide` is the first, where it is drawn already."""
    wide = wide or chart_svg(ranking_chart(ranking, heading))
    narrow = chart_svg(ranking_chart(ranking, heading, NARROW))
    return RankedChart(heading, ranking, wide, tuple(examples), narrow, compared=compared)


def chart_svg(chart: alt.LayerChart | alt.FacetChart) -> str:
    """The chart as SVG text, without scripts and external references."""
    return _draw(_spec(chart))


def _spec(chart: alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec


def _draw(spec: dict[str, Any]) -> str:
    return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])


def save_chart(chart: alt.LayerChart, folder: Path, stem: str) -> ChartFiles:
    """Write the chart to `folder` as `stem`.svg, .png and .html; no file is ever half-written.

    Creates the folder if necessary. Raises `ValueError` when `stem` is not a plain file name (`RankingQuery.stem` is
    one), and `OSError` when a file can't be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", stem):
        raise ValueError(f"not a plain file name: {stem!r}")
    folder.mkdir(parents=True, exist_ok=True)
    spec = _spec(chart)
    svg = _draw(spec)
    files = ChartFiles(*(folder / f"{stem}.{kind}" for kind in ("svg", "png", "html")))
    _write(files.svg, svg.encode())
    # From the SVG, because the chart would need a second layout.
    _write(files.png, vl_convert.svg_to_png(svg, scale=SCALE))
    _write(files.html, chart_html(spec).encode())
    return files


def _title(ranking: pl.DataFrame, heading: Heading, pixels: int) -> alt.TitleParams:
    wide = pixels >= WIDTH
    lines, legend = title_lines(heading), [] if ranking.is_empty() else _legend(heading)
    if heading.by_lift:
        subtitle = wrap([*legend, scope(heading)], (pixels - 2 * margin(pixels)) / SUBTITLE_SIZE)
    else:
        subtitle = [scope(heading), *legend]
        subtitle = [SEPARATOR.join(subtitle)] if wide else subtitle
    text = [": ".join(lines)] if wide else list(lines)
    return alt.TitleParams(text, subtitle=subtitle, anchor="start", frame="bounds", offset=14)


def _legend(heading: Heading) -> list[str]:
    """What the marks and numbers of a chart are."""
    if heading.by_lift:
        meaning = [f"dot: {lift_meaning(heading)}", "line: 95% interval"]
        return [*meaning, "hollow: the interval includes ×1", "n: posts with the label"]
    return ["%: share of the labelled posts" if heading.by == "count" else "n: posts with the label"]


def _empty() -> alt.LayerChart:
    text = alt.Chart().mark_text(fontSize=15, color=GREY, align="left")
    message = text.encode(text=alt.value("Nothing to rank yet"), x=alt.value(0), y=alt.value(24))
    # The text is drawn once for each row, so the data needs one.
    return layer_marks([message], [{}], height=48)


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
