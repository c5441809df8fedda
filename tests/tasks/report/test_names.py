"""Names that others chose: cleaned and cut, they are still themselves."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.names import clean, shorten, width


@pytest.mark.parametrize(
    "name", ["hotdog", "日本語", "مرحبا بالعالم", "Ünïcödé", "😀 smile", "a <b> & 'c' \"d\"", "क्षि"]
)
def test_ordinary_names_stay(name):
    """Names in any script, with any punctuation, are not changed."""
    assert clean(name) == name
    assert shorten(name, 40) == name


def test_names_are_on_one_line():
    """Line breaks of every kind and runs of blanks become one blank."""
    assert clean(" a\n b\t\tc\u2028d\r\n") == "a b c d"


def test_long_names_are_cut_with_an_ellipsis():
    """A name that is too wide ends in an ellipsis and fits; emoji stay whole."""
    assert shorten("soft-coated wheaten terrier", 8) == "soft-coated w…"
    assert shorten("😀" * 60, 5.5) == "😀😀😀😀…"
    assert shorten("x" * 1_000_000, 10).endswith("x…")


@given(st.text(), st.floats(2, 40))
def test_shortened_names_fit(name, ems):
    """Whatever the name, what is left is no wider than asked, and holds nothing that XML forbids."""
    short = shorten(name, ems)
    assert width(short) <= ems
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", short)
    assert clean(short) == short
