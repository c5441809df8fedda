"""Tables on standard output."""

from __future__ import annotations

import polars as pl
import pytest

from flows.output import show


def test_names_are_text_in_titles_and_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """What looks like markup is printed as it is, and control characters are replaced."""
    name = "[red]sky[/nothing]\x1b[2J"
    show(pl.DataFrame({"label": [name]}), title=f"labels within {name}")
    shown = capsys.readouterr().out
    assert shown.count("[red]sky[/nothing]\N{REPLACEMENT CHARACTER}[2J") == 2
