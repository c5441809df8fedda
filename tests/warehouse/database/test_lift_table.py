"""The tables `lifts` and `compared_posts` and the macro `top_lifts`: equal to the ranking by lift to the digit, and computed when necessary."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.overview.status import read_status
from warehouse.published import published
from warehouse.ranking.comparable_posts import comparable_posts, count_posts
from warehouse.ranking.lift_rankings import COLUMNS, rank_lifts
from warehouse.ranking.measures import By
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.schema.picture_tables import LabelGroup
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Row
from warehouse.upkeep.forgetting import forget_account

MakePost = Callable[..., list[Row]]
Store = Callable[[Home, list[Row]], None]
FIRST = datetime(2025, 1, 1, 6, 30)
LABELS = ("cat", "tabby", "dog", "sky", "food", "Éclair", "eclair", "日本", "it's")
HOSTILE = ("'; drop table lifts; --", '" or 1=1', "o'hara", "%_\\", "grouped", "{by}", "$classifier", "?")
ONE = "lift, low, high, p, q, posts, accounts, total, mean, median, share"


def make_posts(labelled_post: MakePost) -> list[Row]:
    """480 posts of 4 accounts in 2 sources; those with `double` have 2 times the likes of the others."""
    chosen = random.Random(5)
    rows: list[Row] = []
    for number in range(480):
        labels = chosen.sample(LABELS, chosen.randrange(1, 4)) + ["double"] * (number % 4 == 0)
        source, account, usual = chosen.choice(
            [("demo", "ann", 900), ("demo", "bob", 40), ("other", "ann", 5_000), ("other", "o'hara", 200)]
        )
        likes = round(usual * chosen.lognormvariate(0, 0.3)) * (2 if "double" in labels else 1)
        hidden = chosen.random() < 0.05
        rows += labelled_post(
            f"p{number:03}",
            labels,
            None if hidden else likes,
            chosen.choice([None, 0, 1, 2, 3, 3, 5 if "dog" in labels else 4]),
            days=chosen.choice([0.5, 3, 8, 12, 30, 60]) if number % 4 else 20,
            hidden=hidden,
            source=source,
            account=account,
            kind=chosen.choice(["image", "image", "video", "carousel"]),
            posted_at=None if number % 31 == 7 else FIRST + timedelta(hours=number * 7),
        )
    return rows


@pytest.fixture(scope="module")
def shared_gallery(
    prepared: Path,
    tmp_path_factory: pytest.TempPathFactory,
    labelled_post: MakePost,
    store_rows: Store,
    run_row: Callable[..., StageRun],
) -> Home:
    """A published home folder with these posts, for tests that only read."""
    home = Home(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("gallery") / "home")))
    cats = [LabelGroup(classifier="model", label=one, label_group="a cat") for one in ("cat", "tabby")]
    store_rows(home, [*make_posts(labelled_post), *cats, run_row()])
    publish(home)
    return home


@pytest.fixture
def gallery(shared_gallery: Home, tmp_path: Path) -> Home:
    """A copy of it, for tests that write."""
    home = Home(Path(shutil.copytree(shared_gallery.folder, tmp_path / "home")))
    publish(home)
    return home


@pytest.fixture(scope="module")
def database(shared_gallery: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published database."""
    with published(shared_gallery) as connection:
        yield connection


def read(home: Home, query: str) -> list[tuple[Any, ...]]:
    with published(home) as connection:
        return connection.execute(query).fetchall()


def read_lifts(home: Home) -> list[tuple[Any, ...]]:
    return read(home, "select * exclude (computed_at, computed_from) from lifts order by all")


@pytest.mark.parametrize(
    ("by", "grouped", "min_posts", "top"),
    [
        *product(["likes", "comments"], [False, True], [1], [100]),
        *(("likes", False, *one) for one in [(10, 100), (65, 100), (10, 3), (1_000, 10)]),
        ("comments", True, 10, 3),
    ],
)
def test_the_macro_and_the_ranking_agree_to_the_digit(
    shared_gallery: Home,
    database: duckdb.DuckDBPyConnection,
    by: By,
    grouped: bool,
    min_posts: int,
    top: int,
) -> None:
    """For both measures, grouped or not, and any number of posts, both return the same rows and digits."""
    question = RankingQuery("model", by, "lift", top, min_posts=min_posts, grouped=grouped)
    ranking = rank_lifts(database, question)
    assert_frame_equal(rank(shared_gallery, question), ranking)
    found = database.execute(
        'from top_lifts($1, "by" := $2, n := $3, min_posts := $4, grouped := $5)',
        ["model", by, top, min_posts, grouped],
    )
    assert tuple(column[0] for column in found.description or []) == tuple(ranking.columns) == COLUMNS
    assert found.fetchall() == ranking.rows()
    assert ranking.is_empty() if min_posts == 1_000 else len(ranking) >= 3
    labels = set(ranking["label"])
    assert not labels & ({"cat", "tabby"} if grouped else {"a cat"})


def test_the_macro_has_the_defaults_of_a_question(
    shared_gallery: Home, database: duckdb.DuckDBPyConnection
) -> None:
    """`top_lifts('model')` returns the ten best by likes, of labels with at least 10 posts."""
    short = read(shared_gallery, "from top_lifts('model')")
    assert short == rank_lifts(database, RankingQuery("model", "likes", "lift")).rows()


@pytest.mark.parametrize("by", ["likes", "comments"])
def test_the_stored_counts_are_those_of_the_posts(database: duckdb.DuckDBPyConnection, by: By) -> None:
    """Which posts a ranking compares is read from the table, and equals what the posts themselves say."""
    question = RankingQuery("model", by, "lift")
    read = count_posts(database, question)
    assert read == comparable_posts(database, question).counts
    assert read.counted > 300 and read.young and read.without_date
    assert replace(question, top=3, min_posts=20, grouped=True).is_stored
    of_account = count_posts(database, replace(question, account="bob"))
    assert 0 < of_account.counted < read.counted and of_account.accounts == 1


@pytest.mark.slow
def test_a_database_of_an_older_likelens_is_ranked(gallery: Home) -> None:
    """Without the macro, as an older likelens published it, the lifts are computed."""
    question = RankingQuery("model", "likes", "lift")
    stored = rank(gallery, question)
    with duckdb.connect(str(gallery.database)) as database:
        database.execute("drop macro table top_lifts; drop view lifts")
    assert_frame_equal(rank(gallery, question), stored)


def test_a_known_lift_is_found(database: duckdb.DuckDBPyConnection) -> None:
    """Posts with 2 times the likes of the others have a lift near 2, the first rank, and a small q; the others not."""
    best = database.execute("select label, lift, low, high from top_lifts('model')").fetchall()
    label, lift, low, high = best[0]
    assert label == "double"
    assert 1.85 < lift < 2.15 and 1.7 < low < 2 < high < 2.3
    certain = """select label from lifts where classifier = 'model' and measure = 'likes' and not grouped
                 and posts >= 10 and low > 1 and q < 0.05"""
    assert database.execute(certain).fetchall() == [("double",)]


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("wrong", ["'count'", "'beauty'", "null"])
def test_a_wrong_measure_is_rejected(
    shared_gallery: Home, published_home: Home, wrong: str, empty: bool
) -> None:
    """A measure without a lift is an error that names the valid ones, also where nothing is stored yet."""
    with pytest.raises(duckdb.Error, match="by is likes or comments"):
        read(published_home if empty else shared_gallery, f"from top_lifts('model', by := {wrong})")


@pytest.mark.slow
def test_the_table_has_every_label_and_why_it_has_no_lift(
    home: Home, labelled_post: MakePost, store_rows: Store, run_row: Callable[..., StageRun]
) -> None:
    """A label that all posts have has a row with its numbers and the reason, and no row in the ranking."""
    rows = [
        row
        for number in range(40)
        for row in labelled_post(f"{number}", ["all", "even"][: 2 - number % 2], 10 + number * 7 % 11)
    ]
    store_rows(home, [*rows, run_row()])
    publish(home)
    columns = "label, grouped, posts, accounts, reason, lift is null, low is null, total, share"
    found = read(home, f"select {columns} from lifts where measure = 'likes' order by label, grouped")
    total = sum(10 + number * 7 % 11 for number in range(40))
    expected = ("all", 40, 1, "no_others", True, True, total, 1.0)
    assert [(row[0], *row[2:]) for row in found[:2]] == [expected, expected]
    assert [row[1:7] for row in found[2:]] == [(group, 20, 1, None, False, False) for group in (False, True)]
    assert read(home, "select label from top_lifts('model')") == [("even",)]


@pytest.mark.slow
def test_a_young_post_changes_nothing(gallery: Home, labelled_post: MakePost, store_rows: Store) -> None:
    """A post with a million likes that was last observed a day after it appeared has no effect; an older one has."""
    before = read_lifts(gallery)
    at = {"account": "bob", "posted_at": FIRST + timedelta(days=20)}
    store_rows(gallery, labelled_post("viral", ["sky", "new"], 10**6, None, days=1, **at))
    publish(gallery)
    assert read_lifts(gallery) == before
    store_rows(gallery, labelled_post("old", ["sky", "new"], 10**6, None, days=8, **at))
    publish(gallery)
    assert read_lifts(gallery) != before


@pytest.mark.slow
def test_an_unchanged_home_costs_no_estimation(
    gallery: Home,
    run_row: Callable[..., StageRun],
    observation_row: Callable[..., Observation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lifts are estimated again after a new row or another method, and not after a publish or run without one."""
    files, before = gallery.lake.files("lifts"), gallery.database.read_bytes

    def fail(*_: object) -> None:
        raise ArithmeticError("estimated")

    with monkeypatch.context() as patched:
        patched.setattr("warehouse.ranking.lift_rankings.all_lifts", fail)
        publish(gallery)
        gallery.lake.append([run_row(run_id="later"), run_row("", None, stage="publish")])
        publish(gallery)
        assert gallery.lake.files("lifts") == files
        last = before()
        with monkeypatch.context() as other:
            other.setattr("warehouse.database.lift_table.METHOD", -1)
            with pytest.raises(ArithmeticError):
                publish(gallery)
        gallery.lake.append([observation_row("p000", 5)])
        with pytest.raises(ArithmeticError):
            publish(gallery)
        assert before() == last, "a failed estimation leaves the last database"
        assert not list(gallery.folder.glob(".likelens*.duckdb*"))
        assert len(read(gallery, "from top_lifts('model')")) == 10
    publish(gallery)
    assert gallery.lake.files("lifts") != files


@pytest.mark.slow
def test_a_new_version_of_the_classifier_is_ranked(
    gallery: Home, run_row: Callable[..., StageRun], evening: datetime
) -> None:
    """After a run with other weights, which has no labels yet, the table is empty; after the old ones it is back."""
    before = read_lifts(gallery)
    for days, version in enumerate(("2", "1"), 1):
        later = evening + timedelta(days=days)
        gallery.lake.append([run_row("model", version, run_id=version, started_at=later)])
        publish(gallery)
        assert read_lifts(gallery) == (before if version == "1" else [])


@pytest.mark.slow
def test_an_older_home_gets_the_table(gallery: Home) -> None:
    """Status works on a home folder without the table, and the next run creates and fills it."""
    before = read_lifts(gallery)
    shutil.rmtree(gallery.lake.folder / "lifts")
    assert read_status(gallery.lake)
    gallery.prepare()
    assert gallery.lake.files("lifts") == []
    publish(gallery)
    assert read_lifts(gallery) == before


@pytest.mark.slow
def test_hostile_names_change_nothing(
    home: Home,
    labelled_post: MakePost,
    store_rows: Store,
    run_row: Callable[..., StageRun],
) -> None:
    """Labels and accounts with quotes and SQL have the lifts of plain names, and a classifier may have such a name."""
    results = []
    plain = [f"name {number}" for number in range(len(HOSTILE))]
    ordered = sorted(HOSTILE)
    for names, source in ((plain, "plain"), (ordered, "hostile")):
        folder = Home(home.folder / source)
        folder.prepare()
        chosen = random.Random(3)
        rows: list[Row] = []
        for number in range(200):
            account = names[number % 3]
            labels = [names[one] for one in sorted(chosen.sample(range(len(names)), 2))]
            likes, at = chosen.randrange(10, 99), FIRST + timedelta(hours=number)
            rows += labelled_post(f"{number}", labels, likes, account=account, posted_at=at)
        store_rows(folder, [*rows, run_row()])
        publish(folder)
        found = read(folder, f"select label, measure, grouped, {ONE} from lifts order by all")
        results.append([(names.index(label), *numbers) for label, *numbers in found])
        question = RankingQuery("model", "likes", "lift", 100, account=names[0], min_posts=1)
        results[-1] += [(names.index(label), *rest) for _, label, *rest in rank(folder, question).rows()]
        assert read(folder, "from top_lifts('''; drop table lifts; --')") == []
    assert results[0] == results[1]
    assert len(results[0]) == len(HOSTILE) * 5


@pytest.mark.slow
def test_the_forgotten_leave_no_number(
    gallery: Home, shared_gallery: Home, labelled_post: MakePost, store_rows: Store
) -> None:
    """After an account is forgotten, the lifts are those of a home folder that never had it."""
    rows = [
        row
        for number in range(60)
        for row in labelled_post(
            f"m{number}", ["sky", f"secret {number % 2}"], 10 + number % 7, account="mallory", days=9
        )
    ]
    store_rows(gallery, rows)
    publish(gallery)
    assert read(gallery, "select posts from lifts where label = 'secret 1' and measure = 'likes'")
    assert read_lifts(gallery) != read_lifts(shared_gallery)
    forget_account(gallery, "mallory", None)
    publish(gallery)
    assert read_lifts(gallery) == read_lifts(shared_gallery)
