"""The section 'Over time': the likes of accounts, labels whose lift has changed, and how likes come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import NARROW, WIDTH
from tasks.report.charts import chart_svg
from tasks.report.lift_wording import interval, lift_of
from tasks.report.names import shorten
from tasks.report.trends.content import Sentence, TrendCard, TrendSection, TrendTable
from tasks.report.trends.growth_chart import TITLE as GROWTH_TITLE
from tasks.report.trends.growth_chart import age, draw_growth
from tasks.report.trends.lift_card import certain, draw_card
from tasks.report.trends.timeline_chart import TITLE, draw_timelines
from tasks.report.wording import full_date, number, percent, posts
from warehouse.overview.account_levels import AccountLevels
from warehouse.ranking.recent_lifts import Period

MAX_ACCOUNTS = 4
"""Accounts with a plot: those with most posts."""
MAX_NAMED = 10
MAX_CHANGES = 8
MAX_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class Changes:
    """The frames of `label_changes` by classifier, the period that they are about, and the posts that they compare."""

    frames: Mapping[str, pl.DataFrame]
    period: Period
    source: ChartSource


def over_time(
    levels: Sequence[AccountLevels],
    not_shown: pl.DataFrame,
    changes: Changes | None,
    growth: pl.DataFrame,
    source: ChartSource,
) -> TrendSection | None:
    """The section; None where there is nothing to show. `not_shown` are accounts of `largest_accounts` without a plot."""
    cards: list[TrendCard] = []
    sentences: list[Sentence] = []
    if levels:
        cards.append(_timeline_card(levels, source))
        sentences.append(_level_sentence(levels[0]))
    if changes is not None and any(len(one) for one in changes.frames.values()):
        rows = join_classifiers(changes.frames)
        cards.append(_change_card(rows, changes))
        sentences += _change_sentences(rows, changes.period)
    if len(growth):
        cards.append(_growth_card(growth, source))
        sentences.append(_growth_sentence(growth))
    if not cards:
        return None
    remarks = (
        ["A level is the median of a run of posts, with which lifts compare the posts of that time."]
        if levels
        else []
    )
    remarks += list(_name_others(not_shown))
    return TrendSection(tuple(sentences), tuple(cards), tuple(remarks))


def join_classifiers(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows of all classifiers, with the name of the classifier behind the label where there are several."""
    filled = {name: frame for name, frame in frames.items() if len(frame)}
    suffix = len(filled) > 1
    return pl.concat(
        frame.with_columns(
            classifier=pl.lit(name),
            name=pl.col("label"),
            label=pl.col("label") + (f" ({shorten(name, 16)})" if suffix else ""),
        )
        for name, frame in filled.items()
    )


def _timeline_card(levels: Sequence[AccountLevels], source: ChartSource) -> TrendCard:
    wide, narrow = (chart_svg(draw_timelines(levels, source, pixels)) for pixels in (WIDTH, NARROW))
    rows = [
        (
            shorten(one.account, 40),
            f"{_day(first)} to {_day(last)}",
            number(count),
            number(median),
            f"{number(low)} to {number(high)}",
        )
        for one in levels
        for first, last, count, median, low, high in one.runs.iter_rows()
    ]
    caption = (
        f"{TITLE}: the runs of posts of each account, with the median of their likes and the middle half."
    )
    words = "; ".join(_in_words(one) for one in levels)
    return TrendCard(
        TITLE,
        wide,
        f"{TITLE} over time. {words}.",
        TrendTable(caption, ("Account", "Days (UTC)", "Posts", "Median", "Middle half"), tuple(rows)),
        narrow,
    )


def _in_words(levels: AccountLevels) -> str:
    first, last = levels.runs.row(0, named=True), levels.runs.row(-1, named=True)
    return (
        f"{shorten(levels.account, 40)}: {posts(levels.posts)} from {_day(first['first'])} to {_day(last['last'])}, at"
        f" first {number(first['median'])} and at last {number(last['median'])} likes at the median"
    )


def _level_sentence(levels: AccountLevels) -> Sentence:
    """The level of the account with most posts, at last and at first: a count of its posts, no estimate."""
    first, last = levels.runs.row(0, named=True), levels.runs.row(-1, named=True)
    at_last = f"have {number(last['median'])} likes at the median (half of them {_middle(last)})"
    if len(levels.runs) == 1:
        return Sentence("The", shorten(levels.account, 40), f"posts, {posts(last['posts'])}, {at_last}.")
    after = f"{at_last}; the first {first['posts']:,} had {number(first['median'])} ({_middle(first)})."
    return Sentence(f"The last {last['posts']:,} posts of", shorten(levels.account, 40), after)


def _middle(run: dict[str, float]) -> str:
    return f"{number(run['low'])} to {number(run['high'])}"


def _change_card(rows: pl.DataFrame, changes: Changes) -> TrendCard:
    period = changes.period
    shown = rows.sort("p", "label").head(MAX_CHANGES).sort("change", "label", descending=[True, False])
    lifts = shown.with_columns(before=pl.col("lift"), lift=pl.col("change"))
    meaning = f"the lift from {full_date(period.since)} to {full_date(period.until)}, as times the lift of the {period.days} days before"
    more = (
        ("Posts before", [number(value) for value in shown["posts_before"]]),
        ("Lift now", [number(value, 2) for value in shown["lift"]]),
        ("Lift before", [number(value, 2) for value in shown["lift_before"]]),
    )
    return draw_card(
        "Risers and fallers",
        meaning,
        lifts,
        changes.source,
        first_column="Label",
        value="Change",
        one="as before",
        more=more,
    )


def _change_sentences(rows: pl.DataFrame, period: Period) -> Iterator[Sentence]:
    lifts = rows.with_columns(lift=pl.col("change"))
    found = certain(lifts)
    against = f"in the {period.days} days to {full_date(period.until)} as in the {period.days} days before"
    for row in found.sort("q").head(MAX_SENTENCES).iter_rows(named=True):
        yield Sentence(
            "The lift of",
            shorten(row["label"], 40),
            f"is {lift_of(row)} times as high {against} (95% interval {interval(row['low'], row['high'])};"
            f" {posts(row['posts'])} and {row['posts_before']:,} before).",
        )
    if found.is_empty():
        compared = "the label that could" if len(rows) == 1 else f"the {len(rows):,} labels that could"
        yield Sentence(
            f"No label has risen or fallen for certain: {compared} be compared in the {period.days} days to"
            f" {full_date(period.until)} and in the {period.days} days before."
        )


def _growth_card(growth: pl.DataFrame, source: ChartSource) -> TrendCard:
    rows = [
        (
            age(row["hours"]),
            number(row["posts"]),
            percent(row["median"]),
            f"{percent(row['median_low'])} to {percent(row['median_high'])}",
            f"{percent(row['low'])} to {percent(row['high'])}",
        )
        for row in growth.iter_rows(named=True)
    ]
    caption = (
        f"{GROWTH_TITLE}: the share of the final likes by the age of a post. Final is the last number that was observed"
        " after ten days or more. The interval is that of the median (95%)."
    )
    origin = replace(
        source, posts=max(growth["posts"]), accounts=max(growth["accounts"]), since=None, until=None
    )
    entries = "; ".join(f"{row[0]} {row[2]} ({row[4]}, {row[1]} posts)" for row in rows)
    return TrendCard(
        GROWTH_TITLE,
        chart_svg(draw_growth(growth, origin)),
        f"{GROWTH_TITLE}. Median share of the final likes, and the middle half of the posts, by age: {entries}.",
        TrendTable(caption, ("Age", "Posts", "Median share", "Interval", "Middle half"), tuple(rows)),
    )


def _growth_sentence(growth: pl.DataFrame) -> Sentence:
    # The age nearest to a day: what a reader compares a young post with.
    row = growth.sort((pl.col("hours") - 24).abs()).row(0, named=True)
    return Sentence(
        f"{age(row['hours']).capitalize()} after it was posted, the median post has {percent(row['median'])} of its final"
        f" likes (95% interval {percent(row['median_low'])} to {percent(row['median_high'])}; {posts(row['posts'])})."
    )


def _name_others(others: pl.DataFrame) -> Iterator[str]:
    if others.is_empty():
        return
    named = [
        f"{shorten(account, 24)} ({posts(count)})"
        for account, count in others.head(MAX_NAMED).select("account", "posts").iter_rows()
    ]
    rest = len(others) - len(named)
    text = ", ".join(named) + (f" and {rest:,} more" if rest else "")
    yield f"Without a plot, because they have fewer posts: {text}."


def _day(at: datetime) -> str:
    return at.date().isoformat()
