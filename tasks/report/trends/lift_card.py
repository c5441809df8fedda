"""A card with lifts or changes of lifts: dots with intervals, drawn once in the width that fits phones and columns."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl
from altair.utils.schemapi import debug_mode

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import NARROW
from tasks.report.charts import chart_svg
from tasks.report.content import Heading
from tasks.report.lift_chart import draw_lifts, has_arrows
from tasks.report.lift_wording import MAX_Q, interval, is_certain, lift_of, p_value
from tasks.report.names import shorten
from tasks.report.trends.chart_frame import frame_chart
from tasks.report.trends.content import TrendCard, TrendTable
from tasks.report.wording import posts

_HEADING = Heading("", "likes", "lift")


def draw_card(
    title: str,
    meaning: str,
    lifts: pl.DataFrame,
    source: ChartSource,
    *,
    first_column: str,
    value: str = "Lift",
    one: str = "usual",
    more: Sequence[tuple[str, Sequence[str]]] = (),
) -> TrendCard:
    """The rows of `lifts` in their order, with the columns `label, posts, lift, low, high, p, q`.

    `meaning` says what a number of the card is, such as 'times the likes of other posts', and `value` its name; `one` says what a number of 1 is.
    `more` has more columns of the
    table, each with its title and texts.
    """
    rows = list(lifts.iter_rows(named=True))
    names = ("Posts", value, "Interval", "q", *(name for name, _ in more))
    cells = [
        (
            shorten(row["label"], 60),
            f"{row['posts']:,}",
            lift_of(row),
            interval(row["low"], row["high"]),
            p_value(row["q"]),
            *(texts[index] for _, texts in more),
        )
        for index, row in enumerate(rows)
    ]
    caption = f"{title}. {value}: {meaning}, with its 95% interval. q: the p-value corrected for the number of tests."
    return TrendCard(
        title,
        chart_svg(_draw(title, meaning, lifts, source, one)),
        _in_words(title, meaning, lifts),
        TrendTable(caption, (first_column, *names), tuple(cells)),
    )


def certain(lifts: pl.DataFrame) -> pl.DataFrame:
    """The rows that differ from 1 for certain, those with more likes first, the strongest first."""
    found = lifts.filter(
        pl.Series([is_certain(row) for row in lifts.iter_rows(named=True)], dtype=pl.Boolean)
    )
    more = pl.col("low") > 1
    # How far the nearer end of the interval is from 1.
    strength = pl.when(more).then(pl.col("low").log()).otherwise(-pl.col("high").log())
    return found.sort(more, strength, "label", descending=[True, True, False])


@debug_mode(False)
def _draw(title: str, meaning: str, lifts: pl.DataFrame, source: ChartSource, one: str) -> alt.LayerChart:
    missing = [
        pl.lit(None, pl.Float64 if name in ("p", "share") else pl.Int64).alias(name)
        for name in ("accounts", "p", "share")
        if name not in lifts.columns
    ]
    chart, height = draw_lifts(lifts.with_columns(missing), _HEADING, NARROW, one)
    legend = [
        f"dot: {meaning}",
        "line: 95% interval",
        f"● certain (q < {MAX_Q})",
        "○ may be chance",
        "n: posts",
        *(["arrow: the interval goes on"] if has_arrows(lifts) else []),
    ]
    return frame_chart(chart, title, legend, source, NARROW, height)


def _in_words(title: str, meaning: str, lifts: pl.DataFrame) -> str:
    entries = [
        f"{shorten(row['label'], 60)} {lift_of(row)} ({interval(row['low'], row['high'])}, {posts(row['posts'])})"
        for row in lifts.iter_rows(named=True)
    ]
    return f"{title}. {meaning[0].upper()}{meaning[1:]}, with 95% interval: {'; '.join(entries)}."
