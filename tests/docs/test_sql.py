"""The pages' SQL runs on a real published database and returns rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse.home import Home
from warehouse.published import published


@pytest.fixture
def database(studio: Path, monkeypatch: pytest.MonkeyPatch):
    """The published database, opened as an analyst does, beside the home folder."""
    monkeypatch.chdir(studio)
    with duckdb.connect("data/likelens.duckdb", read_only=True) as connection:
        yield connection


def test_every_query_returns_rows(database, sql_block):
    """Each statement of each SQL block runs in plain DuckDB and returns rows."""
    for statement in database.extract_statements(sql_block.text):
        rows = database.execute(statement).fetchall()
        assert rows, f"no row: {statement.query}"


def test_every_query_that_writes_no_file_runs_in_likelens_sql(studio, database, sql_block):
    """`likelens sql`, which reads no other file, runs them too."""
    with published(Home(studio / "data"), only_lake=True) as closed:
        for statement in database.extract_statements(sql_block.text):
            if statement.type == duckdb.StatementType.SELECT:
                assert closed.execute(statement).fetchall()


BEST = "(select label from top_labels('visual', by := 'likes', n := 1))"


def test_a_traced_number_is_the_sum_of_its_rows(database, pages):
    """The cookbook's trace goes from a ranking's number to exactly the posts and pictures behind it."""
    (traced,) = (b for b in pages["sql-cookbook.md"].blocks("sql") if "select label, posts, total" in b.text)
    best, behind = (statement.query for statement in database.extract_statements(traced.text))
    assert BEST in behind
    ranking = database.execute("select label, posts, total from top_labels('visual', n := 99)").fetchall()
    assert ranking[0] == database.execute(best).fetchall()[0][:3]
    for label, posts, total in ranking:
        rows = database.execute(behind.replace(BEST, f"('{label}')")).fetchall()
        assert (len(rows), sum(likes for likes, *_ in rows)) == (posts, total)
        assert {version for _, _, version, *_ in rows} == {"visual-2"}
        assert all((Path("data") / path).is_file() for *_, path in rows)


def test_an_export_writes_its_files(database, studio, pages):
    """The exported CSV and Parquet files have as many rows as the view."""
    (export,) = (block for block in pages["sql-cookbook.md"].blocks("sql") if "copy (" in block.text)
    database.execute(export.text)
    assert (studio / "labels.csv").read_text().startswith("rank,label,posts")
    count = "select (select count(*) from 'post_labels.parquet'), (select count(*) from post_labels)"
    exported, stored = database.execute(count).fetchall()[0]
    assert exported == stored > 0
