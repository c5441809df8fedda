"""Rows of a view as text, for the width of the terminal and for what its encoding can show."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, OverflowMethod, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from flows.printable import printable
from flows.terminal.rows import RETRYING, RUNNING, STOPPED, WAITING, Row

WIDE = 72
"""Columns from which on a row has a bar, a rate and a time."""
MAX_BAR = 30
MAX_NAME = 32
"""Columns of the longest name in a wide view; a longer one ends in an ellipsis."""

_SYMBOLS = {
    "done": ("✓", "+"),
    "incomplete": ("!", "!"),
    "failed": ("✗", "x"),
    RUNNING: ("▸", ">"),
    RETRYING: ("↻", "~"),
    STOPPED: ("■", "-"),
    WAITING: ("·", "."),
}
"""A symbol for each state, and one for encodings that do not have it. The state is always a word too."""
_STYLES = {"done": "green", "incomplete": "yellow", "failed": "bold red", RETRYING: "yellow", WAITING: "dim"}


def render(
    title: str, rows: Sequence[Row], last_line: str, *, now: float, width: int, ascii_only: bool
) -> RenderableType:
    """The view: a title, a line for each stage, and the last line of the log."""
    overflow: OverflowMethod = "crop" if ascii_only else "ellipsis"
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, width=1)
    table.add_column(no_wrap=True, overflow=overflow, max_width=MAX_NAME if width >= WIDE else width // 2)
    if width >= WIDE:
        table.add_column(no_wrap=True, min_width=_bar_width(width))  # the layout is the same in each frame
        for least in (7, 7, 9):
            table.add_column(no_wrap=True, justify="right", min_width=least)
    else:
        table.add_column(no_wrap=True, overflow=overflow)
    for row in rows:
        style = _STYLES.get(row.state, "")
        cells = _wide(row, now, width) if width >= WIDE else [Text(_short(row, now))]
        name = _line(str(row.name), "", ascii_only=ascii_only)
        table.add_row(_symbol(row, ascii_only=ascii_only), name, *cells, style=style)
    lines: list[RenderableType] = [_line(title, "bold", ascii_only=ascii_only), table]
    if last_line:
        lines.append(_line(last_line, "dim", ascii_only=ascii_only))
    return Group(*lines)


def _line(text: str, style: str, *, ascii_only: bool) -> Text:
    text = printable(text)
    if ascii_only:
        text = text.replace("…", "...").encode("ascii", "replace").decode("ascii")
    return Text(text, style=style, no_wrap=True, overflow="crop" if ascii_only else "ellipsis")


def _symbol(row: Row, *, ascii_only: bool) -> RenderableType:
    if row.state == RUNNING:
        return _spinner(ascii_only=ascii_only)
    return Text(_SYMBOLS[row.state][ascii_only])


_SPINNERS: dict[bool, Spinner] = {}
"""One for each kind, because a spinner counts its time from its first frame."""


def _spinner(*, ascii_only: bool) -> Spinner:
    if ascii_only not in _SPINNERS:
        _SPINNERS[ascii_only] = Spinner("line" if ascii_only else "dots")
    return _SPINNERS[ascii_only]


def _wide(row: Row, now: float, width: int) -> list[RenderableType]:
    seconds = row.seconds(now)
    elapsed = "" if seconds is None else clock(seconds)
    if row.state != RUNNING:
        items = f"{row.done:,}" if row.state in ("done", "incomplete", "failed") else ""
        return [Text(row.state), Text(items), Text(""), Text(elapsed)]
    if not row.total:
        return [Text(RUNNING), Text(f"{row.done:,}" if row.done else ""), Text(rate(row.rate)), Text(elapsed)]
    bar = ProgressBar(total=row.total, completed=row.done, width=_bar_width(width))
    left = row.seconds_left(now)
    ending = elapsed if left is None else f"{clock(left)} left"
    return [bar, Text(f"{row.done:,}/{row.total:,}"), Text(rate(row.rate)), Text(ending)]


def _bar_width(width: int) -> int:
    return min(MAX_BAR, width - 62)


def _short(row: Row, now: float) -> str:
    """The state of a row on a narrow terminal."""
    if row.state == RUNNING and row.total:
        left = row.seconds_left(now)
        return f"{row.done:,}/{row.total:,}" + ("" if left is None else f" {clock(left)} left")
    return f"{row.state} {row.done:,}" if row.done else row.state


def rate(items_per_second: float | None) -> str:
    """A rate in words: in a minute below one in a second; empty where it is not known."""
    if items_per_second is None:
        return ""
    if items_per_second < 1:
        return f"{items_per_second * 60:.0f}/min"
    return f"{items_per_second:,.1f}/s" if items_per_second < 10 else f"{items_per_second:,.0f}/s"


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, 2:05, or as hours, 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
