"""Which rows of a batch a table has already: it reads only the files, and of these the parts, that can have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from warehouse.schema.table_schema import Table
from warehouse.storage.hash_index import find_files, find_stored, has_index
from warehouse.storage.lake_files import LakeFile, distinct_values
from warehouse.storage.lake_reader import scan


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """What an update does not write.

    The columns in `keep` have their stored values in rows that exist. A row that differs only in columns in `never_alone`
    stays as it is stored.
    """

    keep: Sequence[str] = ()
    never_alone: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows of a batch that are new or changed, and the files with an older row of one of these keys."""

    rows: pa.Table
    outdated: frozenset[str]


def select_new(
    connection: duckdb.DuckDBPyConnection, table: Table, batch: pa.Table, files: Sequence[LakeFile]
) -> pa.Table:
    """The rows of the batch whose keys the files do not have; of rows with the same key the first."""
    query = "select position_in_batch from firsts anti join stored using ({keys}) order by 1"
    if has_index(table) and len(table.key) > 1:
        candidates = _files_with(table, batch, files)
        files = find_files(connection, table, batch[table.key[0]], files, candidates)
    elif has_index(table):
        is_stored, files = find_stored(connection, table, batch[table.key[0]], files)
        batch = batch.filter(pa.array(~is_stored))
        if not batch.num_rows:
            return batch
    return batch.take(_query(connection, table, batch, files, query)["position_in_batch"])


def select_changed(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    batch: pa.Table,
    files: Sequence[LakeFile],
    options: UpdateOptions,
) -> Changes:
    """The rows of the batch that are new, or that differ from a stored row as the options say."""
    keep = options.keep
    ignored = {*table.key, *keep, *options.never_alone}
    columns = [c.name for c in table.columns if c.name not in ignored]
    differs = " or ".join(f"stored.{name} is distinct from firsts.{name}" for name in columns) or "false"
    known = ", ".join(
        f"case when stored.filename is null then firsts.{name} else stored.{name} end as {name}"
        for name in keep
    )
    query = f"""select position_in_batch, stored.filename as filename{", " + known if known else ""}
                from firsts left join stored using ({{keys}})
                where stored.filename is null or {differs} order by 1"""
    found = _query(connection, table, batch, files, query, with_names=True)
    rows = batch.take(found["position_in_batch"])
    for name in keep:
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name), found[name].cast(rows.schema.field(name).type))
    return Changes(rows, frozenset(name for name in found["filename"].to_pylist() if name))


def _files_with(table: Table, batch: pa.Table, files: Sequence[LakeFile]) -> list[LakeFile]:
    """The files that may have a key of the batch, by the smallest and largest values of each."""
    values = distinct_values(batch, table.key)
    return [file for file in files if file.may_hold(values)]


def _query(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    batch: pa.Table,
    files: Sequence[LakeFile],
    query: str,
    *,
    with_names: bool = False,
) -> pa.Table:
    paths = [file.path for file in _files_with(table, batch, files)]
    values = distinct_values(batch, table.key)
    keys = ", ".join(table.key)
    # Constant bounds let DuckDB skip row groups. Without the semi join it would load all stored keys into memory.
    texts = [name for name in table.key if isinstance(values[name][0], str)]
    bounds = " and ".join(f"{name} between ? and ?" for name in texts) or "true"
    ends = [end for name in texts for end in (values[name][0], values[name][-1])]
    ctes = f"""with firsts as (select * from batch
                   qualify row_number() over (partition by {keys} order by position_in_batch) = 1),
               stored as (select * from {scan(paths, table, with_names=with_names)} as scanned
                          semi join (select distinct {keys} from batch) using ({keys}) where {bounds})"""
    numbered = batch.append_column("position_in_batch", pa.array(range(batch.num_rows), pa.int64()))
    connection.register("batch", numbered)
    try:
        found: pa.Table = connection.sql(f"{ctes} {query.format(keys=keys)}", params=ends).to_arrow_table()
        return found
    finally:
        connection.unregister("batch")


def differs(
    connection: duckdb.DuckDBPyConnection, table: Table, batch: pa.Table, files: Sequence[str]
) -> bool:
    """Whether the batch has other rows than the files, in any order."""
    columns = ", ".join(c.name for c in table.columns)
    stored = f"select {columns} from {scan(files, table)}"
    connection.register("batch", batch)
    new = f"select {columns} from batch"
    query = f"(({stored}) except all ({new})) union all (({new}) except all ({stored})) limit 1"
    return connection.execute(query).fetchone() is not None
