"""Results of DuckDB as Polars frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import polars as pl

_SIMPLE = frozenset(
    {"bigint", "boolean", "date", "double", "float", "integer", "smallint", "timestamp", "tinyint", "varchar"}
)
"""Types whose Arrow form Polars reads by itself, as `duckdb`'s own conversion does."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """The Arrow stream of a result. Polars would hold on to the type of a result that it is given itself."""

    result: duckdb.DuckDBPyRelation

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.result.__arrow_c_stream__(requested_schema)


def read_frame(result: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """The rows of a query.

    `DuckDBPyRelation.pl` gives the same. It imports pyarrow and NumPy, which take longer than most queries; only
    results with other than simple types need them.
    """
    if all(kind.id in _SIMPLE for kind in result.types):
        import polars as pl

        return pl.DataFrame(_Stream(result))
    frame: pl.DataFrame = result.pl()
    return frame
