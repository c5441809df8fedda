"""Under which labels people say more of what: the lifts of tone, questions, spam, comments per like, and topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import polars as pl

from tasks.report.chart_source import ChartSource, source_of_posts
from tasks.report.lift_wording import interval, lift_of
from tasks.report.names import shorten
from tasks.report.themes import is_of_themes
from tasks.report.trends.content import Sentence, TrendCard
from tasks.report.trends.lift_card import certain, draw_card
from tasks.report.trends.over_time import join_classifiers
from tasks.report.wording import posts
from warehouse.overview.comment_summary import TopicCount
from warehouse.overview.summary import current_version
from warehouse.ranking.comment_lifts import MAX_POSTS, comment_lifts
from warehouse.ranking.comparable_posts import comparable_posts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.topic_lifts import MAX_POSTS as MAX_TOPIC_POSTS
from warehouse.ranking.topic_lifts import MIN_COMMENTS, topic_lifts

MAX_BEST, MAX_WORST = 6, 3
MAX_TOPICS = 12
"""Topics that are compared by label, the largest ones."""
MAX_TOPIC_ROWS = 8
MAX_SENTENCES = 3
NEARLY_ALL, TIMES_AS_OFTEN = 0.75, 2
"""The share of a topic's comments under posts with one label that is worth a sentence, if it is so many times their share of
all comments in its language: under most posts are most comments on each topic."""


@dataclass(frozen=True, slots=True)
class _Wording:
    """The title of a measure's card, what is compared, and what its counts are of."""

    title: str
    compared: str
    counted: str = "comments"

    @property
    def meaning(self) -> str:
        """What a lift is."""
        return f"times the {self.compared} under other posts of the account"


_MEASURES = {
    "questions": _Wording("Questions", "share of questions"),
    "tone": _Wording("Positive comments", "share of positive comments", "comments with a tone"),
    "spam": _Wording("Spam", "share of spam"),
    "comments_per_like": _Wording("Comments per like", "number of comments per like", "likes"),
}
_TOPIC_TITLE = "Topics by label: the certain ones"
_TOPICS = "times the share of the topic in the comments under other posts of the account"


@dataclass(frozen=True, slots=True)
class LabelledComments:
    """Sentences on the most certain differences, cards, and remarks; all empty where nothing could be compared."""

    sentences: tuple[Sentence, ...]
    cards: tuple[TrendCard, ...]
    remarks: tuple[str, ...]


def compare_by_label(
    database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery], topics: Sequence[TopicCount]
) -> LabelledComments:
    """The lifts for the classifiers of the questions, in a card for each measure, and one for topics."""
    by_classifier = {one.classifier: one for one in questions if _has_labels(database, one)}
    found = {name: comment_lifts(database, question) for name, question in by_classifier.items()}
    cards, frames = [], {}
    for measure, wording in _MEASURES.items():
        rows = {name: frame.filter(measure=measure) for name, frame in found.items()}
        if any(len(frame) for frame in rows.values()):
            frames[measure] = join_classifiers(rows)
            source = _source(database, by_classifier, measure, MAX_POSTS)
            shown = _best_and_worst(frames[measure])
            cards.append(
                draw_card(
                    wording.title,
                    wording.meaning,
                    shown,
                    source,
                    first_column="Label",
                    more=[_counted(shown, wording.counted)],
                )
            )
    largest = sorted(topics, key=lambda one: (-one.comments, one.topic))[:MAX_TOPICS]
    by_topic = {
        name: topic_lifts(database, question, [(one.topic, one.language) for one in largest])
        for name, question in by_classifier.items()
    }
    sentences = list(_sentences(frames))
    remarks = list(_remarks(frames))
    if any(len(frame) for frame in by_topic.values()):
        every = join_classifiers(by_topic)
        sentences += _nearly_all(every, topics)
        compared = every.filter(pl.col("lift").is_not_null())
        together = certain(compared)
        if len(together):
            source = _source(database, by_classifier, "questions", MAX_TOPIC_POSTS)
            cards.append(_topic_card(together, topics, source))
        elif len(compared):
            remarks.append(
                f"No topic comes with a label for certain yet ({len(compared):,} pairs of topic and label compared)."
            )
    return LabelledComments(tuple(sentences), tuple(cards), tuple(remarks))


def _has_labels(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> bool:
    version = current_version(database, question.classifier)
    return version is not None and not is_of_themes(version)


def _source(
    database: duckdb.DuckDBPyConnection, questions: Mapping[str, RankingQuery], measure: str, newest: int
) -> ChartSource:
    """What stands below a chart: the `newest` posts of each classifier that are compared by a measure."""
    frames = [
        comparable_posts(database, replace(one, by=measure, statistic="lift")).posts.head(newest)  # type: ignore[arg-type]
        for one in questions.values()
    ]
    compared = pl.concat([one.select("source", "post_id", "account", "posted_at") for one in frames]).unique(
        ["source", "post_id"]
    )
    return source_of_posts(database, compared)


def _best_and_worst(rows: pl.DataFrame) -> pl.DataFrame:
    """The best by the lower end of the interval and the worst by its upper end, each once."""
    best = rows.sort("low", "label", descending=[True, False]).head(MAX_BEST)
    rest = rows.join(best, on=["classifier", "name"], how="anti")
    worst = rest.sort("high", "label").head(MAX_WORST).sort("low", "label", descending=[True, False])
    return pl.concat([best, worst])


def _topic_card(rows: pl.DataFrame, topics: Sequence[TopicCount], source: ChartSource) -> TrendCard:
    names = {one.topic: one.name for one in topics}
    shown = rows.head(MAX_TOPIC_ROWS).with_columns(
        label=pl.col("label") + ": " + pl.col("topic").replace_strict(names, default="")
    )
    more = [_counted(shown, "comments in its language")]
    return draw_card(_TOPIC_TITLE, _TOPICS, shown, source, first_column="Label: topic", more=more)


def _counted(rows: pl.DataFrame, what: str) -> tuple[str, list[str]]:
    """The column of a card's table with what a share is of."""
    return what[0].upper() + what[1:], [f"{count:,}" for count in rows["denominator"]]


def _nearly_all(rows: pl.DataFrame, topics: Sequence[TopicCount]) -> Iterator[Sentence]:
    """Topics that are nearly only under posts with one label, as counts: there are no others for a ratio."""
    names = {one.topic: one.name for one in topics}
    total = pl.col("numerator") + pl.col("others")
    share, usual = pl.col("numerator") / total, pl.col("denominator") / pl.col("all_comments")
    found = rows.filter(
        pl.col("lift").is_null(),
        pl.col("numerator") >= MIN_COMMENTS,
        share >= NEARLY_ALL,
        share >= TIMES_AS_OFTEN * usual,
    ).sort("denominator", "label")
    # Of two labels with nearly all comments on a topic, the one with fewer other comments says more.
    for row in (
        found.unique("topic", keep="first", maintain_order=True).head(MAX_SENTENCES).iter_rows(named=True)
    ):
        count, of = row["numerator"], row["numerator"] + row["others"]
        before = f"{count:,} of {of:,} comments about “{shorten(names[row['topic']], 60)}” are under the {posts(row['posts'])} with the label"
        comments = f"{row['denominator']:,} of {row['all_comments']:,} comments in its language"
        yield Sentence(before, shorten(row["label"], 40), f"(with {comments}).")


def _sentences(frames: Mapping[str, pl.DataFrame]) -> Iterator[Sentence]:
    """The most certain difference of each measure."""
    best = {
        measure: rows.row(0, named=True) for measure, frame in frames.items() if len(rows := certain(frame))
    }
    for measure, row in list(best.items())[:MAX_SENTENCES]:
        yield _sentence(_MEASURES[measure], row)


def _sentence(wording: _Wording, row: dict[str, Any]) -> Sentence:
    counted = f"{posts(row['posts'])} with {row['denominator']:,} {wording.counted}"
    numbers = f"(95% interval {interval(row['low'], row['high'])}; {counted})."
    rest = f"the {wording.compared} is {lift_of(row)} times that under the account's other posts {numbers}"
    return Sentence("Under posts with the label", shorten(row["label"], 40), rest)


def _remarks(frames: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    if not frames:
        return
    nothing = [
        _MEASURES[measure].title.lower() for measure, frame in frames.items() if certain(frame).is_empty()
    ]
    if nothing:
        listed = " or ".join([", ".join(nothing[:-1]), nothing[-1]] if len(nothing) > 1 else nothing)
        yield f"Nothing certain about {listed} by label yet: every difference could be chance among so many comparisons."
    yield "These numbers are no experiment: labels that come together share what is said about one of them."
