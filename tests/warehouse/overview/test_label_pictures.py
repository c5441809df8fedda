"""The pictures behind labels: their places, and re-posts and near-duplicates once."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse.overview.label_pictures import label_pictures
from warehouse.ranking.ranking_query import RankingQuery


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Seven posts with a tabby or a tiger cat. The fourth is a re-post of the first, the fifth nearly the second."""
    with duckdb.connect() as connection:
        connection.execute("""
            create table labelled as
            select 's' as source, 'post ' || number as post_id, 'c' as classifier,
                   if(number % 2 = 1, 'tabby', 'tiger cat') as label, 'cat' as label_group, 'ann' as account,
                   timestamp '2026-01-01' + number * interval 1 day as posted_at, 0.9 as score,
                   nullif([100, 900, 300, 400, 500, 600, -1][number], -1) as likes, number as comments,
                   ['1', '2', '3', '1', '5', '6', '7'][number] as sha256
            from range(1, 8) numbers(number)""")
        connection.execute("create view post_labels as from labelled")
        connection.execute(
            "create view posts as select *, 'http://x.org/' || post_id as url, 'image' as kind from labelled"
        )
        connection.execute(
            "create view pictures as select distinct sha256, sha256 || '.png' as path from labelled"
        )
        connection.execute("create view embedding_codes as select 'c' as classifier")
        connection.execute("""create view near_duplicates as
            select 's' as source, 'ann' as account, '5' as sha256, 'c' as classifier, '2' as original""")
        yield connection


def test_a_picture_counts_once_with_its_best_post(database: duckdb.DuckDBPyConnection) -> None:
    """Of a re-post and of near-duplicates the post with most likes stays; a post without likes has no place."""
    found = label_pictures(database, RankingQuery("c", grouped=True), ["cat", "dog"], 6)
    assert [(one.label, one.post_id, one.likes, one.from_best, one.from_worst) for one in found] == [
        ("cat", "post 2", 900, 1, 4),
        ("cat", "post 6", 600, 2, 3),
        ("cat", "post 4", 400, 3, 2),
        ("cat", "post 3", 300, 4, 1),
    ]
    # The median is 500.
    assert [one.from_middle for one in found] == [4, 2, 1, 3]


def test_a_question_chooses_posts_and_labels(database: duckdb.DuckDBPyConnection) -> None:
    """Only posts of the question count, and so many pictures of each place are read; without likes comments order them."""
    tabbies = label_pictures(database, RankingQuery("c", kind="image"), ["tabby"], 1)
    assert [one.post_id for one in tabbies] == ["post 5", "post 3", "post 1"]
    assert label_pictures(database, RankingQuery("c", account="bob"), ["tabby"], 6) == []
    database.execute("update labelled set likes = null")
    (best, *_) = label_pictures(database, RankingQuery("c", grouped=True), ["cat"], 6)
    assert best.post_id == "post 7"
