"""Names and messages in Prefect's artifacts stay text, however a stranger wrote them."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from tasks.markdown import MAX_NAME, escape, table

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=http://evil.example/x.png onerror=alert(1)>",
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "**b** _i_ `c` ~~s~~ a\\b",
    "<http://evil.example> &lt; &#60;",
    "# head",
    "- item",
    "1. item",
    "12) item",
    "a | b",
    "عربى 中文 👩‍👩‍👧",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_it_is(text):
    """Rendered alone and in a cell of a table, it is the text itself and no element."""
    render = MarkdownIt("commonmark").enable("table").enable("strikethrough").render
    shown = html.escape(text, quote=False)
    assert render(escape(text)) == f"<p>{shown}</p>\n"
    assert f"<td>{shown}</td>" in render("\n".join(table(["name", "n"], [[escape(text), "3"]])))


def test_addresses_are_no_links():
    """Prefect's pages link bare addresses: no text has one that begins a link."""
    text = escape("https://evil.example www.evil.example ann@evil.example WWW.evil.example")
    assert not re.search(r"(?<!\\)://|www\.|(?<!\\)@", text, re.IGNORECASE)


def test_a_long_text_is_shortened_and_loses_control_characters():
    """Lines are joined, marks that change the direction are removed, and the length has a limit."""
    assert escape("a\nb\u202ec\x00d") == "a bcd"
    assert escape("x" * 10_000) == "x" * MAX_NAME + "…"
