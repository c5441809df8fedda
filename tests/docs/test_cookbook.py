"""The cookbook has twenty questions; queries of several are equal to plain Polars over the lake's tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

PAGE = "sql-cookbook.md"
QUESTION = re.compile(r"^### (\d+)\. (.+\?)$", re.MULTILINE)


@pytest.fixture(scope="module")
def database(studio: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published database."""
    with duckdb.connect(str(studio / "data" / "likelens.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def answer(pages, database) -> Callable[[int], pl.DataFrame]:
    """The result of a question's first statement."""

    def run(number: int) -> pl.DataFrame:
        text = pages[PAGE].text
        after = text[text.index(f"\n### {number}. ") :]
        sql = re.search(r"^```sql\n(.*?)^```$", after, re.MULTILINE | re.DOTALL)[1]
        return database.sql(database.extract_statements(sql)[0].query).pl()

    return run


@pytest.fixture(scope="module")
def seen(studio: Path) -> pl.DataFrame:
    """Each post with its latest counts, by plain Polars; the studio has no hidden likes."""
    posts, observations = (
        pl.read_delta(str(studio / "data" / "lake" / name)) for name in ("posts", "observations")
    )
    latest = [pl.col(name).drop_nulls().last() for name in ("likes", "comments")]
    counts = observations.sort("observed_at").group_by("source", "post_id").agg(latest)
    return posts.join(counts, on=["source", "post_id"])


@pytest.fixture(scope="module")
def labelled(studio: Path, seen: pl.DataFrame) -> pl.DataFrame:
    """Each post's labels by the classifier visual, once, by plain Polars."""
    lake = studio / "data" / "lake"
    shown = pl.read_delta(str(lake / "post_pictures")).select("source", "post_id", "sha256")
    labels = pl.read_delta(str(lake / "labels")).filter(classifier="visual").select("sha256", "label")
    pairs = labels.join(shown, on="sha256").select("source", "post_id", "label").unique()
    return pairs.join(seen, on=["source", "post_id"])


def test_there_are_twenty_questions_each_with_a_query(pages):
    """They are numbered from 1 on, and a block of SQL follows each."""
    text = pages[PAGE].text
    found = list(QUESTION.finditer(text))
    assert [int(one[1]) for one in found] == list(range(1, 21))
    ends = [one.start() for one in found[1:]] + [len(text)]
    assert all("\n```sql\n" in text[one.end() : end] for one, end in zip(found, ends, strict=True))


def test_the_best_labels_are_those_of_polars(answer, labelled, database):
    """Rank, posts, total, mean and median of each label."""
    ours = (
        labelled.group_by("label")
        .agg(
            posts=pl.col("likes").count(),
            total=pl.col("likes").sum(),
            mean=pl.col("likes").mean(),
            median=pl.col("likes").median(),
        )
        .sort(["mean", "posts", "label"], descending=[True, True, False])
    )
    columns = ["label", "posts", "total", "mean", "median"]
    shown = database.sql("from top_labels('visual', by := 'likes', n := 99)").pl().select(columns)
    assert shown.rows() == ours.filter(pl.col("posts") > 0).select(columns).rows()
    assert len(answer(1)) > 0


def test_the_accounts_are_those_of_polars(answer, seen):
    """Posts and median likes of each account."""
    ours = seen.group_by("account").agg(posts=pl.len(), median_likes=pl.col("likes").median())
    shown = answer(8).select("account", "posts", "median_likes")
    assert shown.sort("account").rows() == ours.sort("account").rows()


def test_the_weekdays_are_those_of_polars(answer, seen):
    """Posts and likes, as a multiple of the account's median, on each weekday."""
    usual = (pl.col("likes") / pl.col("likes").median().over("source", "account")).alias("times")
    ours = seen.drop_nulls(["likes", "posted_at"]).with_columns(
        usual, weekday=pl.col("posted_at").dt.weekday().cast(int)
    )
    ours = ours.group_by("weekday").agg(posts=pl.len(), times=pl.col("times").median()).sort("weekday")
    shown = answer(10)
    assert shown.select("weekday", "posts").rows() == ours.select("weekday", "posts").rows()
    assert shown["times_usual"].to_list() == pytest.approx(ours["times"].to_list(), abs=0.005)


def test_the_kinds_are_those_of_polars(answer, seen):
    """Posts, known likes and means of images, carousels and videos."""
    ours = (
        seen.group_by("kind")
        .agg(
            posts=pl.len(),
            likes_known=pl.col("likes").count(),
            mean_likes=pl.col("likes").mean(),
            median_likes=pl.col("likes").median(),
            mean_comments=pl.col("comments").mean(),
        )
        .sort("mean_likes", descending=True)
    )
    assert answer(11).rows() == ours.rows()


def test_the_share_of_the_best_tenth_is_that_of_polars(answer, seen):
    """The likes of the best tenth of an account's posts."""
    for account, posts, likes, share in answer(15).rows():
        values = seen.filter(account=account)["likes"].drop_nulls().sort(descending=True)
        places = [int((values > value).sum()) / (len(values) - 1) for value in values]
        best = sum(value for value, place in zip(values, places, strict=True) if place < 0.1)
        assert (posts, likes, share) == (
            len(values),
            values.sum(),
            pytest.approx(best / values.sum(), abs=0.001),
        )


def test_the_talk_is_that_of_polars(answer, labelled):
    """Comments per hundred likes of each label."""
    counted = (
        labelled.filter(pl.col("likes") > 0)
        .drop_nulls("comments")
        .group_by("label")
        .agg(posts=pl.len(), talk=100 * pl.col("comments").sum() / pl.col("likes").sum())
        .filter(pl.col("posts") >= 3)
    )
    shown = {label: (posts, talk) for label, posts, talk in answer(16).rows()}
    assert shown == {label: (posts, pytest.approx(talk, abs=0.005)) for label, posts, talk in counted.rows()}


@pytest.mark.slow
def test_the_notebook_runs(pages, studio, monkeypatch):
    """Its cells run in order in the folder of the settings, and it has no stored output."""
    file = Path(__file__).resolve().parents[2] / "docs" / "cookbook.ipynb"
    cells = [cell for cell in json.loads(file.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert "cookbook.ipynb" in pages[PAGE].text and not any(cell["outputs"] for cell in cells)
    monkeypatch.chdir(studio)
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile("".join(cell["source"]), file.name, "exec"), names)  # noqa: S102 - our own notebook
    assert len(names["labels"]) == 10 and len(names["posts"]) > 0
