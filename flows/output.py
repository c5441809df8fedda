"""Print frames on standard output: as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal, get_args

import polars as pl
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.environment import wants_plain_text
from flows.errors import SettingsError
from flows.printable import printable

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
CheckFormat = Literal["table", "json"]
CHECK_FORMATS: tuple[CheckFormat, ...] = get_args(CheckFormat)
"""Formats of an output that is not a single table."""
_ASCII = str.maketrans("─│┼●←→–", "-|+o<>-")
"""The characters of intervals and missing values, for encodings that do not have them."""
MIN_TEXT_WIDTH = 12
"""Characters of a text that a narrow terminal shows; numbers are never cut."""
COLUMN_GAP = 3
"""Characters between two columns."""


def show(
    frame: pl.DataFrame,
    form: Format = "table",
    title: str | None = None,
    decimals: int = 3,
    optional: Sequence[str] = (),
) -> None:
    """Print a frame; a table has rounded numbers, the other formats have all digits.

    `decimals` are those of numbers below 10 in a table. A terminal that is too narrow leaves out the `optional`
    columns, the first one first.
    """
    if form == "csv":
        write(frame.write_csv())
    elif form == "json":
        write(frame.write_json() + "\n")
    elif form == "parquet":
        frame.write_parquet(sys.stdout.buffer)
        sys.stdout.flush()
    else:
        _show_table(frame, title, decimals, optional)


def write(text: str) -> None:
    """Write text for a program: a character that the encoding does not have would change the data."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        raise SettingsError(
            f"The output has the character {text[error.start]!a}, which the encoding {encoding} of standard output does not"
            " have. Set PYTHONIOENCODING=utf-8, or use --format parquet."
        ) from None
    sys.stdout.write(text)


def wrap(text: str) -> str:
    """Wrap a sentence to the width of the terminal, as an item of a list; a pipe has it on one line."""
    if not sys.stdout.isatty():
        return f"  - {text}"
    width = Console(file=sys.stdout).width
    lines = Text(text).wrap(
        Console(width=max(MIN_TEXT_WIDTH, width - 4)), width=max(MIN_TEXT_WIDTH, width - 4)
    )
    return "\n".join(
        f"{'  - ' if not number else '    '}{line.plain.rstrip()}" for number, line in enumerate(lines)
    )


def _show_table(frame: pl.DataFrame, title: str | None, decimals: int, optional: Sequence[str]) -> None:
    # A name in a title is text, also where it looks like Rich's markup.
    text = None if title is None else escape(printable(title))
    table = Table(title=text, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    # With NO_COLOR alone Rich still writes the escape sequences of bold letters.
    console = Console(file=sys.stdout, highlight=False, color_system=None if wants_plain_text() else "auto")
    rows = [[_cell(value, decimals) for value in row] for row in frame.iter_rows()]
    if console.options.ascii_only:
        rows = [[cell.translate(_ASCII) for cell in row] for row in rows]
    is_number = [dtype.is_numeric() for dtype in frame.dtypes]
    widths = [max(map(cell_len, column)) for column in zip(frame.columns, *rows, strict=True)]
    if console.is_terminal and _total(widths) > console.width:
        if here := [name for name in optional if name in frame.columns]:
            _show_table(frame.drop(here[0]), title, decimals, optional)
            return
        widths = _fit(widths, is_number, console.width)
    for name, numeric, width in zip(frame.columns, is_number, widths, strict=True):
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True, width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    # A pipe has no width, and a terminal that is too narrow breaks the lines.
    console.width = max(console.width, _total(widths))
    console.print(table)


def _total(widths: list[int]) -> int:
    return sum(widths) + COLUMN_GAP * len(widths)


def _fit(widths: list[int], is_number: list[bool], available: int) -> list[int]:
    """Column widths for a terminal: texts are cut to what the numbers leave, which are never cut."""
    numbers = sum(width for width, numeric in zip(widths, is_number, strict=True) if numeric)
    left = available - numbers - COLUMN_GAP * len(widths)
    most = max(MIN_TEXT_WIDTH, left // max(1, is_number.count(False)))
    return [width if numeric else min(width, most) for width, numeric in zip(widths, is_number, strict=True)]


def _cell(value: object, decimals: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.{decimals}f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else printable(str(value))
