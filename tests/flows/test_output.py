"""Tables on standard output."""

from __future__ import annotations

import io

import polars as pl
import pytest

from flows.output import show
from flows.printable import printable_lines


def test_names_are_text_in_titles_and_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """What looks like markup is printed as it is, and control characters are replaced."""
    name = "[red]sky[/nothing]\x1b[2J"
    show(pl.DataFrame({"label": [name]}), title=f"labels within {name}")
    shown = capsys.readouterr().out
    assert shown.count("[red]sky[/nothing]\N{REPLACEMENT CHARACTER}[2J") == 2


def test_a_narrow_terminal_shows_every_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal of 40 columns long names are cut, and no number is."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    numbers = {f"number_{index}": [1234.5 + index] for index in range(8)}
    columns = {"label": ["a label that is much longer than it should be"], "bar": ["──●──"], **numbers}
    show(pl.DataFrame(columns), optional=["bar"])
    shown = terminal.getvalue()
    assert all(f"1,{234.5 + index:.1f}" in shown for index in range(8))
    assert "a label tha…" in shown and "●" not in shown


def test_no_color_leaves_no_escape_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR a terminal gets plain letters, also in titles; without it they have a style."""
    monkeypatch.setenv("TERM", "xterm")
    shown = []
    for value in ("", "1"):
        terminal = Terminal()
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setenv("NO_COLOR", value)
        show(pl.DataFrame({"label": ["sky"]}), title="labels")
        shown.append("\x1b" in terminal.getvalue())
    assert shown == [True, False]


def test_a_message_of_several_lines_keeps_them() -> None:
    """Only what could change the terminal is replaced."""
    assert (
        printable_lines("a:\n\tb \x1b[2J\r")
        == "a:\n        b \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"
    )


class Terminal(io.StringIO):
    """Collects what a terminal would show."""

    def isatty(self) -> bool:
        """It is a terminal."""
        return True
