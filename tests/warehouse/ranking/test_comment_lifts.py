"""What people say under labels: the lifts for the report, which comments were measured, and why there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.ranking.comment_coverage import describe_comments
from warehouse.ranking.comment_lifts import COLUMNS, comment_lifts
from warehouse.ranking.empty_rankings import why_empty
from warehouse.ranking.measures import COMMENT_BY
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank, ranked_database
from warehouse.schema.comment_tables import CommentReading
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Comment, Row

pytestmark = pytest.mark.slow

FIRST = datetime(2025, 1, 1, 6, 30)
POSTS = 120


def test_the_reasons_and_the_lifts(
    home: Home,
    labelled_post: Callable[..., list[Row]],
    reading_row: Callable[..., CommentReading],
    run_row: Callable[..., StageRun],
    store_rows: Callable[[Home, Sequence[Row]], None],
) -> None:
    """One home from no comment to measured ones: each step has its sentence, and then all measures their lifts."""
    posts = [
        row
        for number in range(POSTS)
        for row in labelled_post(
            f"{number:03}", ["dog"] if number % 3 else ["cat"], 100 + number % 7, 3 + number % 4,
            posted_at=FIRST + timedelta(hours=9 * number), days=12,
        )
    ]  # fmt: skip
    store_rows(home, [*posts, run_row()])
    assert _why(home, "tone").startswith(
        "No comment of these posts is stored, so there is no tone to rank by."
    )
    keys = [(f"{number:03}", str(place)) for number in range(POSTS) for place in range(5)]
    store_rows(home, [_comment(*key) for key in keys])
    assert _why(home, "spam") == "None of the 600 stored comments has been read yet. Run `likelens run`."
    store_rows(home, [reading_row(*key, tone=None, language="ja") for key in keys])
    assert _why(home, "tone") == (
        "None of the 600 read comments has a tone: no lexicon or model fits their languages (ja 600). Rank by questions or"
        " spam, which need none."
    )
    newer = [
        reading_row(
            post, place, version="newer", read_at=FIRST + timedelta(days=900), spam=place == "4",
            tone=None if place == "3" else -0.1 if place == "1" and int(post) % 5 else 0.9, question=place < "2",
        )
        for post, place in keys
    ]  # fmt: skip
    store_rows(home, newer)
    publish(home)
    question = RankingQuery("model", "tone", "lift")
    with ranked_database(home, question) as database:
        assert describe_comments(database, question) == (
            "Of 600 stored comments 600 (100 %) were read, and of the 480 without spam 360 (75 %) have a measured tone."
        )
        lifts = comment_lifts(database, question)
    assert tuple(lifts.columns) == COLUMNS
    assert set(lifts["measure"]) >= {"tone", "comments_per_like"}
    for by in COMMENT_BY:
        expected = rank(home, RankingQuery("model", by, "lift")).select(COLUMNS[1:])
        assert_frame_equal(lifts.filter(measure=by).select(COLUMNS[1:]), expected)
    tones = lifts.filter(pl.col("measure") == "tone", pl.col("label") == "dog")
    assert tones.select("posts", "denominator", "rate").rows() == [(80, 240, 176 / 240)]


def _why(home: Home, by: str) -> str:
    publish(home)
    question = RankingQuery("model", by, "lift")  # type: ignore[arg-type]
    assert rank(home, question).is_empty()
    with ranked_database(home, question) as database:
        return why_empty(database, question)


def _comment(post_id: str, comment_id: str) -> Comment:
    return Comment(
        source="demo", post_id=post_id, comment_id=comment_id, parent_id=None, author=None, text="a text",
        posted_at=None, likes=None,
    )  # fmt: skip
