"""Text, ids, addresses and JSON: one rule for all kinds of source."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.json_text import LENIENT, at, read_json, read_object
from tasks.scrape.values.text import MAX_SHOWN, clean, identifier, quote, shown, text_of

VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just({"a": [1]})
)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://x.example/a?b=%2F#c", "https://x.example/a?b=%2F#c"),
        (" HTTP://X.example\n", "http://X.example"),
        ("http://x.example\0/a", "http://x.example/a"),
        ("//x.example/a", None),
        ("https:///a", None),
        ("http:a", None),
        ("http://[x/", None),
        ("ftp://x.example/a", None),
        ("javascript:alert(1)", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_web_address_is_http_with_a_host(value: Any, address: str | None) -> None:
    """Only an http or https address with a host is one, whatever kind of source it comes from."""
    assert web_address(value) == address


@given(VALUES)
def test_any_value_can_be_stored_and_shown(value: Any) -> None:
    """A text is valid UTF-8 without NUL; a message shows any value on one short line."""
    for text in (text_of(value), identifier(value), web_address(value), quote(value), shown(value)):
        assert text is None or ("\0" not in text and text.encode() is not None)
    assert len(shown(value)) <= MAX_SHOWN and "\n" not in shown(value)


def test_halves_of_characters_are_replaced() -> None:
    """Half a surrogate pair becomes U+FFFD, and a NUL is removed."""
    assert clean("a\ud83d\0b") == "a\ufffdb"
    assert (text_of(" \0 "), identifier(7), identifier(True), identifier(" x ")) == (None, "7", None, "x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON, or is cut off"),
        ('{"a": 1', "is not JSON, or is cut off"),
        ('{"a":\n1', "at line 2, column 2"),
        ("[" * 200_000, "is nested too deeply"),
        ("NaN", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
    ],
)
def test_invalid_json_is_a_value_error(text: str, problem: str) -> None:
    """The error says what is wrong, in a phrase that fits after the name of the source."""
    with pytest.raises(ValueError, match=problem):
        read_json(text)
    assert read_object(text) == {}


def test_json_of_python_and_huge_numbers_is_read() -> None:
    """Files may hold NaN, which is null; a number that Python refuses to read is text."""
    assert read_json("[NaN, Infinity]", LENIENT) == [None, math.inf]
    assert read_json("\ufeff[" + "9" * 5_000 + "]") == ["9" * 5_000]
    assert read_object("[1]") == {}
    assert at(json.loads('{"a": [{"b": 1}]}'), "a", 0, "b") == 1 and at({"a": 1}, "a", 0) is None
