"""What a ranking counts: the latest numbers, a label once a post, the current version, and ties in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.home import Home
from warehouse.publish import publish, published
from warehouse.rankings import MEASURES, STATISTICS, Question, rank, rank_posts
from warehouse.tables import LabelGroup, Observation, PictureLabel, Post, PostPicture, StageRun

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
    post: Callable[..., Post],
    shows: Callable[..., PostPicture],
    observed: Callable[..., Observation],
    loaded: Callable[..., StageRun],
) -> Callable[..., None]:
    """Store a post with these pictures and likes, by a classifier that a run has loaded."""

    def store(post_id: str, pictures: Sequence[str], likes: int | None, account: str = "ann") -> None:
        home.lake.append([post(post_id, account=account)])
        home.lake.append([shows(post_id, name, position=place) for place, name in enumerate(pictures)])
        home.lake.append([observed(post_id, likes)])
        home.lake.append([loaded()])

    return store


def ranked(home: Home, *columns: str, **question: Any) -> list[tuple[Any, ...]]:
    publish(home)
    return rank(home, Question("model", **question)).select(*columns).rows()


def test_a_group_counts_once_a_post(
    home: Home, show: Callable[..., None], labelled: Callable[..., PictureLabel]
) -> None:
    """A post that shows a tabby and a tiger cat is one post with a cat; a label without a group stands for itself."""
    show("1", ["a", "b"], 100)
    show("2", ["c"], 40)
    home.lake.append(
        [labelled("a", "tabby"), labelled("a", "tiger cat", rank=2), labelled("b", "tabby"), labelled("b", "sky", rank=2),
         labelled("c", "Egyptian cat")]
    )  # fmt: skip
    cats = ("tabby", "tiger cat", "Egyptian cat")
    home.lake.append([LabelGroup(classifier="model", label=one, label_group="cat") for one in cats])
    home.lake.append([LabelGroup(classifier="other", label="sky", label_group="landscape")])
    columns = ("label", "posts", "total", "mean", "share")
    assert ranked(home, *columns, grouped=True) == [("sky", 1, 100, 100.0, 0.5), ("cat", 2, 140, 70.0, 1.0)]
    assert [row[:2] for row in ranked(home, *columns)] == [
        ("sky", 1), ("tabby", 1), ("tiger cat", 1), ("Egyptian cat", 1)
    ]  # fmt: skip


def test_planted_effects_come_out_in_their_order(
    home: Home,
    post: Callable[..., Post],
    shows: Callable[..., PostPicture],
    observed: Callable[..., Observation],
    labelled: Callable[..., PictureLabel],
    loaded: Callable[..., StageRun],
) -> None:
    """Kittens earn most likes, questions most comments, and sky is most frequent: each ranking says so."""
    planted = {"kitten": (900, 20, 6), "question": (300, 90, 4), "food": (500, 5, 9), "sky": (100, 10, 15)}
    rows: list[tuple[str, str, int, int]] = []
    for label, (likes, comments, posts) in planted.items():
        rows += [(f"{label} {i}", label, likes + i, comments + i % 3) for i in range(posts)]
    home.lake.append([post(name) for name, *_ in rows])
    home.lake.append([shows(name, name) for name, *_ in rows])
    home.lake.append([observed(name, likes, comments) for name, _, likes, comments in rows])
    home.lake.append([labelled(name, label) for name, label, *_ in rows])
    home.lake.append([loaded()])
    for statistic in ("mean", "median"):
        by_likes = ranked(home, "label", by="likes", statistic=statistic)
        assert by_likes == [("kitten",), ("food",), ("question",), ("sky",)]
        by_comments = ranked(home, "label", by="comments", statistic=statistic)
        assert by_comments == [("question",), ("kitten",), ("sky",), ("food",)]
    assert ranked(home, "label", by="likes", statistic="total")[0] == ("kitten",)
    assert ranked(home, "label", "posts", by="count") == [
        ("sky", 15),
        ("food", 9),
        ("kitten", 6),
        ("question", 4),
    ]


def test_a_carousel_counts_a_label_once_with_its_best_score(
    home: Home, show: Callable[..., None], labelled: Callable[..., PictureLabel], sha: Callable[[str], str]
) -> None:
    """Three pictures of one post that all show a cat, one also in a region, are one post with a cat."""
    show("carousel", ["one", "two", "three"], 30)
    show("single", ["four"], 10)
    home.lake.append(
        [
            labelled("one", "cat", score=0.2),
            labelled("two", "cat", score=0.3),
            labelled("two", "cat", score=0.9, region=1),
            labelled("three", "cat", score=0.4),
            labelled("four", "cat", score=0.1),
        ]
    )
    assert ranked(home, "label", "posts", "total", "mean") == [("cat", 2, 40, 20.0)]
    with published(home) as database:
        found = database.execute("select post_id, score, sha256 from post_labels order by 1").fetchall()
    assert found == [("carousel", 0.9, sha("two")), ("single", 0.1, sha("four"))]


def test_a_picture_posted_again_counts_for_each_post(
    home: Home, show: Callable[..., None], labelled: Callable[..., PictureLabel]
) -> None:
    """Labelled once, a picture that two accounts post earns its label the likes of both."""
    show("first", ["same"], 10)
    show("again", ["same"], 1, account="bob")
    home.lake.append([labelled("same", "cat")])
    assert ranked(home, "label", "posts", "accounts", "total") == [("cat", 2, 2, 11)]
    assert ranked(home, "label", "posts", "total", account="bob") == [("cat", 1, 1)]


def test_only_the_latest_observation_counts(
    home: Home,
    show: Callable[..., None],
    labelled: Callable[..., PictureLabel],
    observed: Callable[..., Observation],
    evening: datetime,
) -> None:
    """Likes of last night replace the older ones, fewer or more; once they are hidden they are unknown."""
    for name in ("fewer", "hidden", "same"):
        show(name, [name], 100)
    home.lake.append([labelled(name, name) for name in ("fewer", "hidden", "same")])
    tonight = evening + timedelta(days=1)
    home.lake.append([observed("fewer", 40, observed_at=tonight)])
    home.lake.append([observed("hidden", None, observed_at=tonight, likes_hidden=True)])
    home.lake.append([observed("same", 1, observed_at=evening - timedelta(days=1))])
    assert ranked(home, "label", "total") == [("same", 100), ("fewer", 40)]
    assert ranked(home, "label", by="count") == [("fewer",), ("hidden",), ("same",)]


def test_an_unknown_number_is_left_out_and_zero_is_not(
    home: Home, show: Callable[..., None], labelled: Callable[..., PictureLabel]
) -> None:
    """A post with hidden likes lowers no mean and is no post of `posts`; one with 0 likes does and is."""
    for name, likes in (("a", 10), ("b", None), ("c", 0)):
        show(name, [name], likes)
    home.lake.append([labelled(name, "cat") for name in "abc"])
    assert ranked(home, "posts", "total", "mean", "share") == [(2, 10, 5.0, 1.0)]
    assert ranked(home, "posts", by="count") == [(3,)]


def test_the_version_that_was_loaded_last_counts(
    home: Home,
    show: Callable[..., None],
    labelled: Callable[..., PictureLabel],
    loaded: Callable[..., StageRun],
    evening: datetime,
) -> None:
    """With new weights their labels count and the old ones rest; back with the old weights, theirs do."""
    show("a", ["one"], 10)
    home.lake.append([labelled("one", "old"), labelled("one", "new", version="2")])
    assert ranked(home, "label") == [("old",)]
    home.lake.append([loaded(version="2", run_id="second", started_at=evening + timedelta(days=1))])
    assert ranked(home, "label") == [("new",)]
    failed = loaded(version=None, status="failed", run_id="third", started_at=evening + timedelta(days=2))
    home.lake.append([failed])
    assert ranked(home, "label") == [("new",)], "a lane that could not load keeps its labels"
    home.lake.append([loaded(version="1", run_id="fourth", started_at=evening + timedelta(days=3))])
    assert ranked(home, "label") == [("old",)]


def test_ties_are_ordered_by_posts_and_then_by_label() -> None:
    """Equal numbers: the label with more posts first, then by the alphabet, whatever the order of the rows."""
    worth = {"b": [6], "a": [6], "c": [3, 9], "Z": [6], "é": [6]}
    rows = [
        ("demo", f"{label}{i}", label, "ann", likes, likes)
        for label, many in worth.items()
        for i, likes in enumerate(many)
    ]
    for turned in (rows, rows[::-1], rows[2:] + rows[:2]):
        frame = pl.LazyFrame(turned, SCHEMA, orient="row")
        assert rank_posts(frame, Question("model"))["label"].to_list() == ["c", "Z", "a", "b", "é"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from("abcd"), st.none() | st.integers(0, 3)),
        unique_by=lambda row: row[:2],
    ),
    st.randoms(use_true_random=False),
    st.sampled_from(MEASURES),
    st.sampled_from(STATISTICS),
)
def test_the_order_of_the_rows_changes_nothing(
    rows: list[tuple[int, str, int | None]], chosen: Any, by: str, statistic: str
) -> None:
    """However DuckDB's threads hand the rows over, the ranking is the same."""
    full = [("demo", f"p{number}", label, "ann", likes, likes) for number, label, likes in rows]
    turned = full.copy()
    chosen.shuffle(turned)
    question = Question("model", by, statistic)  # type: ignore[arg-type]
    first, second = (rank_posts(pl.LazyFrame(f, SCHEMA, orient="row"), question) for f in (full, turned))
    assert first.rows() == second.rows()
