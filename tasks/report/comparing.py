"""Two classifiers side by side: where each name stands in both rankings, as a chart and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import altair as alt
import polars as pl

from tasks.report.charts import WIDTH, chart_svg, save_chart
from tasks.report.content import Compared, Doubt
from tasks.report.names import shorten
from tasks.report.thumbnails import thumbnail
from tasks.report.wording import number, percent
from warehouse.comparing import Comparison, compare
from warehouse.home import Home
from warehouse.rankings import file_stem

NAMES = 15
"""Names that a chart shows: those that both classifiers give to the most pictures."""
DOUBTS = 6
COLOURS = ("#d6336c", "#2563c9")
_ROW = 26
_INK, _GREY, _GRID = "#1f2430", "#6b7280", "#e8eaee"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def comparison_chart(labels: pl.DataFrame, one: str, other: str) -> alt.LayerChart:
    """Each name's place in the two rankings by likes, with a line between; `labels` as `warehouse.comparing` has it."""
    both = _both(labels)
    rows = [
        {"name": f"{place:03d} {shorten(name, 14) or '(no name)'}", "rank": rank, "other": other_rank}
        for place, (name, rank, other_rank) in enumerate(
            both.select("name", "rank", "other_rank").iter_rows()
        )
    ]
    axis = alt.Axis(labelExpr="substring(datum.value, 4)", labelLimit=0, labelFontSize=13, labelColor=_INK)
    y = alt.Y("name:N", title=None, axis=axis)
    first = alt.X("rank:Q", title="place in the ranking by likes (1 is best)", axis=_places())
    second = alt.X("other:Q")
    layers = [
        alt.Chart().mark_rule(color=_GREY, strokeWidth=2).encode(y=y, x=first, x2="other:Q"),
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
    data: dict[str, Any] = {"values": rows or [{"name": "", "rank": 1, "other": 1}]}
    chart: alt.LayerChart = (
        alt.LayerChart(
            data=data, layer=layers if rows else [_nothing()], height=alt.Step(_ROW) if rows else _ROW
        )
        .properties(title=title, width=WIDTH, background="white", padding=16)
        .properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_title(fontSize=16, color=_INK, subtitleColor=_GREY, subtitleFontSize=12, subtitlePadding=5)
        .configure_axis(
            labelColor=_GREY, titleColor=_GREY, titleFontWeight="normal", domain=False, ticks=False
        )
    )
    return chart


def comparisons(home: Home, classifiers: Sequence[str]) -> Iterator[Compared]:
    """Each pair of the classifiers that has a name in common, its chart written to the report's folder too."""
    for one, other in combinations(classifiers, 2):
        found = compare(home, one, other, pictures=DOUBTS)
        if not _both(found.labels).is_empty():
            save_chart(
                comparison_chart(found.labels, one, other), home.report, file_stem("compare", one, other)
            )
            yield _compared(home, one, other, found)


def _compared(home: Home, one: str, other: str, found: Comparison) -> Compared:
    return Compared(
        one=one,
        other=other,
        sentences=(*_agreement(one, other, found.pairs), *_worth(found.worth)),
        svg=chart_svg(comparison_chart(found.labels, one, other)),
        words=_in_words(found.labels, one, other),
        doubts=tuple(
            Doubt(thumbnail(home.folder / path), says, other_says)
            for path, says, other_says in found.pictures.select("path", "says", "other_says").iter_rows()
        ),
    )


def _places() -> alt.Axis:
    return alt.Axis(gridColor=_GRID, tickMinStep=1, tickCount=8, format="d")


def _nothing() -> alt.Chart:
    empty: alt.Chart = alt.Chart().mark_text(color=_GREY).encode(text=alt.value(""))
    return empty


def _both(labels: pl.DataFrame) -> pl.DataFrame:
    shared = labels.filter(pl.col("rank").is_not_null() & pl.col("other_rank").is_not_null())
    return shared.sort("both_pictures", "name", descending=[True, False]).head(NAMES).sort("rank")


def _agreement(one: str, other: str, pairs: pl.DataFrame) -> list[str]:
    return [
        f"{one} and {other} have both labelled {row['pictures']:,} pictures, and name a thing in common in"
        f" {row['agreeing']:,} of them ({percent(row['share'])})."
        for row in pairs.iter_rows(named=True)
    ]


def _worth(worth: pl.DataFrame) -> list[str]:
    return [
        f"{row['classifier']}: {row['labels']:,} labels over {row['pictures']:,} pictures, cost"
        f" {number(row['cost'], 2)}, {number(row['seconds'])} seconds; its best labels explain"
        f" {percent(row['likes_explained'])} of the differences in likes."
        for row in worth.iter_rows(named=True)
    ]


def _in_words(labels: pl.DataFrame, one: str, other: str) -> str:
    said = [
        f"{shorten(row['name'], 30)}: {row['rank']} and {row['other_rank']}"
        for row in _both(labels).iter_rows(named=True)
    ]
    return f"Places by likes, {shorten(one, 20)} and {shorten(other, 20)}. {'; '.join(said) or 'No name in common'}."
