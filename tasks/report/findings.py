"""The findings: what is certain, what is only a hint, and what is missing, in one sentence each.

`findings` is the one door for all that print them: the page, the terminal and the summary of a run. They come from the
rows of the rankings by lift and follow the rule of the charts: where the interval excludes 1 and q is below `MAX_Q`, a
label differs for certain; where only the interval excludes 1, that is a hint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from tasks.report.finding_choice import LabelRow, choose_rows, nearest_to_certain
from tasks.report.label_phrases import name_posts
from tasks.report.lift_wording import digits_beside_1, usual_of
from tasks.report.wording import posts as count_posts
from warehouse.home import Home
from warehouse.overview.summary import current_version
from warehouse.published import published
from warehouse.ranking.empty_rankings import why_empty
from warehouse.ranking.label_overlap import Overlaps
from warehouse.ranking.measures import STORED_BY
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about the posts with a label.

    `posts` of them were compared; `lift`, `low` and `high` are ratios, `q` is the corrected p-value. Where there is
    nothing to compare yet, `label` is empty, `posts` is 0 and these are None. `opening`, `name` and `rest` are the parts
    of `sentence`: `name` comes from strangers, so that a page can isolate its direction of text.
    """

    certain: bool
    classifier: str
    label: str
    measure: str
    lift: float | None
    low: float | None
    high: float | None
    posts: int
    q: float | None
    opening: str
    name: str = ""
    rest: str = ""

    @property
    def sentence(self) -> str:
        """The complete sentence. That of a hint begins with 'A hint', so that it can stand anywhere."""
        return f"{self.opening}{self.name}{self.rest}"


def findings(home: Home, questions: Sequence[RankingQuery]) -> tuple[Finding, ...]:
    """At most seven findings of the published database: the strongest certain ones, then hints.

    They are of all classifiers and measures of the questions that have a lift, whatever statistic the questions have.
    Where nothing is certain, the first one has what is missing. Empty if no classifier has labelled a picture. Raises
    `NotPublished` when there is no database.
    """
    by_lift = [
        replace(one, statistic="lift", top=_ALL) for by in STORED_BY for one in questions if one.by == by
    ]
    with published(home) as database:
        versions = {one.classifier: current_version(database, one.classifier) for one in by_lift}
        by_lift = [one for one in by_lift if versions[one.classifier] is not None]
        rows = [row for one in by_lift for row in _read_rows(home, one, versions[one.classifier])]
        chosen = choose_rows(rows, lambda labels: Overlaps(database, labels))
        usual = _usual(database, by_lift)
        if any(row.is_certain for row in chosen):
            return tuple(describe_row(row, usual) for row in chosen)
        if not by_lift:
            return ()
        if not rows:
            return (_describe_missing(home, database, by_lift[0]),)
    nearest = nearest_to_certain(rows)
    hints = (describe_row(row, usual) for row in chosen if row != nearest)
    return (describe_nearest(nearest, usual), *hints)


def describe_row(row: LabelRow, usual: str) -> Finding:
    """The sentence of a row; `usual` is 'the account's usual' or 'their account's usual'."""
    return _finding(row, "" if row.is_certain else "A hint, not certain yet: ", f"{_in_numbers(row, usual)}.")


def describe_nearest(row: LabelRow | None, usual: str) -> Finding:
    """That nothing is certain, and how many more posts with the label of `row` would change that."""
    if row is None:
        text = "Nothing is certain yet. No label's posts differ clearly from the others."
        return Finding(False, "", "", "", None, None, None, 0, None, text)
    more = f"About {count_posts(int(row.missing_posts)).replace(' post', ' more post')} like these"
    rest = f"{_in_numbers(row, usual)} so far. {more} would do, if the difference stays."
    return _finding(row, "Nothing is certain yet. ", rest)


def ratio_in_words(value: float) -> str:
    """A ratio with two digits, and with more beside 1, so that only exactly 1 is shown as 1."""
    if value >= 1000:
        return "more than 1,000"
    if value < 0.01:
        return "less than 0.01"
    digits = 0 if value >= 10 else 1 if value >= 1 else 2 if value >= 0.1 else 3
    return f"{value:,.{digits_beside_1(value, digits)}f}"


def _finding(row: LabelRow, lead: str, rest: str) -> Finding:
    name = name_posts(row.label, row.version)
    before = name.before if not lead or lead.endswith(". ") else name.before[0].lower() + name.before[1:]
    return Finding(
        row.is_certain,
        row.classifier,
        row.label,
        row.measure,
        row.lift,
        row.low,
        row.high,
        row.posts,
        row.q,
        opening=lead + before,
        name=name.label,
        rest=name.after + rest,
    )


def _in_numbers(row: LabelRow, usual: str) -> str:
    interval = f"{ratio_in_words(row.low)} to {ratio_in_words(row.high)}"
    return (
        f" get {ratio_in_words(row.lift)} times {usual} {row.measure} ({interval}; {count_posts(row.posts)})"
    )


def _read_rows(home: Home, question: RankingQuery, version: str | None) -> Iterator[LabelRow]:
    ranking = rank(home, question)
    tested = ranking["q"].is_not_null().sum()
    known = ranking.drop_nulls(["lift", "low", "high"]).drop_nans(["lift", "low", "high"])
    for row in known.iter_rows(named=True):
        numbers = {name: row[name] for name in ("label", "posts", "lift", "low", "high", "q")}
        yield LabelRow(question.classifier, version, question.by, question.grouped, int(tested), **numbers)


def _usual(database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery]) -> str:
    """Whose usual likes the sentences are about; the posts are those of the first question."""
    condition, values = questions[0].post_conditions() if questions else ("true", {})
    query = f"select count(distinct (source, account)) from posts where {condition}"
    [(accounts,)] = database.execute(query, values).fetchall()
    return usual_of(one_account=accounts == 1)


def _describe_missing(home: Home, database: duckdb.DuckDBPyConnection, question: RankingQuery) -> Finding:
    """Why no label has a lift: too few posts, or the reason of the first ranking."""
    most = sum(rank(home, replace(question, by="count", min_posts=1, top=1))["posts"])
    missing = question.least_posts - most
    if most and missing > 0:
        more = count_posts(missing).replace(" post", " more post")
        reason = (
            f"A label needs {question.least_posts} posts to be compared, and the most frequent one has {most}."
            f" About {more} with it would do for a first estimate."
        )
    else:
        reason = why_empty(database, question)
    text = f"Nothing is certain yet. {reason}"
    return Finding(False, question.classifier, "", question.by, None, None, None, 0, None, text)
