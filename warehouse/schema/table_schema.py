"""What a table's row type declares, and the conversion of rows to Arrow and from DuckDB."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Self

import duckdb
import pyarrow as pa

from warehouse.schema.utc import as_utc

_ARROW_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
    tuple[float, ...]: pa.list_(pa.float32()),
    tuple[str, ...]: pa.list_(pa.string()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Base of all row types: a frozen value with a table name and a key.

    The rows of a `derived` table are computed from the other tables. Files of a table with a `cluster` are divided by
    these columns of the key, so that a change of some rows touches few files. `order` is that of the rows in a file.
    `group_rows` is the number of rows in a row group of its files, for rows that are not of the usual size.
    `dictionary` is false if values rarely repeat.
    """

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    derived: ClassVar[bool] = False
    cluster: ClassVar[tuple[str, ...]] = ()
    order: ClassVar[tuple[str, ...]] = ()
    group_rows: ClassVar[int | None] = None
    dictionary: ClassVar[bool] = True

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """A row from DuckDB's values by column; its times get the time zone UTC."""
        return cls(**{k: as_utc(v) if isinstance(v, datetime) else v for k, v in values.items()})

    @classmethod
    def fetch(cls, result: duckdb.DuckDBPyConnection, count: int | None = None) -> list[Self]:
        """The next `count` rows of a query whose columns are the fields of this type; None: all that are left."""
        names = [column[0] for column in result.description or []]
        rows = result.fetchall() if count is None else result.fetchmany(count)
        return [cls.from_values(dict(zip(names, row, strict=True))) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow(Row):
    """Base of the rows that runs update, source by source."""

    cluster: ClassVar[tuple[str, ...]] = ("source",)


class Column(typing.NamedTuple):
    """A column of a table: name, Arrow type, whether null is allowed, and its meaning."""

    name: str
    type: pa.DataType
    nullable: bool
    comment: str


class Table:
    """A table of the lake, derived from its row type.

    Raises `TypeError` when a field has no comment, or a type that the lake does not store.
    """

    def __init__(self, row: type[Row]) -> None:
        self.row = row
        self.name = row.table
        self.key = row.key
        self.derived = row.derived
        self.cluster = row.cluster
        self.order = row.order or (*row.cluster, *(name for name in row.key if name not in row.cluster))
        """The order of the rows in a file, by which readers skip what they do not need."""
        self.group_rows = row.group_rows
        self.dictionary = row.dictionary
        self.comment = (row.__doc__ or "").strip()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns in their order."""
        hints = typing.get_type_hints(self.row, include_extras=True)
        return tuple(_column(field.name, hints[field.name]) for field in fields(self.row))

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema. Each field carries its comment where Spark and Delta look for it."""
        return pa.schema(
            [pa.field(c.name, c.type, c.nullable, metadata={"comment": c.comment}) for c in self.columns]
        )

    def to_arrow(self, rows: Iterable[Row]) -> pa.Table:
        """Rows of this table as an Arrow table with the table's schema."""
        listed = list(rows)
        arrays = [pa.array(list(map(attrgetter(c.name), listed)), c.type) for c in self.columns]
        return pa.Table.from_arrays(arrays, schema=self.schema)


def _column(name: str, hint: Any) -> Column:
    if typing.get_origin(hint) is not Annotated:
        raise TypeError(f"The column {name} has no comment. Declare it as Annotated[type, 'comment'].")
    inner, comment = typing.get_args(hint)
    nullable = isinstance(inner, types.UnionType)
    if nullable:
        (inner,) = (t for t in typing.get_args(inner) if t is not types.NoneType)
    if inner not in _ARROW_TYPES:
        raise TypeError(f"The column {name} has the type {inner}, which the lake does not store.")
    return Column(name, _ARROW_TYPES[inner], nullable, comment)
