"""The section Data: how fresh and how complete the data are, what they cost, what failed, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from tasks.report.content import DataTable
from tasks.report.wording import UNKNOWN, number, percent
from warehouse.home import Home
from warehouse.overview.status import read_status
from warehouse.schema.utc import as_utc

_LATER = "Nothing: the next runs try again"
_GONE = "Nothing: the picture is no longer there"
_NOT_READABLE = "Nothing, if they are few: the file is no picture that can be read"
_LIMIT = "Nothing: pictures beyond this limit are not fetched"
ADVICE: Mapping[str, str] = {
    "busy": "Nothing, or a lower fetch.concurrency: the host asked for a pause",
    "server_error": _LATER,
    "timeout": _LATER,
    "unreachable": f"{_LATER}. If it lasts, check the host's name and certificate",
    "cut_off": _LATER,
    "gone": _GONE,
    "refused": "Check that the account is public and that the token is valid",
    "http_error": _LATER,
    "redirects": "Check the picture's address in a browser",
    "not_a_picture": _NOT_READABLE,
    "unsupported_format": _NOT_READABLE,
    "corrupt": _NOT_READABLE,
    "too_large": _LIMIT,
    "too_many_pixels": _LIMIT,
    "bad_address": "Check the addresses in the source",
    "private_address": "If the host is yours, name it in fetch.allow_private_hosts",
}
"""What a user can do about each reason of a failed fetch."""

_Columns = Mapping[str, Callable[[Any], str]]
"""The function that shows each column's values as text."""

_SPENDING = """select classifier, model, month, billed, unknown, not_billed, cost from spending
               order by month desc, classifier, model limit 24"""
_UNLABELLED = """select classifier, reason, count(*) as pictures from unlabelled
                 semi join classifier_versions using (classifier, version) group by all order by all"""


def data_tables(home: Home, database: duckdb.DuckDBPyConnection) -> Iterator[DataTable]:
    """The tables that have rows. `database` is the published one; the status is read from the tables themselves."""
    status = read_status(home.lake)
    builders: dict[str, Callable[[pl.DataFrame], DataTable]] = {
        "Sources": _sources,
        "Comments": _comments,
        "Classifiers": _coverage,
        "Pictures that could not be fetched": _failed_fetches,
    }
    yield from (build(status[title]) for title, build in builders.items() if title in status)
    unlabelled = database.sql(_UNLABELLED).pl()
    if unlabelled.height:
        yield _table(
            "Pictures without a label", unlabelled, {"classifier": str, "reason": str, "pictures": number}
        )
    spending = database.sql(_SPENDING).pl()
    if spending.height:
        yield _costs(spending)


def newest_reading(database: duckdb.DuckDBPyConnection) -> datetime | None:
    """When a post was last read from its source (UTC); None if there is no post."""
    [(when,)] = database.execute("select max(last_seen_at) from posts").fetchall()
    return when if isinstance(when, datetime) else None


def _sources(frame: pl.DataFrame) -> DataTable:
    columns: dict[str, Callable[[Any], str]] = {
        "source": str,
        "accounts": number,
        "posts": number,
        "newest_post": _minute,
        "last_seen": _minute,
    }
    if frame["gone"].sum():
        columns["gone"] = number
    note = "Gone: posts that the source no longer shows; they still count." if "gone" in columns else ""
    return _table("Freshness of the sources", frame, columns, note)


def _comments(frame: pl.DataFrame) -> DataTable:
    columns: _Columns = {
        "reader": str,
        "read": number,
        "waiting": number,
        "spam": percent,
        "with_language": percent,
        "with_tone": percent,
        "questions": percent,
    }
    note = (
        "The share of spam is of the comments that were read, the others are of those without spam. A comment without a tone"
        " is not a neutral one: no lexicon or model reads it."
    )
    return _table("What is known of comments", frame, columns, note)


def _coverage(frame: pl.DataFrame) -> DataTable:
    every = pl.col("labelled") + pl.col("waiting") + pl.col("without_label")
    frame = frame.with_columns(coverage=pl.col("labelled") / every)
    columns: _Columns = {
        "classifier": str,
        "version": lambda value: value or "has not run",
        "coverage": percent,
        "labelled": number,
        "waiting": number,
        "without_label": number,
    }
    note = "Coverage: the share of the pictures that the classifier has labelled. The next run labels those waiting."
    return _table("Coverage of the classifiers", frame, columns, note)


def _failed_fetches(frame: pl.DataFrame) -> DataTable:
    frame = frame.with_columns(what_to_do=pl.col("reason").replace_strict(ADVICE, default=""))
    columns: _Columns = {
        "reason": str,
        "pictures": number,
        "last_try": _minute,
        "next_try": _minute,
        "what_to_do": str,
    }
    return _table("Pictures that could not be fetched", frame, columns)


def _costs(frame: pl.DataFrame) -> DataTable:
    columns: _Columns = {
        "classifier": str,
        "model": str,
        "month": lambda month: f"{month:%Y-%m}",
        "billed": number,
        "unknown": number,
        "not_billed": number,
        "cost": lambda cost: number(cost, 2),
    }
    note = "Pictures sent to paid services. Unknown: without a response, counted as spent. Cost at the price in the settings."
    return _table("Cost", frame, columns, note)


def _table(title: str, frame: pl.DataFrame, columns: _Columns, note: str = "") -> DataTable:
    rows = tuple(
        tuple(show(row[name]) for name, show in columns.items()) for row in frame.iter_rows(named=True)
    )
    numbers = {name for name in columns if frame.schema[name].is_numeric()}
    titles = {name: name.replace("_", " ").capitalize() for name in columns}
    return DataTable(title, tuple(titles.values()), rows, frozenset(titles[name] for name in numbers), note)


def _minute(when: datetime | None) -> str:
    return UNKNOWN if when is None else f"{as_utc(when):%Y-%m-%d %H:%M} UTC"
