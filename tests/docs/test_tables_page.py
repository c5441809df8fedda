"""docs/tables.md agrees with the published database, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest

from tasks.fetch.attempt import Reason
from tasks.fetch.retry_schedule import RETRY_SCHEDULES
from warehouse.database.sql import MACROS, VIEWS
from warehouse.schema.tables import TABLES

PARAMETER = re.compile(r'(?:^|, )"?(\w+)"?(?: := ([^,]+))?')


@pytest.fixture(scope="module")
def database(studio) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published database."""
    with duckdb.connect(str(studio / "data" / "likelens.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture
def page(pages):
    """The page."""
    return pages["tables.md"]


def columns(database: duckdb.DuckDBPyConnection, name: str) -> list[list[str]]:
    """Return name, type and comment of a view's columns."""
    query = "select column_name, data_type, comment from duckdb_columns() where table_name = ? order by column_index"
    found = database.execute(query, [name]).fetchall()
    return [list(row) for row in found]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_described_with_its_columns(page, database, name):
    """The page has the columns of the database in order, with types, nulls, meanings and key."""
    rows = page.rows(f"### {name}", "| column | type | null | meaning |")
    assert [[column, kind, meaning] for column, kind, _, meaning in rows] == columns(database, name)
    nulls = {column.name: "yes" if column.nullable else "no" for column in TABLES[name].columns}
    assert {column: null for column, _, null, _ in rows} == nulls
    assert f"\nKey: {', '.join(TABLES[name].key)}\n" in page.section(f"### {name}")


@pytest.mark.parametrize("name", [view.name for view in VIEWS])
def test_every_view_is_described_with_its_columns(page, database, name):
    """The page has the columns of the views in order, with types and meanings."""
    assert page.rows(f"### {name}", "| column | type | meaning |") == columns(database, name)


@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: macro.name)
def test_every_macro_is_described_with_its_parameters_and_columns(page, database, macro):
    """A macro's parameters, their defaults and the result's columns are those of the database."""
    parameters = [[name, default.strip()] for name, default in PARAMETER.findall(macro.parameters)]
    heading = f"### {macro.name}"
    described = page.rows(heading, "| parameter | default | meaning |")
    assert [[name, default] for name, default, _ in described] == parameters
    required = ", ".join("'visual'" for _, default in parameters if not default)
    result = database.execute(f"describe from {macro.name}({required})").fetchall()
    described = page.rows(heading, "| column | type | meaning |")
    assert [(name, kind) for name, kind, _ in described] == [(name, kind) for name, kind, *_ in result]


def test_the_page_describes_only_existing_views_and_macros(page, database):
    """Each name with its own section is a view or a macro of the database."""
    existing = {name for (name,) in database.execute("select view_name from duckdb_views()").fetchall()}
    existing |= {macro.name for macro in MACROS}
    assert set(re.findall(r"^### (.+)$", page.text, re.MULTILINE)) <= existing


def test_every_reason_of_a_failed_fetch_is_described(page):
    """Each reason has its line, with the number of attempts."""
    attempts = {
        reason: text for reason, _, text in page.rows("### fetches", "| reason | meaning | attempts |")
    }
    assert set(attempts) == {reason.value for reason in Reason}
    for reason, patience in RETRY_SCHEDULES.items():
        if patience.tries == 1:
            assert attempts[reason] == "once"
        elif patience.tries < 1000:
            assert f"{patience.tries} attempts in all" in attempts[reason]
        assert (f"after {patience.hours:g} hours" in attempts[reason]) == (patience.hours > 0)
