"""Rankings: SQL and Polars agree to the digit, with each other and with plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.measures import ALL_BY, RUN_BY, By
from warehouse.ranking.plain_statistics import STATISTICS, Statistic
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import (
    COLUMNS,
    classifiers_with_labels,
    rank,
    rank_posts,
    rank_published,
    ranked_database,
    read_rows,
)
from warehouse.schema.comment_tables import CommentReading
from warehouse.schema.picture_tables import LabelGroup, Picture, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import AccountObservation, Observation, Post, PostPicture

PLAIN: tuple[Statistic, ...] = tuple(one for one in STATISTICS if one != "lift")
"""`top_lifts` ranks by lift; its tests are in test_lift_table.py."""
FULL: tuple[By, ...] = (*RUN_BY, "shares", "tone")
"""Measures whose rankings are compared by each statistic: those of the cheap macro, a count and a ratio of the other."""
LABELS = ("cat", "dog", "Éclair", "eclair", "it's", "zebra", "日本", "sky")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An empty home folder, which `crowded` fills once for the module."""
    home = Home(tmp_path_factory.mktemp("crowd") / "home")
    home.prepare()
    return home


@pytest.fixture
def crowded(
    crowd: Home,
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    picture_row: Callable[..., Picture],
    label_row: Callable[..., PictureLabel],
    run_row: Callable[..., StageRun],
    account_row: Callable[..., AccountObservation],
    reading_row: Callable[..., CommentReading],
    evening: datetime,
) -> Home:
    """300 posts of 4 accounts in 2 sources: carousels, re-posts, ties, hidden and unknown numbers, versions."""
    if crowd.database.exists():
        return crowd
    chosen = random.Random(11)
    pictures = [f"picture {i}" for i in range(120)]
    names = [f"p{i:03}" for i in range(150)]
    posts = [(source, name) for source in ("demo", "other") for name in names]
    lake = crowd.lake
    lake.append([post_row(n, source=s, account=chosen.choice(["ann", "bob", "o'hara"])) for s, n in posts])
    lake.append(
        [
            post_picture_row(n, chosen.choice([*pictures, None]), source=s, position=place)
            for s, n in posts
            for place in range(chosen.choice([1, 1, 1, 4]))
        ]
    )
    numbers = [None, 0, 1, 2, 2, 2, 3, 50, 999, 2**31 + 1, 2**40 + 1]
    lake.append(
        [
            observation_row(
                n,
                chosen.choice(numbers),
                chosen.choice(numbers[:9]),
                source=s,
                observed_at=at,
                shares=chosen.choice(numbers),
            )
            for s, n in posts[:-20]
            for at in (evening, *[evening + timedelta(days=1)] * chosen.randrange(2))
        ]
    )
    lake.append(
        [account_row("ann", followers=2**34 + 3), account_row("bob", source="other", followers=2**33)]
    )
    lake.append([picture_row(name) for name in pictures])
    lake.append(
        [
            label_row(name, chosen.choice(LABELS), classifier=one, version=version, region=region, rank=place)
            for name, one, version in product(pictures, ("model", "visual"), ("1", "2"))
            for region in range(chosen.choice([1, 1, 3]))
            for place in range(1, chosen.choice([2, 4]))
        ]
    )
    lake.append([label_row("picture 0", "never loaded", classifier="gone")])
    lake.append([LabelGroup(classifier="model", label=label, label_group="pair") for label in LABELS[:2]])
    readings = random.Random(12)
    lake.append(
        [
            reading_row(
                name,
                f"c{number}",
                source=source,
                version=version,
                read_at=evening + timedelta(days=version == "2"),
                tone=readings.choice([None, -0.5, 0.05, 0.9]),
                spam=readings.random() < 0.2,
                question=readings.random() < 0.3,
            )
            for source, name in posts
            for version in ("1", "2")
            for number in range(readings.randrange(4))
        ]
    )
    runs = [run_row("model", "2"), run_row("model", "1", run_id="second", started_at=evening + timedelta(1))]
    lake.append([*runs, run_row("visual", "2"), run_row("visual", None, run_id="third")])
    publish(crowd)
    return crowd


def rank_by_macro(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> list[tuple[Any, ...]]:
    macro = "top_labels" if question.by in RUN_BY else "top_labels_by"
    return database.execute(
        f"""select {", ".join((*COLUMNS, *question.optional_columns))} from {macro}($1, "by" := $2, n := $3, statistic := $4,
            account_name := $5, min_posts := $6, grouped := $7)""",
        [
            question.classifier,
            question.by,
            question.top,
            question.statistic,
            question.account,
            question.min_posts,
            question.grouped,
        ],
    ).fetchall()


def questions(classifier: str, account: str | None, grouped: bool) -> Iterator[RankingQuery]:
    """Each measure of the cheap macro with each statistic, and the others with one in turn, for one classifier.

    The macro of the others plans all measures, for a fifth of a second a question. It computes a statistic of any of
    them with the same SQL, so a count and a ratio have each statistic. For other rows two of them have one.
    """
    complete = (classifier, account, grouped) == ("model", None, False)
    others = [by for by in ALL_BY if by not in RUN_BY]
    turn = len(classifier + (account or "")) + grouped
    chosen = others if complete else [others[turn % len(others)], others[(turn + 3) % len(others)]]
    for number, by in enumerate((*RUN_BY, *chosen)):
        every = [one for one in PLAIN if RankingQuery(classifier, by, one).find_conflict() is None]
        for statistic in every if complete and by in FULL else [every[number % len(every)]]:
            yield RankingQuery(classifier, by, statistic, 100, account, 1, grouped)
    if complete:
        for by in FULL:
            yield RankingQuery(classifier, by, "mean", 3, account, 20, grouped)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classifier", "account", "grouped"),
    [
        ("model", None, False),
        ("model", None, True),
        ("visual", None, True),
        ("model", "o'hara", False),
        ("model", "o'hara", True),
        ("visual", "nobody", False),
        ("gone", None, True),
    ],
)
def test_the_macro_and_polars_agree_to_the_digit(
    crowded: Home, classifier: str, account: str | None, grouped: bool
) -> None:
    """For any measure, statistic, length and account, grouped or not, both return the same rows and digits."""
    sizes = set()
    with ranked_database(crowded, RankingQuery(classifier)) as database:
        for question in questions(classifier, account, grouped):
            ranking = rank_published(database, question)
            assert tuple(ranking.columns) == (*COLUMNS, *question.optional_columns)
            assert rank_by_macro(database, question) == ranking.rows(), question
            by_polars = rank_posts(read_rows(database, question).lazy(), question)
            assert_frame_equal(by_polars, ranking, check_exact=True)
            assert ranking["rank"].to_list() == list(range(1, len(ranking) + 1))
            sizes.add(len(ranking))
    all_labels = len(LABELS) - (grouped and classifier == "model")
    assert max(sizes) == (0 if "gone" in classifier or account == "nobody" else all_labels)


@pytest.mark.parametrize(
    ("by", "within", "grouped", "account"),
    [
        ("likes", "dog", False, None),
        ("shares", "visual:sky", True, None),
        ("tone", "it's", False, "o'hara"),
        ("tone", "model:cat", True, None),
        ("likes", "none:dog", False, None),
    ],
)
def test_a_macro_ranks_within_a_label_as_the_command_does(
    crowded: Home, by: By, within: str, grouped: bool, account: str | None
) -> None:
    """A label of the classifier, which is left out, or one of another classifier with its name before it."""
    question = RankingQuery("model", by, "mean", 100, account, 1, grouped, within=within)
    with ranked_database(crowded, question) as database:
        rows = database.execute(
            f"""select {", ".join(COLUMNS)} from top_labels_within('model', $1, "by" := $2, n := 100,
                account_name := $3, grouped := $4)""",
            [within, by, account, grouped],
        ).fetchall()
        expected = rank_published(database, question)
    assert rows == expected.select(COLUMNS).rows()
    assert bool(rows) == (within != "none:dog")


@pytest.mark.parametrize(
    ("by", "statistic"),
    [(by, one) for by in ALL_BY for one in PLAIN if RankingQuery("m", by, one).find_conflict()],
)
def test_a_statistic_that_a_measure_does_not_have_is_refused(
    tmp_path: Path, by: By, statistic: Statistic
) -> None:
    """A ranking by a share, such as comments per like, has no total or median; the message names both."""
    with pytest.raises(ValueError, match=f"--by {by} has no {statistic}"):
        rank(Home(tmp_path), RankingQuery("model", by, statistic))


def test_plain_python_computes_the_same_numbers(crowded: Home) -> None:
    """Every number of a ranking is what plain Python computes from the rows of the tables."""
    with crowded.lake.reader() as reader:
        rows = reader.execute(
            """select distinct p.source, p.post_id, p.account, l.label, o.likes
               from posts p join post_pictures using (source, post_id) join labels l using (sha256)
               join (select * from observations where likes is not null or likes_hidden qualify row_number() over
                     (partition by source, post_id order by observed_at desc) = 1) o using (source, post_id)
               where classifier = 'model' and version = '1' and o.likes is not null"""
        ).fetchall()
    posts = {(source, post_id) for source, post_id, *_ in rows}
    expected = {}
    for label in {row[3] for row in rows}:
        mine = [row for row in rows if row[3] == label]
        likes = sorted(row[4] for row in mine)
        middle = (likes[(len(likes) - 1) // 2] + likes[len(likes) // 2]) / 2
        accounts = len({(row[0], row[2]) for row in mine})
        total = sum(likes)
        share = len(mine) / len(posts)
        expected[label] = (len(mine), accounts, total, total / len(mine), middle, share)
    found = {row[1]: row[2:] for row in rank(crowded, RankingQuery("model", top=100)).rows()}
    assert found == expected


def test_the_macro_has_the_defaults_of_a_question(crowded: Home) -> None:
    """`top_labels('model')` returns the ten best by mean likes, as a question with defaults does."""
    with published(crowded) as database:
        short = database.execute("select * from top_labels('model')").fetchall()
        named = database.execute("select * from top_labels('model', by := 'likes', n := 10)").fetchall()
    assert short == named
    assert [row[: len(COLUMNS)] for row in short] == rank(crowded, RankingQuery("model")).rows()


@pytest.mark.parametrize(
    "wrong", ["by := 'beauty'", "statistic := 'mode'", "by := 'comments_per_like', statistic := 'total'"]
)
def test_an_unknown_order_is_rejected(crowded: Home, wrong: str) -> None:
    """A misspelt order is an error that lists the valid ones."""
    with published(crowded) as database, pytest.raises(duckdb.Error, match=r" is .* or "):
        database.execute(f"select * from top_labels('model', {wrong})").fetchall()


def test_only_classifiers_that_a_run_loaded_are_listed(crowded: Home) -> None:
    """Classifiers with current labels are listed in order; labels of a version that no run loaded do not count."""
    assert classifiers_with_labels(crowded) == ["model", "visual"]
