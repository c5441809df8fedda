"""The logarithmic scale of lifts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.lift_scale import MAX_RATIO, MIN_GAP, MIN_RATIO, fit_scale, interval_of

RATIOS = st.one_of(st.none(), st.floats(min_value=0), st.just(math.nan))


def test_a_scale_has_every_interval_and_a_minimum():
    """It reaches over all bounds, and where these are close to 1 at least over the minimum."""
    scale = fit_scale([interval_of(1.2, 0.9, 1.6), interval_of(2.0, 1.5, 2.6)])
    assert scale.left < 0.9
    assert scale.right > 2.6
    narrow = fit_scale([interval_of(1.0, 0.999, 1.001)])
    assert narrow.left < 1 / MIN_RATIO < MIN_RATIO < narrow.right < 1.3


def test_the_unknown_and_the_negative_have_no_place():
    """NaN and negative bounds count as unknown; an unknown ratio is neither on the scale nor beyond it."""
    assert interval_of(math.nan, -1.0, 2.0) == interval_of(None, None, 2.0)
    scale = fit_scale([])
    assert scale.place(None) is None
    assert not scale.is_above(None)
    assert not scale.is_below(None)


@pytest.mark.parametrize(
    ("low", "high", "pixels", "ticks"),
    [
        (0.85, 1.15, 300, (0.8, 0.9, 1.0, 1.1, 1.2)),
        (0.5, 1.55, 250, (0.6, 0.8, 1.0, 1.2, 1.5)),
        (0.45, 2.1, 300, (0.5, 0.75, 1.0, 1.5, 2.0)),
        (0.3, 3.5, 200, (0.5, 1.0, 2.0)),
        (0.05, 30.0, 300, (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)),
        (0.05, 30.0, 120, (0.1, 1.0, 10.0)),
    ],
)
def test_ticks_are_round_ratios(low, high, pixels, ticks):
    """The ticks are as dense as the width of the chart permits, and reach both ends of the scale."""
    assert fit_scale([interval_of(1.0, low, high)]).ticks(pixels) == ticks


@given(st.lists(st.tuples(RATIOS, RATIOS, RATIOS), max_size=12), st.floats(120, 500))
def test_any_ranking_has_a_scale(bounds, pixels):
    """For any numbers the scale is finite and has 1; its ticks are on it and far enough apart."""
    scale = fit_scale([interval_of(*each) for each in bounds])
    assert 0 < scale.left < 1 < scale.right
    assert scale.left > 1 / (2 * MAX_RATIO)
    assert scale.right < 2 * MAX_RATIO
    ticks = scale.ticks(pixels)
    assert 1.0 in ticks
    assert all(scale.left <= tick <= scale.right for tick in ticks)
    per_log = pixels / math.log(scale.right / scale.left)
    assert all(math.log(after / before) * per_log >= MIN_GAP - 1e-9 for before, after in pairwise(ticks))
    for each in bounds:
        interval = interval_of(*each)
        for ratio in (interval.lift, interval.low, interval.high):
            place = scale.place(ratio)
            assert place is None or scale.left <= place <= scale.right
