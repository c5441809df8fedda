"""Print frames on standard output: as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from typing import Literal, get_args

import polars as pl
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
CheckFormat = Literal["table", "json"]
CHECK_FORMATS: tuple[CheckFormat, ...] = get_args(CheckFormat)
"""Formats of an output that is not a single table."""


def show(frame: pl.DataFrame, form: Format = "table", title: str | None = None, decimals: int = 3) -> None:
    """Print a frame; a table has rounded numbers, the other formats have all digits.

    `decimals` are those of numbers below 10 in a table.
    """
    if form == "csv":
        sys.stdout.write(frame.write_csv())
    elif form == "json":
        sys.stdout.write(frame.write_json() + "\n")
    elif form == "parquet":
        frame.write_parquet(sys.stdout.buffer)
        sys.stdout.flush()
    else:
        _show_table(frame, title, decimals)


def printable(text: str) -> str:
    """Replace control characters in a text from a page or a model: they could change the terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _show_table(frame: pl.DataFrame, title: str | None, decimals: int) -> None:
    # A name in a title is text, also where it looks like Rich's markup.
    text = None if title is None else escape(printable(title))
    table = Table(title=text, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", no_wrap=True)
    for row in frame.iter_rows():
        table.add_row(*[Text(_cell(value, decimals)) for value in row])
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # a pipe has no width; names are not cut
    console.print(table)


def _cell(value: object, decimals: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.{decimals}f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else printable(str(value))
