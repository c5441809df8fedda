"""Cleaning and shortening of external names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.names import SEPARATOR, clean, shorten, width, wrap


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
    assert shorten("soft-coated wheaten terrier", 8) == "soft-coated wh…"
    assert shorten("😀" * 60, 5.5) == "😀😀😀…"
    assert shorten("x" * 1_000_000, 10).endswith("x…")


@given(st.text(), st.floats(2, 40))
def test_a_shortened_name_fits_and_has_no_forbidden_character(name, ems):
    """Any name, once shortened, is within the width and has no character that XML forbids."""
    short = shorten(name, ems)
    assert width(short) <= ems
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", short)
    assert clean(short) == short


def test_phrases_are_wrapped_between_each_other():
    """Phrases share a line if they fit; a longer phrase is wrapped at its words."""
    assert wrap(["one", "two", "three"], 6) == [f"one{SEPARATOR}two", "three"]
    assert wrap(["a phrase of many words", "end"], 6) == ["a phrase of", "many words", "end"]
    assert wrap([], 10) == []


@given(st.lists(st.text("ab w", max_size=30), max_size=5), st.floats(5, 40))
def test_wrapped_lines_have_all_words(phrases, ems):
    """No word is lost, and a line is too wide only if it is one word."""
    lines = wrap(phrases, ems)
    words = [word for line in lines for word in line.replace(SEPARATOR, " ").split()]
    assert words == " ".join(phrases).split()
    assert all(width(line) <= ems or " " not in line for line in lines)
