"""A process that publishes again takes the database that it built last, of the same or of another home folder."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from warehouse.database import publish as publishing
from warehouse.database.publish import publish
from warehouse.home import Home

pytestmark = pytest.mark.slow

DEFINED = """
    select 'view', view_name, sql, comment from duckdb_views() where not internal
    union all select 'column', table_name || '.' || column_name, data_type, comment from duckdb_columns() where not internal
    union all select 'macro', function_name, macro_definition, comment from duckdb_functions() where not internal
    order by all"""


def read(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.database), read_only=True) as database:
        return database.execute(sql).fetchall()


@pytest.fixture
def of_new_process(home: Home, post_row: Any, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder with rows, which a process published that had published nothing before."""
    monkeypatch.setattr(publishing, "_latest", [])
    home.lake.upsert([post_row("one"), post_row("two")])
    publish(home)
    return home


def test_a_database_has_the_same_definitions_whatever_was_published_before(of_new_process, new_home):
    """Queries, types, comments and macros are those of a process that published only this home folder."""
    alone = read(of_new_process, DEFINED)
    publish(of_new_process)
    assert read(of_new_process, DEFINED) == alone
    publish(new_home())
    publish(of_new_process)
    assert read(of_new_process, DEFINED) == alone


def test_each_home_folder_shows_its_own_rows(of_new_process, new_home, post_row):
    """A database that was built after another one's reads the files of its own lake, and those that are new."""
    other, count = new_home(), "select list(post_id order by post_id) from posts"
    publish(other)
    assert read(other, count) == [(None,)]
    other.lake.upsert([post_row("three")])
    publish(other)
    assert read(other, count) == [(["three"],)]
    assert read(of_new_process, count) == [(["one", "two"],)]


def test_many_publishes_do_not_make_the_database_larger(of_new_process, post_row):
    """The file gets no remains of the definitions that a publish replaced."""
    sizes = []
    for number in range(8):
        of_new_process.lake.upsert([post_row(f"new {number}")])
        publish(of_new_process)
        sizes.append(of_new_process.database.stat().st_size)
    assert sizes[-1] <= 1.2 * sizes[0]
