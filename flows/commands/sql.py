"""Run one query on the published database; it can't change the database."""

from __future__ import annotations

from pathlib import Path

import click
import duckdb

from flows.errors import SettingsError
from flows.options import with_config, with_format
from flows.output import Format, show
from flows.settings import read_settings
from warehouse.frames import read_frame
from warehouse.published import published

_READ_ONLY = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


@click.command(help=__doc__)
@with_config
@with_format
@click.argument("query")
def sql(config: Path, form: Format, query: str) -> int:
    home = read_settings(config, sources=False).home
    try:
        statements = duckdb.extract_statements(query)
        if len(statements) != 1 or statements[0].type not in _READ_ONLY:
            raise SettingsError(
                "likelens sql runs one query that reads: begin it with select, from, with or describe."
            )
        with published(home, only_lake=True) as connection:
            result = connection.sql(query)
            if result is not None:
                show(read_frame(result), form)
    except duckdb.Error as error:
        raise SettingsError(f"The query can't be run. {error}") from error
    return 0
