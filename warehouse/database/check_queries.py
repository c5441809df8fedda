"""The checks of `warehouse.database.checks`, each a query over the new rows and all rows of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.schema.table_schema import Table
from warehouse.schema.tables import TABLES
from warehouse.schema.utc import as_utc
from warehouse.storage.key_lookup import MAX_SEARCHED, find_files
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import scan

ROWS_AT_ONCE = 20_000_000
"""Keys that are compared in one query, which limits its memory."""
MAX_KEYS = 10_000
"""Doubled keys that are searched and counted."""
MIN_PICTURES = 20
"""The share of failed pictures is checked from so many pictures on: one of two says nothing."""
REFERENCES = (
    ("post_pictures", "source, post_id", "posts"),
    ("observations", "source, post_id", "posts"),
    ("comments", "source, post_id", "posts"),
    ("comment_readings", "source, post_id", "posts"),
    ("comment_topics", "source, post_id", "posts"),
    ("forecasts", "source, post_id", "posts"),
    ("post_pictures", "sha256", "pictures"),
    ("labels", "sha256", "pictures"),
    ("unlabelled", "sha256", "pictures"),
    ("embeddings", "sha256", "pictures"),
)
"""Table, its columns, and the table that has a row with the same values unless one of them is null."""

COUNTS = {
    "observations": ("likes", "comments"),
    "accounts": ("followers", "following", "posts"),
    "comments": ("likes",),
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check: the number of checked rows, and a sentence for each problem."""

    name: str
    rows: int
    problems: tuple[str, ...] = ()


class StoredRows:
    """The tables for the checks: all rows, and the rows of files that are newer than `since`."""

    def __init__(self, lake: Lake, connection: duckdb.DuckDBPyConnection, since: datetime | None) -> None:
        self._lake = lake
        self._connection = connection
        self.since = since
        self._files = {name: lake.list_files(name) for name in TABLES}
        after = None if since is None else since.timestamp()
        self._new_files = {
            name: [file for file in files if after is None or _is_newer(file.path, after)]
            for name, files in self._files.items()
        }

    def all_rows(self, name: str) -> str:
        """A table expression over all rows."""
        return _scan(name, self._files[name])

    def new_rows(self, name: str) -> str:
        """A table expression over the new rows."""
        return _scan(name, self._new_files[name])

    def rows_like_new(self, name: str, columns: Sequence[str], parent: str) -> str:
        """A table expression over rows of `parent`, with all that have the values of a new row of `name` in the columns.

        Files that can have none are left out: by their smallest and largest values, or by the index of hashes.
        """
        if self.since is None:
            return self.all_rows(parent)
        if columns[0] != "sha256":
            new = self._new_files[name]
            files = [file for file in self._files[parent] if any(file.may_share(one, columns) for one in new)]
            return _scan(parent, files)
        new_hashes = f"select distinct sha256 from {self.new_rows(name)} where sha256 is not null"
        found = self.rows(f"{new_hashes} limit {MAX_SEARCHED + 1}")
        if len(found) > MAX_SEARCHED:
            return self.all_rows(parent)
        paths = set(find_files(self._lake, parent, [sha256 for (sha256,) in found]))
        if not paths <= {file.path for file in self._files[parent]}:
            # Another process has merged files since these were listed.
            return self.all_rows(parent)
        return _scan(parent, [file for file in self._files[parent] if file.path in paths])

    def is_all_new(self, name: str) -> bool:
        """Whether every row is new."""
        return len(self._new_files[name]) == len(self._files[name])

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        return self._connection.execute(query, list(values)).fetchall()

    def count_new(self, name: str) -> int:
        """Number of new rows; the Parquet files' footers have it."""
        [(number,)] = self._connection.execute(f"select count(*) from {self.new_rows(name)}").fetchall()
        return int(number)


def check_keys(stored: StoredRows) -> CheckResult:
    """No two rows of a table have the same key."""
    problems, rows = [], 0
    for table in TABLES.values():
        if new := stored.count_new(table.name):
            rows += new
            problems += _doubled_keys(stored, table)
    return CheckResult("keys", rows, tuple(problems))


def _doubled_keys(stored: StoredRows, table: Table) -> list[str]:
    keys = ", ".join(table.key)
    checked = stored.rows_like_new(table.name, table.key, table.name)
    hashed = f"select hash({keys}) as hashed from {checked}"
    if not stored.is_all_new(table.name):
        hashed = f"select * from ({hashed}) semi join ({_new_hashes(stored, table)}) using (hashed)"
    [(total,)] = stored.rows(f"select count(*) from {checked}")
    parts = 1 + total // ROWS_AT_ONCE
    # Numbers are compared first, because they take a fraction of the memory of the keys.
    twice = [
        number
        for part in range(parts)
        for (number,) in stored.rows(
            f"""select hashed from ({hashed}) where hashed % {parts} = {part}
                group by hashed having count(*) > 1 limit {MAX_KEYS}"""
        )
    ]
    if not twice:
        return []
    doubled = stored.rows(
        f"""select {keys} from {checked} where hash({keys}) in (select unnest(?::ubigint[]))
            group by {keys} having count(*) > 1 order by all""",
        [twice],
    )
    if not doubled:
        return []
    many = f"{len(doubled):,}{' or more' if len(twice) >= MAX_KEYS else ''}"
    return [f"{table.name}: {many} keys ({keys}) are stored twice, the first is {_shown(doubled[0])}."]


def _new_hashes(stored: StoredRows, table: Table) -> str:
    return f"select distinct hash({', '.join(table.key)}) as hashed from {stored.new_rows(table.name)}"


def check_references(stored: StoredRows) -> CheckResult:
    """Every post and picture that a row names is stored."""
    problems, rows = [], 0
    for name, columns, parent in REFERENCES:
        if not (new := stored.count_new(name)):
            continue
        rows += new
        known = " and ".join(f"{column} is not null" for column in columns.split(", "))
        possible = stored.rows_like_new(name, columns.split(", "), parent)
        # The join with the few new values comes first, so that the large table is only read, and not sorted.
        [(count, first)] = stored.rows(
            f"""with named as (
                    select distinct {columns} from {stored.new_rows(name)} where {known}),
                known as (select {columns} from {possible} semi join named using ({columns}))
                select count(*), min(row({columns})::varchar) from named anti join known using ({columns})"""
        )
        if count:
            problems.append(
                f"{name}: {count:,} values of {columns} are not in the table {parent}, the first is {first}."
            )
    return CheckResult("references", rows, tuple(problems))


def check_counts(stored: StoredRows, max_count: int) -> CheckResult:
    """Counts are from 0 to the limit, scores from 0 to 1, and tones from -1 to 1."""
    conditions = {
        name: [(column, f"{column} not between 0 and {max_count}") for column in columns]
        for name, columns in COUNTS.items()
    }
    conditions["labels"] = [("score", "score not between 0 and 1")]
    conditions["comment_readings"] = [("tone", "tone not between -1 and 1")]
    problems, rows = [], 0
    for name, checked in conditions.items():
        sums = ", ".join(
            f"count(*) filter ({bad}), arg_min(row({', '.join(TABLES[name].key)})::varchar || ': ' || {column},"
            f" {column}) filter ({bad})"
            for column, bad in checked
        )
        [(total, *found)] = stored.rows(f"select count(*), {sums} from {stored.new_rows(name)}")
        rows += total
        for (column, _), count, first in zip(checked, found[::2], found[1::2], strict=True):
            if count:
                problems.append(f"{name}: {count:,} values of {column} can't be true, such as {first}.")
    return CheckResult("counts", rows, tuple(problems))


def check_vectors(stored: StoredRows) -> CheckResult:
    """All embeddings of a classifier's version have the same length."""
    found = stored.rows(
        f"""select classifier, version, count(*), min(len(vector)), max(len(vector))
            from {stored.new_rows("embeddings")} group by all order by all"""
    )
    problems = []
    for classifier, version, _, shortest, longest in found:
        [(first,)] = stored.rows(
            f"select len(vector) from {stored.all_rows('embeddings')} where classifier = ? and version = ? limit 1",
            [classifier, version],
        )
        low, high = min(first, shortest), max(first, longest)
        if low != high:
            problems.append(
                f"embeddings: the vectors of {classifier} {version} have {low:,} to {high:,} numbers, which can't be"
                " compared."
            )
    return CheckResult("vectors", sum(count for _, _, count, *_ in found), tuple(problems))


def check_freshness(stored: StoredRows, max_age_days: float | None) -> CheckResult:
    """The newest observation is not too old."""
    if max_age_days is None:
        return CheckResult("freshness", 0)
    query = f"select count(*), max(epoch(observed_at)) from {stored.all_rows('observations')}"
    [(rows, newest)] = stored.rows(query)
    problems = []
    days = 0.0 if newest is None else (datetime.now(UTC).timestamp() - newest) / 86_400
    if days > max_age_days:
        problems.append(
            f"observations: the newest is {days:,.1f} days old, and max_age_days is {max_age_days:g}."
        )
    return CheckResult("freshness", rows, tuple(problems))


def check_failed_pictures(stored: StoredRows, max_share: float | None) -> CheckResult:
    """Not too many of the pictures that were tried since then failed."""
    since = 0.0 if stored.since is None else as_utc(stored.since).timestamp()
    [(tried, failed)] = stored.rows(
        f"""select count(*), count(*) filter (not fetched) from (
                select picture_url, bool_or(status = 'ok') as fetched from {stored.new_rows("fetches")}
                where epoch(attempted_at) >= ? group by picture_url)""",
        [since],
    )
    problems = []
    if max_share is not None and tried >= MIN_PICTURES and failed > max_share * tried:
        problems.append(
            f"fetches: {failed:,} of {tried:,} pictures failed since the last publish, more than"
            f" max_failed_share ({max_share:g}). `likelens status` has the reasons."
        )
    return CheckResult("failed_pictures", tried, tuple(problems))


def _scan(name: str, files: Sequence[LakeFile]) -> str:
    return scan([file.path for file in files], TABLES[name])


def _is_newer(file: str, after: float) -> bool:
    try:
        return Path(file).stat().st_mtime >= after
    except OSError:
        return True  # the query that reads it reports the damage


def _shown(values: Sequence[object]) -> str:
    return ", ".join(str(value) for value in values)
