"""Tables on standard output."""

from __future__ import annotations

import io

import polars as pl
import pytest

from flows.output import show


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


class Terminal(io.StringIO):
    """Collects what a terminal would show."""

    def isatty(self) -> bool:
        """It is a terminal."""
        return True
