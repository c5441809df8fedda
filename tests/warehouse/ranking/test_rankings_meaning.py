"""What a ranking counts: the last known numbers, a label once per post, the current version; and ties."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.measures import RUN_BY
from warehouse.ranking.plain_statistics import STATISTICS
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank, rank_posts
from warehouse.schema.picture_tables import LabelGroup, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Post, PostPicture

SCHEMA = {
    "source": pl.String,
    "post_id": pl.String,
    "label": pl.String,
    "account": pl.String,
    "likes": pl.Int64,
    "comments": pl.Int64,
}


@pytest.fixture
def show(
    home: Home,
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    run_row: Callable[..., StageRun],
) -> Callable[..., None]:
    """Store a post with these pictures and likes, and a run that loaded the classifier."""

    def store(post_id: str, pictures: Sequence[str], likes: int | None, account: str = "ann") -> None:
        home.lake.append([post_row(post_id, account=account)])
        home.lake.append(
            [post_picture_row(post_id, name, position=place) for place, name in enumerate(pictures)]
        )
        home.lake.append([observation_row(post_id, likes)])
        home.lake.append([run_row()])

    return store


@pytest.fixture
def ranked(home: Home, publish_changes: Callable[[Home], None]) -> Callable[..., list[tuple[Any, ...]]]:
    """Publish, and return these columns of a ranking."""

    def publish_and_rank(*columns: str, **question: Any) -> list[tuple[Any, ...]]:
        publish_changes(home)
        return rank(home, RankingQuery("model", **question)).select(*columns).rows()

    return publish_and_rank


@pytest.mark.slow
def test_a_group_counts_once_per_post(
    home: Home,
    show: Callable[..., None],
    label_row: Callable[..., PictureLabel],
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """A post with a tabby and a tiger cat is one post with a cat; a label without a group is its own group."""
    show("1", ["a", "b"], 100)
    show("2", ["c"], 40)
    home.lake.append(
        [label_row("a", "tabby"), label_row("a", "tiger cat", rank=2), label_row("b", "tabby"), label_row("b", "sky", rank=2),
         label_row("c", "Egyptian cat")]
    )  # fmt: skip
    cats = ("tabby", "tiger cat", "Egyptian cat")
    home.lake.append([LabelGroup(classifier="model", label=one, label_group="cat") for one in cats])
    home.lake.append([LabelGroup(classifier="other", label="sky", label_group="landscape")])
    columns = ("label", "posts", "total", "mean", "share")
    assert ranked(*columns, grouped=True) == [("sky", 1, 100, 100.0, 0.5), ("cat", 2, 140, 70.0, 1.0)]
    assert [row[:2] for row in ranked(*columns)] == [
        ("sky", 1), ("tabby", 1), ("tiger cat", 1), ("Egyptian cat", 1)
    ]  # fmt: skip


@pytest.mark.slow
def test_planted_effects_appear_in_their_order(
    home: Home,
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    label_row: Callable[..., PictureLabel],
    run_row: Callable[..., StageRun],
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """Kittens earn the most likes, questions the most comments, and sky is most frequent, in each ranking."""
    planted = {"kitten": (900, 20, 6), "question": (300, 90, 4), "food": (500, 5, 9), "sky": (100, 10, 15)}
    rows: list[tuple[str, str, int, int]] = []
    for label, (likes, comments, posts) in planted.items():
        rows += [(f"{label} {i}", label, likes + i, comments + i % 3) for i in range(posts)]
    home.lake.append([post_row(name) for name, *_ in rows])
    home.lake.append([post_picture_row(name, name) for name, *_ in rows])
    home.lake.append([observation_row(name, likes, comments) for name, _, likes, comments in rows])
    home.lake.append([label_row(name, label) for name, label, *_ in rows])
    home.lake.append([run_row()])
    for statistic in ("mean", "median"):
        by_likes = ranked("label", by="likes", statistic=statistic)
        assert by_likes == [("kitten",), ("food",), ("question",), ("sky",)]
        by_comments = ranked("label", by="comments", statistic=statistic)
        assert by_comments == [("question",), ("kitten",), ("sky",), ("food",)]
    assert ranked("label", by="likes", statistic="total")[0] == ("kitten",)
    assert ranked("label", "posts", by="count") == [
        ("sky", 15),
        ("food", 9),
        ("kitten", 6),
        ("question", 4),
    ]


def test_a_carousel_counts_a_label_once_with_its_best_score(
    home: Home,
    show: Callable[..., None],
    label_row: Callable[..., PictureLabel],
    sha: Callable[[str], str],
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """Three pictures of one post with a cat, one also in a region, are one post with a cat."""
    show("carousel", ["one", "two", "three"], 30)
    show("single", ["four"], 10)
    home.lake.append(
        [
            label_row("one", "cat", score=0.2),
            label_row("two", "cat", score=0.3),
            label_row("two", "cat", score=0.9, region=1),
            label_row("three", "cat", score=0.4),
            label_row("four", "cat", score=0.1),
        ]
    )
    assert ranked("label", "posts", "total", "mean") == [("cat", 2, 40, 20.0)]
    with published(home) as database:
        found = database.execute("select post_id, score, sha256 from post_labels order by 1").fetchall()
    assert found == [("carousel", 0.9, sha("two")), ("single", 0.1, sha("four"))]


@pytest.mark.slow
def test_a_picture_that_is_posted_twice_counts_for_each_post(
    home: Home,
    show: Callable[..., None],
    label_row: Callable[..., PictureLabel],
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """The label of a picture that two accounts post gets the likes of both posts."""
    show("first", ["same"], 10)
    show("again", ["same"], 1, account="bob")
    home.lake.append([label_row("same", "cat")])
    assert ranked("label", "posts", "accounts", "total") == [("cat", 2, 2, 11)]
    assert ranked("label", "posts", "total", account="bob") == [("cat", 1, 1)]


@pytest.mark.slow
def test_only_the_latest_observation_counts(
    home: Home,
    show: Callable[..., None],
    label_row: Callable[..., PictureLabel],
    observation_row: Callable[..., Observation],
    evening: datetime,
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """The last observed likes replace older ones, fewer or more; hidden likes are unknown."""
    for name in ("fewer", "hidden", "same"):
        show(name, [name], 100)
    home.lake.append([label_row(name, name) for name in ("fewer", "hidden", "same")])
    tonight = evening + timedelta(days=1)
    home.lake.append([observation_row("fewer", 40, observed_at=tonight)])
    home.lake.append([observation_row("hidden", None, observed_at=tonight, likes_hidden=True)])
    home.lake.append([observation_row("same", 1, observed_at=evening - timedelta(days=1))])
    assert ranked("label", "total") == [("same", 100), ("fewer", 40)]
    assert ranked("label", by="count") == [("fewer",), ("hidden",), ("same",)]


def test_an_unknown_number_is_skipped_and_zero_counts(
    home: Home,
    show: Callable[..., None],
    label_row: Callable[..., PictureLabel],
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """A post with hidden likes does not count in the mean and in `posts`; one with 0 likes does."""
    for name, likes in (("a", 10), ("b", None), ("c", 0)):
        show(name, [name], likes)
    home.lake.append([label_row(name, "cat") for name in "abc"])
    assert ranked("posts", "total", "mean", "share") == [(2, 10, 5.0, 1.0)]
    assert ranked("posts", by="count") == [(3,)]


@pytest.mark.slow
def test_the_last_loaded_version_counts(
    home: Home,
    show: Callable[..., None],
    label_row: Callable[..., PictureLabel],
    run_row: Callable[..., StageRun],
    evening: datetime,
    ranked: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """After a run with new weights only their labels count; after one with the old weights, the old labels do."""
    show("a", ["one"], 10)
    home.lake.append([label_row("one", "old"), label_row("one", "new", version="2")])
    assert ranked("label") == [("old",)]
    home.lake.append([run_row(version="2", run_id="second", started_at=evening + timedelta(days=1))])
    assert ranked("label") == [("new",)]
    failed = run_row(version=None, status="failed", run_id="third", started_at=evening + timedelta(days=2))
    home.lake.append([failed])
    assert ranked("label") == [("new",)], "a failed lane keeps its labels"
    home.lake.append([run_row(version="1", run_id="fourth", started_at=evening + timedelta(days=3))])
    assert ranked("label") == [("old",)]


def test_ties_are_ordered_by_posts_and_then_by_label() -> None:
    """With equal numbers the label with more posts is first, then the alphabet decides, for any order of rows."""
    worth = {"b": [6], "a": [6], "c": [3, 9], "Z": [6], "é": [6]}
    rows = [
        ("demo", f"{label}{i}", label, "ann", likes, likes)
        for label, many in worth.items()
        for i, likes in enumerate(many)
    ]
    for turned in (rows, rows[::-1], rows[2:] + rows[:2]):
        frame = pl.LazyFrame(turned, SCHEMA, orient="row")
        assert rank_posts(frame, RankingQuery("model"))["label"].to_list() == ["c", "Z", "a", "b", "é"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from("abcd"), st.none() | st.integers(0, 3)),
        unique_by=lambda row: row[:2],
    ),
    st.randoms(use_true_random=False),
    st.sampled_from(RUN_BY),
    st.sampled_from([one for one in STATISTICS if one != "lift"]),
)
def test_the_order_of_the_rows_changes_nothing(
    rows: list[tuple[int, str, int | None]], chosen: Any, by: str, statistic: str
) -> None:
    """The ranking is the same for every order in which DuckDB's threads return the rows."""
    full = [("demo", f"p{number}", label, "ann", likes, likes) for number, label, likes in rows]
    turned = full.copy()
    chosen.shuffle(turned)
    question = RankingQuery("model", by, statistic)  # type: ignore[arg-type]
    first, second = (rank_posts(pl.LazyFrame(f, SCHEMA, orient="row"), question) for f in (full, turned))
    assert first.rows() == second.rows()
