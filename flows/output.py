"""Print frames on standard output: as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.environment import wants_plain_text
from flows.errors import SettingsError
from flows.printable import printable

if TYPE_CHECKING:
    import polars as pl

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


@dataclass(frozen=True, slots=True)
class TextTable:
    """The rows of a table for a person; `numbers` are the names of its columns of numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: frozenset[str]

    def without(self, name: str) -> TextTable:
        """The table without a column."""
        places = [place for place, column in enumerate(self.columns) if column != name]
        rows = [[row[place] for place in places] for row in self.rows]
        return TextTable([self.columns[place] for place in places], rows, self.numbers)


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
        numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
        show_table(TextTable(frame.columns, frame.rows(), frozenset(numbers)), title, decimals, optional)


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


def show_table(
    shown: TextTable, title: str | None = None, decimals: int = 3, optional: Sequence[str] = ()
) -> None:
    """Print a table with rounded numbers; `show` has the parameters."""
    # A name in a title is text, also where it looks like Rich's markup.
    text = None if title is None else escape(printable(title))
    table = Table(title=text, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    # With NO_COLOR alone Rich still writes the escape sequences of bold letters.
    console = Console(file=sys.stdout, highlight=False, color_system=None if wants_plain_text() else "auto")
    rows = [[_cell(value, decimals) for value in row] for row in shown.rows]
    if console.options.ascii_only:
        rows = [[cell.translate(_ASCII) for cell in row] for row in rows]
    is_number = [name in shown.numbers for name in shown.columns]
    widths = [max(map(cell_len, column)) for column in zip(shown.columns, *rows, strict=True)]
    if console.is_terminal and _total(widths) > console.width:
        if here := [name for name in optional if name in shown.columns]:
            show_table(shown.without(here[0]), title, decimals, optional)
            return
        widths = _fit(widths, is_number, console.width)
    for name, numeric, width in zip(shown.columns, is_number, widths, strict=True):
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
