"""Ranges of posts that are computed one after the other, so that the memory does not grow with the number of posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from warehouse.database.derived.changes import scan_table
from warehouse.schema.sql_types import quote
from warehouse.storage.lake_files import LakeFile

MAX_ROWS = 1_000_000
"""Rows of a portion: with five labels for each, publish takes about 1.5 GB."""
_SAMPLE = 10_000
"""Ids of a large source of which its portions are found: they differ in size by a few percent."""


def divide_posts(connection: duckdb.DuckDBPyConnection, table: str, files: Sequence[LakeFile]) -> list[str]:
    """SQL conditions on `source` and `post_id`, in the order of both; each row of the table satisfies one of them.

    One that satisfies all of a small table comes alone. Sources that are small share a portion.
    """
    rows = scan_table(table, files)
    query = f"select source, count(*) from {rows} group by source order by source"
    conditions: list[str] = []
    together: list[str] = []
    total = 0
    for source, count in connection.execute(query).fetchall():
        if together and total + count > MAX_ROWS:
            conditions.append(_between(together))
            together, total = [], 0
        if count > MAX_ROWS:
            conditions += _divide_source(connection, rows, source, -(-count // MAX_ROWS))
        else:
            together.append(source)
            total += count
    if together:
        conditions.append(_between(together))
    return conditions if len(conditions) > 1 else ["true"]


def _between(sources: Sequence[str]) -> str:
    return f"source between {quote(sources[0])} and {quote(sources[-1])}"


def _divide_source(
    connection: duckdb.DuckDBPyConnection, rows: str, source: str, parts: int
) -> Iterator[str]:
    query = f"""select post_id from (select post_id from {rows} where source = $1)
                using sample reservoir({_SAMPLE} rows) repeatable (1)"""
    ids = sorted(post_id for (post_id,) in connection.execute(query, [source]).fetchall())
    cuts = sorted({ids[part * len(ids) // parts] for part in range(1, parts)})
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        ends = [f"post_id {sign} {quote(cut)}" for sign, cut in ((">=", low), ("<", high)) if cut is not None]
        yield " and ".join([f"source = {quote(source)}", *ends])
