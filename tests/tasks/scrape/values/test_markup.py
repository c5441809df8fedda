"""Line breaks of captions and comments, from pages as PHP, WordPress and people write them."""

from __future__ import annotations

import pytest
from lxml import html

from tasks.scrape.gallery.selector_types import Part, Selector
from tasks.scrape.mastodon.text import plain_text
from tasks.scrape.values.markup import text_of_markup, text_with_lines

WORDPRESS = "<p>One<br />\ntwo &amp; three</p>\n\n<p>Four</p>\n<ul>\n<li>five</li>\n<li>six</li>\n</ul>\n"
BY_HAND = "\n    <b>Morning</b> at the lake,<br>\n    with fog\n    and  two swans.\n\t<br>\n\tEnd\n  "


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("one<br />\ntwo<br />\n<br />\nthree", "one\ntwo\n\nthree"),
        ("one<br>\r\ntwo <br/> three", "one\ntwo\nthree"),
        ("one\n<br>two", "one\ntwo"),
        (WORDPRESS, "One\ntwo & three\n\nFour\n\nfive\nsix"),
        (BY_HAND, "Morning at the lake,\nwith fog and two swans.\nEnd"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two<br></div><div>three</div>", "one\ntwo\nthree"),
        ("<div>one</div><br><div>two</div>", "one\n\ntwo"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("one\r\ntwo", "one\ntwo"),
        ("a&nbsp;&nbsp;b   c\t d", "a\u00a0\u00a0b c d"),
        ("&amp;amp; &lt;br&gt; &#38;nbsp;", "&amp; <br> &nbsp;"),
        ("a<pre>\n  b\n    c\n</pre>d", "a\n\n  b\n    c\n\nd"),
        ("a<script>var b</script><!-- c --><style>d{}</style>e", "ae"),
        ("#a <a href='/b'>#b</a>,\n<i>c</i>", "#a #b,\nc"),
    ],
)
def test_an_element_has_the_lines_that_a_browser_shows(written: str, text: str) -> None:
    """`<br>` with the newline beside it is one line break, blocks begin lines, and entities are read once."""
    assert text_with_lines(html.fragment_fromstring(f"<article>{written}</article>")) == text


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({"css": "div.c"}, "one\ntwo\n\nthree #tag"),
        ({"css": "div.c::text"}, "one\ntwo\n\nthree"),
        ({"xpath": ".//div[@class='c']/text()"}, "one\ntwo\n\nthree"),
        ({"xpath": "string(.//div[@class='c'])"}, "one\ntwo\n\nthree #tag"),
        ({"css": "div.c", "attribute": "title"}, "four\nfive & six"),
        ({"css": "div.c", "pattern": "(?s)two(.*)#"}, "three"),
    ],
)
def test_every_kind_of_place_has_the_lines(place: dict[str, str], text: str) -> None:
    """An element, its texts, an XPath's string and an attribute with HTML give the same lines, none of them twice."""
    page = (
        "<body><div class='c' title='four&lt;br /&gt;\nfive &amp;amp; six'>"
        "one<br />\ntwo<br />\n<br />\nthree <a>#tag</a></div></body>"
    )
    assert Selector.model_validate(place).first_text(Part(html.document_fromstring(page))) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("one<br />\ntwo &amp; three", "one\ntwo & three"),
        ("<p>one</p>\n<p>two</p>", "one\n\ntwo"),
        ("one\ntwo  &amp; <3 <b>four</b>", "one\ntwo  &amp; <3 <b>four</b>"),
        ("half \ud83d<br>two", "half \ufffd\ntwo"),
    ],
)
def test_a_text_of_json_may_hold_html(data: str, text: str) -> None:
    """A text with `<br>` or `<p>` is read as HTML, with its line breaks; any other text is unchanged."""
    assert text_of_markup(data) == text
    assert Selector.model_validate({"json": "said"}).first_text(Part(None, {"said": data})) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<p>one<br />\ntwo</p>\n\n<p>three\nfour</p>", "one\ntwo\n\nthree four"),
        ("<p>one</p><pre><code>a\n  b\n\n\nc\n</code></pre><p>two</p>", "one\n\na\n  b\n\n\nc\n\ntwo"),
        ("a&nbsp;b &amp;lt;", "a\u00a0b &lt;"),
    ],
)
def test_a_status_has_the_lines_that_a_browser_shows(content: str, text: str) -> None:
    """Statuses of servers that format their HTML, such as WordPress, get no line break twice; code keeps its own."""
    assert plain_text(content) == text
