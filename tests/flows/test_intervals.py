"""The bars of intervals in a terminal's table."""

from __future__ import annotations

import polars as pl
import pytest

from flows.intervals import WIDTH, interval_bars

MIDDLE = WIDTH // 2


def bars(*intervals: tuple[float, float, float]) -> list[str]:
    """Draw rows of low, lift and high."""
    rows = [{"low": low, "lift": lift, "high": high} for low, lift, high in intervals]
    return interval_bars(
        pl.DataFrame(rows, schema={"low": pl.Float64, "lift": pl.Float64, "high": pl.Float64})
    ).to_list()


def test_a_bar_lies_on_the_side_of_one_where_its_interval_lies():
    """An interval above 1 is to the right of the line, one below 1 to the left, and one around 1 crosses it."""
    above, below, around = bars((1.5, 2.0, 3.0), (0.3, 0.5, 0.7), (0.5, 1.1, 2.0))
    assert above.index("│") == MIDDLE < above.index("─") < above.index("●")
    assert below.index("●") < below.rindex("─") < MIDDLE == below.index("│")
    assert around.index("─") < MIDDLE == around.index("┼") < around.index("●")


def test_equal_ratios_are_equally_far_from_one():
    """Twice and half as many likes are at the same distance."""
    (twice, half) = bars((1.9, 2.0, 2.1), (1 / 2.1, 0.5, 1 / 1.9))
    assert twice.index("●") - MIDDLE == MIDDLE - half.index("●")


@pytest.mark.parametrize("far", [(1e-9, 1.0, 1e9), (2.0, 1e9, 1e300), (0.0, 0.5, 1.0)])
def test_an_interval_that_leaves_the_scale_ends_in_an_arrow(far):
    """No bar is wider than the others may be, and the arrow shows that it goes on."""
    near, shown = bars((0.5, 1.0, 2.0), far)
    assert len(near) <= WIDTH
    assert len(shown) <= WIDTH
    assert "→" in shown or "←" in shown


def test_a_ranking_without_rows_has_no_bars():
    """An empty ranking is drawn without an error."""
    assert bars() == []
