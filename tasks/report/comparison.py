"""Comparison of two classifiers: the ranks of each name in both rankings, as a chart and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import polars as pl
from altair.utils.schemapi import debug_mode

from tasks.report.chart_style import GREY, GRID, INK, MarkLayers, style_chart
from tasks.report.charts import save_chart
from tasks.report.content import ComparisonSection, Disagreement
from tasks.report.names import shorten
from tasks.report.wording import number, percent
from tasks.thumbnails import Thumbnails
from warehouse.home import Home
from warehouse.overview.comparing import Comparison, compare_all
from warehouse.ranking.ranking_query import file_stem

MAX_NAMES = 15
"""Names in a chart: those that both classifiers give to the most pictures."""
MAX_DISAGREEMENTS = 6
COLOURS = ("#d6336c", "#2563c9")
_ROW = 26


@debug_mode(False)
def comparison_chart(labels: pl.DataFrame, one: str, other: str) -> alt.LayerChart:
    """Each name's rank in the two rankings by likes, joined by a line; `labels` is a frame of `warehouse.overview.comparing`."""
    shared = _shared_names(labels)
    rows = [
        {"name": f"{index:03d} {shorten(name, 14) or '(no name)'}", "rank": rank, "other": other_rank}
        for index, (name, rank, other_rank) in enumerate(
            shared.select("name", "rank", "other_rank").iter_rows()
        )
    ]
    axis = alt.Axis(labelExpr="substring(datum.value, 4)", labelLimit=0, labelFontSize=13, labelColor=INK)
    rank_axis = alt.Axis(gridColor=GRID, tickMinStep=1, tickCount=8, format="d")
    y = alt.Y("name:N", title=None, axis=axis)
    first = alt.X("rank:Q", title="rank by likes (1 is best)", axis=rank_axis)
    second = alt.X("other:Q")
    layers = [
        alt.Chart().mark_rule(color=GREY, strokeWidth=2).encode(y=y, x=first, x2=alt.X2("other:Q")),
        alt.Chart().mark_circle(size=200, color=COLOURS[0], opacity=1).encode(y=y, x=first),
        alt.Chart().mark_circle(size=80, color=COLOURS[1], opacity=1).encode(y=y, x=second),
    ]
    title = alt.TitleParams(
        f"Names that {shorten(one, 12)} and {shorten(other, 12)} share",
        subtitle=f"red: {shorten(one, 16)}  ·  blue: {shorten(other, 16)}" if rows else "None yet",
        anchor="start",
        frame="bounds",
        offset=14,
    )
    if not rows:
        layers = [alt.Chart().mark_text(color=GREY).encode(text=alt.TextValue(""))]
    data: dict[str, Any] = {"values": rows or [{"name": "", "rank": 1, "other": 1}]}
    height = alt.Step(_ROW) if rows else _ROW
    return style_chart(MarkLayers(data=data, layer=layers, height=height), title)


def comparisons(home: Home, classifiers: Sequence[str]) -> Iterator[ComparisonSection]:
    """Each pair of classifiers with a name in common; its chart is also written to the report's folder."""
    for one, other, comparison in compare_all(home, classifiers, pictures=MAX_DISAGREEMENTS):
        if not _shared_names(comparison.labels).is_empty():
            chart = comparison_chart(comparison.labels, one, other)
            files = save_chart(chart, home.report, file_stem("compare", one, other))
            yield _section(home, one, other, comparison, files.svg.read_text("utf-8"))


def _section(home: Home, one: str, other: str, comparison: Comparison, svg: str) -> ComparisonSection:
    pictures = comparison.pictures.select("sha256", "path", "says", "other_says").rows()
    sources = Thumbnails(home).sources((sha256, path) for sha256, path, *_ in pictures)
    return ComparisonSection(
        one=one,
        other=other,
        sentences=(*_agreement(one, other, comparison.pairs), *_worth(comparison.worth)),
        svg=svg,
        alternative_text=_in_words(comparison.labels, one, other),
        disagreements=tuple(
            Disagreement(sources[sha256], labels, other_labels)
            for sha256, _, labels, other_labels in pictures
        ),
    )


def _shared_names(labels: pl.DataFrame) -> pl.DataFrame:
    shared = labels.filter(pl.col("rank").is_not_null() & pl.col("other_rank").is_not_null())
    return shared.sort("both_pictures", "name", descending=[True, False]).head(MAX_NAMES).sort("rank")


def _agreement(one: str, other: str, pairs: pl.DataFrame) -> list[str]:
    return [
        f"{one} and {other} have both labelled {row['pictures']:,} pictures, and have a name in common for"
        f" {row['agreeing']:,} of them ({percent(row['share'])})."
        for row in pairs.iter_rows(named=True)
    ]


def _worth(worth: pl.DataFrame) -> list[str]:
    return [
        f"{row['classifier']}: {row['labels']:,} labels over {row['pictures']:,} pictures, cost"
        f" {number(row['cost'], 2)}, {number(row['seconds'])} seconds; its best labels explain"
        f" {percent(row['likes_explained'])} of the variance of likes."
        for row in worth.iter_rows(named=True)
    ]


def _in_words(labels: pl.DataFrame, one: str, other: str) -> str:
    ranks = [
        f"{shorten(row['name'], 30)}: {row['rank']} and {row['other_rank']}"
        for row in _shared_names(labels).iter_rows(named=True)
    ]
    return f"Ranks by likes, {shorten(one, 20)} and {shorten(other, 20)}. {'; '.join(ranks) or 'No name in common'}."
