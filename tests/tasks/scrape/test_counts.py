"""Counts as galleries write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.counts import parse_count

COUNTS = st.integers(0, 2**63 - 1)
NO_COUNTS = (
    "|many|-1|+5|1,23|12,34,567|1.2.3|1,234k|k|1e3|1.50|0x10|12 likes|NaN|∞|½|36 044,5|1 2|9999999999b"
)
FACTORS = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


@pytest.mark.parametrize(
    ("text", "value", "least"),
    [
        ("36044", 36_044, 36_044),
        ("36,044", 36_044, 36_044),
        ("36.0k", 36_000, 35_950),
        ("1.2m", 1_200_000, 1_150_000),
        ("1,2 M", 1_200_000, 1_150_000),
        ("3k", 3_000, 2_500),
        ("1.25k", 1_250, 1_245),
        ("0", 0, 0),
        ("0k", 0, 0),
        ("\n 1\u202f234 ", 1_234, 1_234),
        ("36.044", 36_044, 36_044),
    ],
)
def test_the_forms_of_galleries(text: str, value: int, least: int) -> None:
    """Each known form has its value, and the smallest count that a site would write that way."""
    count = parse_count(text)
    assert (count.value, count.least) == (value, least)


@pytest.mark.parametrize("separator", ["", ",", ".", " ", "’"])
@given(number=COUNTS)
def test_a_whole_count_comes_back(separator: str, number: int) -> None:
    """Any count, written with any separator of thousands, is read as itself."""
    count = parse_count(f"{number:,}".replace(",", separator))
    assert count.value == count.least == number


@given(tenths=st.integers(0, 99_999), unit=st.sampled_from(sorted(FACTORS)), upper=st.booleans())
def test_a_short_count_comes_back(tenths: int, unit: str, upper: bool) -> None:
    """A short form is read exactly, without the errors of binary fractions, in either case."""
    count = parse_count(f"{tenths // 10}.{tenths % 10}{unit.upper() if upper else unit}")
    assert count.value == tenths * FACTORS[unit] // 10
    assert count.least <= count.value


@given(number=st.integers(0, 9_999_999))
def test_the_least_count_is_never_above_the_true_one(number: int) -> None:
    """However a site shortens a count, the least that we conclude from it is not above the true count."""
    rounded = parse_count(f"{number / 1000:.1f}k")
    cut = parse_count(f"{number // 100 / 10:.1f}k")
    assert rounded.least <= number and cut.least <= number


@pytest.mark.parametrize(
    "text",
    NO_COUNTS.split("|"),
)
def test_any_other_form_is_an_error(text: str) -> None:
    """A form that nobody knows is an error with the text in it, never 0 and never a guess."""
    with pytest.raises(ValueError, match="count") as raised:
        parse_count(text)
    assert repr(text) in str(raised.value)


@given(text=st.text())
def test_no_text_is_more_than_an_error(text: str) -> None:
    """Whatever a page has in a count's place is a number that the tables hold, or a ValueError."""
    try:
        count = parse_count(text)
    except ValueError:
        return
    assert 0 <= count.least <= count.value <= 2**63 - 1
