"""Cleaning and shortening of external names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.names import clean, shorten, width


@pytest.mark.parametrize(
    "name", ["hotdog", "日本語", "مرحبا بالعالم", "Ünïcödé", "😀 smile", "a <b> & 'c' \"d\"", "क्षि"]
)
def test_ordinary_names_are_not_changed(name):
    """Names in any script, with any punctuation, are not changed."""
    assert clean(name) == name
    assert shorten(name, 40) == name


def test_a_cleaned_name_has_one_line():
    """Line breaks of every kind and sequences of blanks become one blank."""
    assert clean(" a\n b\t\tc\u2028d\r\n") == "a b c d"


def test_a_long_name_is_shortened_with_an_ellipsis():
    """A name that is too wide ends in an ellipsis and fits; emoji are not split."""
    assert shorten("soft-coated wheaten terrier", 8) == "soft-coated w…"
    assert shorten("😀" * 60, 5.5) == "😀😀😀😀…"
    assert shorten("x" * 1_000_000, 10).endswith("x…")


@given(st.text(), st.floats(2, 40))
def test_a_shortened_name_fits_and_has_no_forbidden_character(name, ems):
    """Any name, once shortened, is within the width and has no character that XML forbids."""
    short = shorten(name, ems)
    assert width(short) <= ems
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", short)
    assert clean(short) == short
