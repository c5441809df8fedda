"""Texts of rankings by lift: they never contradict the numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.alternative_text import in_words
from tasks.report.content import Heading
from tasks.report.lift_wording import direction, find_difference, interval, lift_of, p_value, ratio
from tasks.report.wording import percent, title

LIKES = Heading("visual", "likes", "lift")
CHANCE = "which could be chance among so many labels."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.354, "1.35"),
        (0.034, "0.034"),
        (12.34, "12.3"),
        (345.6, "346"),
        (1e9, ">1,000"),
        (math.inf, ">1,000"),
        (1e-9, "<0.001"),
        (0.0, "0"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_a_ratio_has_few_digits(value, text):
    """A ratio has two decimals near 1, fewer above; extreme ones are only limits."""
    assert ratio(value) == text


def test_a_sign_precedes_the_digits():
    """The sign stands between a limit and its digits."""
    assert [ratio(value, "×") for value in (1.35, 1e9, 1e-9, None)] == ["×1.35", ">×1,000", "<×0.001", "–"]


def test_a_bound_beside_1_is_not_shown_as_1():
    """A bound has so many digits that a reader sees on which side of 1 it is."""
    assert interval(0.9996, 1.0004) == "0.9996 to 1.0004"
    assert interval(1.0, 1.52) == "1.00 to 1.52"
    assert interval(None, 1.5) == interval(1.2, math.nan) == "–"


def test_a_lift_beside_1_does_not_contradict_its_interval(lifts):
    """It has more digits where the interval does not include 1, and two elsewhere."""
    frame = lifts(("dog", 1.004, 1.001, 1.007, 0.001), ("cat", 0.996, 0.9, 1.1, 0.9))
    assert [lift_of(row, "×") for row in frame.iter_rows(named=True)] == ["×1.004", "×1.00"]
    assert "get 1.004 times" in str(find_difference(frame, LIKES))
    assert "1. dog 1.004 (1.001 to 1.01, 48 posts); 2. cat 1.00 (0.90 to 1.10, 48" in in_words(frame, LIKES)


@given(st.floats(0.5, 2.0))
def test_a_shown_bound_is_on_the_right_side_of_1(value):
    """To six digits, the text of a bound is above, below or at 1 like the bound itself."""
    if abs(value - 1) > 1e-6:
        shown = float(interval(value, 3.0).split(" to ")[0])
        assert (shown > 1) == (value > 1)
        assert shown != 1


def test_p_values_have_three_decimals():
    """A tiny p-value is a limit, and a missing one a dash."""
    assert [p_value(value) for value in (0.0, 0.0004, 0.0123, None, math.nan)] == [
        *("<0.001", "<0.001", "0.012", "–", "–")
    ]


def test_an_interval_has_a_direction():
    """It is above 1, below 1, or includes 1; bounds at 1 are included."""
    assert [direction(1.1, 2.0), direction(0.5, 0.9), direction(0.9, 1.1)] == [1, -1, 0]
    assert [direction(1.0, 2.0), direction(0.5, 1.0), direction(None, 0.5), direction(math.nan, 0.5)] == [
        0
    ] * 4


def test_the_sentence_names_the_first_certain_label(lifts):
    """It has the lift, the interval and the posts of the first label above 1 that is not chance."""
    frame = lifts(("new", 2.0, 1.2, 3.3, None), ("rare", 1.9, 1.1, 3.0, 0.2), ("dog", 1.6, 1.05, 2.0, 0.01))
    assert str(find_difference(frame, LIKES)) == (
        "Posts with the label “dog” get 1.60 times their account's usual likes (95% interval 1.05 to 2.00; 48 posts)."
    )


def test_the_sentence_names_a_label_below_the_usual_if_none_is_above(lifts):
    """Without a certain label above 1, it has the last certain one below 1."""
    frame = lifts(("cat", 1.0, 0.8, 1.2, 0.9), ("a", 0.8, 0.7, 0.9, 0.01), ("screen", 0.7, 0.6, 0.82, 0.01))
    sentence = str(find_difference(frame, Heading("visual", "comments", "lift")))
    assert sentence.startswith(
        "Posts with the label “screen” get 0.70 times their account's usual comments ("
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("cat", 1.2, 0.9, 1.5, 0.3), ("dog", 1.0, 1.0, 1.0, 0.01)], "every interval includes 1."),
        ([("cat", 1.2, 1.1, 1.5, 0.3)], f"one interval does not include 1, {CHANCE}"),
        (
            [("cat", 1.2, 1.1, 1.5, None), ("dog", 0.5, 0.4, 0.6, math.nan)],
            f"2 intervals do not include 1, {CHANCE}",
        ),
        ([("cat", None, None, None, None)], "no interval is known."),
        (
            [("cat", 1.2, None, None, None), ("dog", 1.2, 0.9, 1.5, 0.3)],
            "every known interval includes 1.",
        ),
    ],
)
def test_the_sentence_says_why_no_label_differs(lifts, rows, reason):
    """Either all intervals include 1, or those that do not could be chance."""
    found = find_difference(lifts(*rows), LIKES)
    assert str(found) == f"None of these labels differs for certain yet: {reason}"
    assert not found.label


def test_a_ranking_by_lift_in_words(lifts):
    """The alternative text has the meaning of the lift, and each label with its interval and posts."""
    frame = lifts(("dog", 1.35, 1.2, 1.52, 0.001), ("cat", None, None, None, None))
    assert in_words(frame, LIKES) == (
        "visual: labels by lift of likes. All accounts. Times the likes of the account's other posts of that time,"
        " with 95% interval: 1. dog 1.35 (1.20 to 1.52, 48 posts); 2. cat – (–, 48 posts)."
    )
    assert in_words(lifts(), LIKES) == "visual: labels by lift of likes. All accounts. Nothing to rank yet."


def test_a_count_has_no_lift():
    """With the statistic lift, a ranking by count is an ordinary one."""
    heading = Heading("visual", "count", "lift")
    assert not heading.by_lift
    assert title(heading) == "What is shown most: visual, number of posts"


def test_a_tiny_share_is_a_limit():
    """A label that posts have is not shown with a share of zero."""
    assert [percent(share) for share in (0.0, 0.0004, 0.0006, 0.05, 0.5)] == [
        "0%",
        "<0.1%",
        "0.1%",
        "5.0%",
        "50%",
    ]
