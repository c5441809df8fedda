"""Counts as galleries write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.values.counts import (
    Count,
    InexactFloat,
    count_of_number,
    is_missing,
    parse_count,
    read_count,
    read_exact_count,
)

COUNTS = st.integers(0, 2**63 - 1)
NO_COUNTS = (
    "|many|-1|+5|1,23|12,34|1.2|1.2.3|1,2,3|1,234k|k|+|k+|1e3|1.50|0,123|0.123|0x10|12 likes|NaN|∞|½|²|36 044,5"
    "|1 2|36.0|1.5|1,5|2.0000|1.903.0|1.9E+03|inf|N/A|-|null|1.234,567|1,234.567|1_000|9999999999b|1,5 B|12 B|1.2q|１,2|1٢3|1億2345万|99999999999999999999|3 mal"
)
FACTORS = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("36044", 36_044),
        ("36,044", 36_044),
        ("36.044", 36_044),
        ("36 044", 36_044),
        ("36’044", 36_044),
        ("36'044", 36_044),
        ("\n 1\u202f234 ", 1_234),
        ("1\xa0234\u2009567", 1_234_567),
        ("\u200f1,234\u200e", 1_234),
        ("1,00,000", 100_000),
        ("12,34,567", 1_234_567),
        ("٣٦٬٠٤٤", 36_044),
        ("۳۶۰۴۴", 36_044),
        ("३६,०४४", 36_044),
        ("３６，０４４", 36_044),
        ("0", 0),
        ("1903.0", 1_903),
        ("1903,00", 1_903),
        ("1903.000", 1_903),
        ("1.903,00", 1_903),
        ("1,903.0", 1_903),
        ("2.000", 2_000),
        ("1.250.000", 1_250_000),
    ],
)
def test_exact_counts_of_many_languages_are_read(text: str, value: int) -> None:
    """A count with all digits is exact, whatever separates its thousands and whatever its script."""
    assert parse_count(text) == Count(value, value, rounded=False)


@pytest.mark.parametrize(
    ("text", "value", "least"),
    [
        ("36.0k", 36_000, 35_950),
        ("1.2m", 1_200_000, 1_150_000),
        ("1,2 M", 1_200_000, 1_150_000),
        ("3k", 3_000, 2_500),
        ("1.25k", 1_250, 1_245),
        ("0k", 0, 0),
        ("1.5B", 1_500_000_000, 1_450_000_000),
        ("12,4 Tsd.", 12_400, 12_350),
        ("1,2 Mio.", 1_200_000, 1_150_000),
        ("3 Mrd.", 3_000_000_000, 2_500_000_000),
        ("1,2 Md", 1_200_000_000, 1_150_000_000),
        ("12,5 mil", 12_500, 12_450),
        ("2 mi", 2_000_000, 1_500_000),
        ("12 тыс.", 12_000, 11_500),
        ("1,2 млн", 1_200_000, 1_150_000),
        ("3.4万", 34_000, 33_500),
        ("1.2萬", 12_000, 11_500),
        ("2億", 200_000_000, 150_000_000),
        ("1.2만", 12_000, 11_500),
        ("3천", 3_000, 2_500),
        ("1.5L", 150_000, 145_000),
        ("2.5 lakh", 250_000, 245_000),
        ("2 Cr", 20_000_000, 15_000_000),
        ("२ करोड़", 20_000_000, 15_000_000),
        ("١٫٢ مليون", 1_200_000, 1_150_000),
        ("10k+", 10_000, 9_500),
        ("1,000+", 1_000, 1_000),
        ("1.2万+", 12_000, 11_500),
    ],
)
def test_rounded_counts_of_many_languages_are_read(text: str, value: int, least: int) -> None:
    """A rounded count has its value, the smallest count that a site would write so, and the mark."""
    assert parse_count(text) == Count(value, least, rounded=True)


@pytest.mark.parametrize("separator", ["", ",", ".", " ", "\u202f", "\xa0", "\u2009", "’", "'", "٬"])
@given(number=COUNTS)
def test_an_exact_count_round_trips(separator: str, number: int) -> None:
    """Any count, with any separator of thousands, is read as itself."""
    count = parse_count(f"{number:,}".replace(",", separator))
    assert (count.value, count.least, count.rounded) == (number, number, False)


@pytest.mark.parametrize("zero", ["٠", "۰", "०", "０"])
@given(number=COUNTS)
def test_digits_of_any_script_round_trip(zero: str, number: int) -> None:
    """A count in Arabic, Persian, Devanagari or wide digits is the same count."""
    written = str(number).translate({ord("0") + digit: ord(zero) + digit for digit in range(10)})
    assert parse_count(written).value == number


@given(number=st.integers(0, 9_999_999_999))
def test_an_indian_count_round_trips(number: int) -> None:
    """A count with separate lakhs and crores is read as itself."""
    thousands, rest = divmod(number, 1000)
    groups = [f"{rest:03}"]
    while thousands:
        thousands, pair = divmod(thousands, 100)
        groups.insert(0, f"{pair:02}")
    written = ",".join(groups).lstrip("0,") or "0"
    assert parse_count(written) == Count(number, number)


@pytest.mark.parametrize("number", [-1, 1.5, float("nan"), float("inf"), True, False, 2**63, 1e19, 2.0**53, InexactFloat(20_000_001), Decimal("1.50"),
     Decimal("NaN"), Decimal("Infinity")],
)  # fmt: skip
def test_a_number_that_counts_nothing_is_an_error(number: float) -> None:
    """A number that can't be a count is an error, as it is in words; a whole one is itself."""
    with pytest.raises(ValueError, match="count"):
        count_of_number(number)
    assert (
        count_of_number(36_044)
        == count_of_number(36_044.0)
        == count_of_number(Decimal("36044.00"))
        == Count(36_044, 36_044)
    )


def test_one_rule_for_texts_and_numbers() -> None:
    """A count is the same whether a source writes it as a number or as a text; what is neither is an error."""
    for value in (1_903, 1_903.0, Decimal("1903.0"), "1903", "1,903", "1903.0"):
        assert read_count(value) == Count(1_903, 1_903)
        assert read_exact_count(value) == 1_903
    for value in (None, [1], {"count": 1}, b"1"):
        with pytest.raises(ValueError, match="is not a count"):
            read_count(value)
    with pytest.raises(ValueError, match=r"'1.2k' is not an exact count: it is rounded"):
        read_exact_count("1.2k")


def test_words_for_a_missing_value_are_recognized() -> None:
    """Null, NaN and programs' words for them are missing values; a dash is not, because spreadsheets write it for 0."""
    assert all(
        is_missing(value) for value in (None, float("nan"), "", " ", "NaN", "None", "null", "N/A", "#N/A")
    )
    assert not any(is_missing(value) for value in (0, False, "0", "-", "none of them", [], float("inf")))


@given(tenths=st.integers(0, 99_999), unit=st.sampled_from(sorted(FACTORS)), upper=st.booleans())
def test_a_rounded_count_round_trips(tenths: int, unit: str, upper: bool) -> None:
    """A rounded form is read exactly, without the errors of binary fractions, in either case."""
    count = parse_count(f"{tenths // 10}.{tenths % 10}{unit.upper() if upper else unit}")
    assert count.value == tenths * FACTORS[unit] // 10
    assert count.least <= count.value


@given(number=st.integers(0, 9_999_999))
def test_the_least_count_is_never_above_the_true_one(number: int) -> None:
    """However a site rounds a count, the smallest possible count is not above the true one."""
    rounded = parse_count(f"{number / 1000:.1f}k")
    cut = parse_count(f"{number // 100 / 10:.1f}k")
    assert rounded.least <= number and cut.least <= number


@pytest.mark.parametrize(
    "text",
    NO_COUNTS.split("|"),
)
def test_any_other_form_is_an_error(text: str) -> None:
    """An unknown form is an error with the text in it, never 0 and never a guess."""
    with pytest.raises(ValueError, match="count") as raised:
        parse_count(text)
    assert repr(text) in str(raised.value)


@given(text=st.text())
def test_any_text_is_a_count_or_a_value_error(text: str) -> None:
    """Any text is a count that the tables store, or a ValueError."""
    try:
        count = parse_count(text)
    except ValueError:
        return
    assert 0 <= count.least <= count.value <= 2**63 - 1
