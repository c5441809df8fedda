"""The section 'What to post and when': lifts of labels, pairs, kinds, weekdays and hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from tasks.report.chart_source import ChartSource
from tasks.report.lift_wording import interval, lift_of, usual_of
from tasks.report.names import shorten
from tasks.report.trends.content import Sentence, TrendCard, TrendSection
from tasks.report.trends.lift_card import certain, draw_card
from tasks.report.trends.over_time import join_classifiers
from tasks.report.wording import number, posts
from warehouse.ranking.posting_lifts import DIMENSIONS, Dimension
from warehouse.ranking.recent_lifts import MAX_PAIR_POSTS

MIN_POSTS = 40
"""With fewer posts there is nothing about kinds, weekdays and hours."""
MAX_BEST, MAX_WORST = 6, 3
MAX_SENTENCES = 3

_USUAL = "times the likes of the account's other posts of that time"
_TITLES: dict[Dimension, str] = {"kind": "Kinds of posts", "weekday": "Weekdays", "hours": "Hours of the day"}
_PLURALS = {
    "kind": "kinds",
    "weekday": "weekdays",
    "hours": "hours",
    "label": "labels",
    "pair": "pairs of labels",
}
_KINDS = {"image": "Images", "carousel": "Carousels", "video": "Videos"}


def posting_advice(
    timing: pl.DataFrame,
    labels: Mapping[str, pl.DataFrame],
    pairs: Mapping[str, pl.DataFrame],
    time_zone: str,
    source: ChartSource,
    label_source: ChartSource,
) -> TrendSection | None:
    """The section; None where nothing could be compared.

    `timing` is a frame of `estimate_posting_lifts`, empty with too few posts; `labels` and `pairs` are frames of
    `label_lifts` and `pair_lifts` by classifier, about the posts of `label_source`.
    """
    frames: dict[str, pl.DataFrame] = {}
    cards: list[TrendCard] = []
    for what, found in (("label", labels), ("pair", pairs)):
        if any(len(frame) for frame in found.values()):
            frames[what] = join_classifiers(found)
            cards.append(_label_card(what, frames[what], label_source))
    for dimension in DIMENSIONS:
        rows = timing.filter(pl.col("dimension") == dimension, pl.col("lift").is_not_null())
        if len(rows):
            frames[dimension] = name_rows(rows, dimension)
            cards.append(_timing_card(dimension, frames[dimension], time_zone, source))
    if not cards:
        return None
    sentences = _sentences(frames, time_zone, one_account=label_source.accounts == 1)
    return TrendSection(tuple(sentences), tuple(cards), tuple(_remarks(frames)))


def name_rows(rows: pl.DataFrame, dimension: Dimension) -> pl.DataFrame:
    """The rows with names for readers, such as 'Saturday' and '18:00 to 20:00'."""
    names = {label: _name(label, dimension) for label in rows["label"]}
    return rows.with_columns(label=pl.col("label").replace_strict(names, return_dtype=pl.String))


def _name(label: str, dimension: Dimension) -> str:
    if dimension == "hours":
        first, end = label.split("-")
        return f"{int(first):02}:00 to {int(end):02}:00"
    return label.capitalize() if dimension == "weekday" else _KINDS.get(label, label)


def _label_card(what: str, rows: pl.DataFrame, source: ChartSource) -> TrendCard:
    """The best by the lower end of the interval and the worst by its upper end, each once."""
    best = rows.sort("low", "label", descending=[True, False]).head(MAX_BEST)
    rest = rows.join(best, on=["classifier", "name"], how="anti")
    worst = rest.sort("high", "label").head(MAX_WORST).sort("low", "label", descending=[True, False])
    shown = pl.concat([best, worst])
    meaning = f"times {usual_of(one_account=source.accounts == 1)} likes"
    if what == "label":
        title = "Labels: the best and the last" if len(worst) else "Labels"
        return draw_card(title, meaning, shown, source, first_column="Label")
    if source.posts > MAX_PAIR_POSTS:
        source = replace(source, posts=MAX_PAIR_POSTS, what=("the newest posts of each classifier",))
    more = [
        (name, [number(value, 2) for value in shown[column]])
        for name, column in (("First alone", "alone"), ("Second alone", "other_alone"))
    ]
    return draw_card(
        "Pairs of labels: the best and the last" if len(worst) else "Pairs of labels",
        meaning,
        shown,
        source,
        first_column="Pair",
        more=more,
    )


def _timing_card(dimension: Dimension, rows: pl.DataFrame, time_zone: str, source: ChartSource) -> TrendCard:
    title = _TITLES[dimension] + ("" if dimension == "kind" else f" ({time_zone})")
    return draw_card(title, _USUAL, rows, source, first_column=_TITLES[dimension])


def _sentences(
    frames: Mapping[str, pl.DataFrame], time_zone: str, *, one_account: bool
) -> Iterator[Sentence]:
    """The most certain findings, and what nothing is certain about."""
    found = {what: certain(rows) for what, rows in frames.items()}
    # One finding of each card, because an hour that leads often leads with its neighbours.
    named = {what: rows if what != "pair" else _beyond_labels(rows) for what, rows in found.items()}
    best = {what: rows.row(0, named=True) for what, rows in named.items() if len(rows)}
    # A label first: the page is about what pictures show.
    chosen = sorted(best, key=lambda what: (what != "label", best[what]["q"]))[:MAX_SENTENCES]
    for what, row in best.items():
        if what in chosen:
            yield _sentence(what, row, time_zone, one_account=one_account)
    nothing = [_count(what, frames[what]) for what, rows in found.items() if rows.is_empty()]
    if nothing:
        listed = " or ".join([", ".join(nothing[:-1]), nothing[-1]] if len(nothing) > 1 else nothing)
        yield Sentence(
            f"Nothing certain about {listed} yet: every difference could be chance among so many comparisons."
        )


def _beyond_labels(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs whose interval contains neither label's own lift: the others repeat a label."""
    best, worst = pl.max_horizontal("alone", "other_alone"), pl.min_horizontal("alone", "other_alone")
    return pairs.filter((pl.col("low") > best) | (pl.col("high") < worst))


def _count(what: str, rows: pl.DataFrame) -> str:
    """For example 'weekdays (58 posts)': each post has one weekday; or 'labels (12 compared)'."""
    number = f"{len(rows):,} compared" if what in ("label", "pair") else posts(sum(rows["posts"]))
    return f"{_PLURALS[what]} ({number})"


def _sentence(what: str, row: dict[str, Any], time_zone: str, *, one_account: bool) -> Sentence:
    numbers = f"(95% interval {interval(row['low'], row['high'])}; {posts(row['posts'])})."
    usual = f"get {lift_of(row)} times {usual_of(one_account=one_account)} likes {numbers}"
    other = f"get {lift_of(row)} {_USUAL} {numbers}"
    label = row["label"]
    if what == "label":
        return Sentence("Posts with the label", shorten(label, 40), usual)
    if what == "pair":
        return Sentence("Posts with both of", shorten(label, 60), usual)
    if what == "kind":
        return Sentence(f"{label} {other}")
    when = f"on a {label}" if what == "weekday" else f"from {label} ({time_zone})"
    return Sentence(f"Posts {when} {other}")


def _remarks(frames: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    yield (
        "These numbers are no experiment. They say what posts got, not what another post would get: an hour may look"
        " good because of what was posted then, and a label because of the hour."
    )
    if any(dimension in frames for dimension in DIMENSIONS):
        yield (
            "Kind, weekday and hour are compared with the other two held equal; what the pictures show is not held equal."
        )
    if "label" in frames:
        yield "Labels are compared with kind, weekend and hour held equal. Labels that come together share the praise."
    if "pair" in frames:
        yield (
            f"Pairs are those of the newest {MAX_PAIR_POSTS:,} posts. A pair says more than its labels only where its"
            " interval does not contain their lifts alone."
        )
    if max(max(rows["accounts"]) for rows in frames.values()) == 1:
        yield "All posts are of one account: the intervals hold for this account only."
