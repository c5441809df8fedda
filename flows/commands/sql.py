"""`likelens sql`: one query on the published database, which it can't change."""

from __future__ import annotations

from pathlib import Path

import duckdb

from flows.commands.output import Format, show
from flows.settings import SettingsError, read_settings
from warehouse.publish import published

_READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


def sql(config: Path, query: str, form: Format) -> int:
    """Run one query that only reads, and show what it answers. Raises `SettingsError` for any other."""
    home = read_settings(config).home
    try:
        statements = duckdb.extract_statements(query)
        if len(statements) != 1 or statements[0].type not in _READING:
            raise SettingsError(
                "likelens sql runs one query that reads: begin it with select, from, with or describe."
            )
        with published(home, only_lake=True) as connection:
            answer = connection.sql(query)
            if answer is not None:
                show(answer.pl(), form)
    except duckdb.Error as error:
        raise SettingsError(f"The query can't be run. {error}") from error
    return 0
