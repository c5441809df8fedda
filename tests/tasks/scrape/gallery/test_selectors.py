"""Selectors of elements, JSON and both; mistakes in profiles; and hostile pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import parsel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.errors import AccountNotFound, BadProfile, LayoutChanged, StageError
from tasks.scrape.crawl.site_adapter import CrawlState, Response
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.check import check_page
from tasks.scrape.gallery.embedded_json import EmbeddedJsonSelector, open_page
from tasks.scrape.gallery.extract import read_page
from tasks.scrape.gallery.profile import Profile, load_profile
from tasks.scrape.gallery.selector_types import AddressSelector, Part, Selector
from tasks.scrape.pages import Page, ScrapedPost

URL = "https://pix.example/zoe"
HTML = """<div id="box"><p class="a  b\tc">one <b>two</b></p><p class="ab">three</p><p class="a">  </p>
<!-- four --><i title=" five ">six</i><u data-item='{"n": 7, "tags": ["x", "y"], "none": null}'></u></div>"""

MIXED = """
name = "mixed"
account = '^/(?P<account>[^/]+)$'
dates = ["iso"]
[state]
css = "script#data"
[head]
present = { css = "ul" }
unknown = { css = "p.nobody" }
[list]
post = { css = "li" }
next = { css = "a.next", attribute = "href" }
entries = { json = "posts" }
[post]
id = { css = "a", attribute = "data-id" }
url = { css = "a", attribute = "href" }
posted_at = { json = "at" }
picture = { css = "img", attribute = "src" }
likes = { json = "likes" }
"""
POSTS = """<ul><li><a href="/p/1" data-id="1"><img src="/1.jpg"></a></li><li><a href="/p/2" data-id="2"><img src="/2.jpg"></a></li>
<li><a href="/p/3" data-id="3"><img src="/3.jpg"></a></li></ul>"""


def mixed(tmp_path: Path, old: str = "", new: str = "") -> Profile:
    assert old in MIXED
    (tmp_path / "mixed.toml").write_text(MIXED.replace(old, new, 1) if old else MIXED)
    return load_profile("mixed.toml", tmp_path)


def read(profile: Profile, html: str) -> Page:
    return read_page(profile, open_page(profile.state, html), URL, "zoe", datetime.now(UTC))


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        ({"css": "p.a"}, ["one two"]),
        ({"css": "p.a > b"}, ["two"]),
        ({"xpath": './/p[has-class("a")]'}, ["one two"]),
        ({"xpath": './/p[has-class("a", "b")]'}, ["one two"]),
        ({"xpath": './/p[re:test(., "th.ee")]'}, ["three"]),
        ({"css": "i", "attribute": "title"}, ["five"]),
        ({"css": "i::attr(title)"}, ["five"]),
        ({"css": "p.ab, i"}, ["three", "six"]),
        ({"css": "p", "pattern": "(t[a-z]+)"}, ["two", "three"]),
        ({"xpath": "count(.//p)"}, [3.0]),
        ({"css": "u", "attribute": "data-item", "json": "n"}, [7]),
        ({"css": "u", "attribute": "data-item", "json": "tags[]"}, ["x", "y"]),
        ({"css": "u", "attribute": "data-item", "json": "none"}, []),
        ({"json": "a.b"}, [1]),
        ({"json": "a.nothing.b"}, []),
        ({"json": "list[?n > `1`].n"}, [2, 3]),
        ({"json": "text", "pattern": r"(\d+) likes"}, ["12"]),
    ],
)
def test_a_selector_finds_its_values(selector: dict[str, str], values: list[Any]) -> None:
    """Values of elements, attributes, texts and JSON have no blanks around them, and empty ones are skipped."""
    data = {"a": {"b": 1}, "list": [{"n": 1}, {"n": 2}, {"n": 3}], "text": " 12 likes "}
    found = Selector.model_validate(selector).values(Part(open_page(None, HTML).element, data))
    assert found == values


@pytest.mark.parametrize(
    "css", ["p", "p.a", "p.a b", "div > p", "*", "p:first-child", "[class~=b]", "i[title]", "#box > i"]
)
def test_a_css_selector_finds_the_same_as_in_parsel(css: str) -> None:
    """A selector that somebody tried in parsel finds the same elements here."""
    expected = parsel.Selector(HTML, type="html").css(css)
    found = Selector(css=css).find(open_page(None, HTML))
    assert [one.tag for one in found] == [one.root.tag for one in expected]


@pytest.mark.parametrize("present", [True, 1, "yes", [0, 1], {"a": 1}])
@pytest.mark.parametrize("absent", [False, 0, "", "  ", None, [], {}])
def test_false_zero_and_empty_values_in_json_do_not_match(present: Any, absent: Any) -> None:
    """A mark such as `video` matches any other value."""
    selector = Selector.model_validate({"json": "x"})
    assert selector.matches(Part(None, {"x": present})) and not selector.matches(Part(None, {"x": absent}))


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ({}, "give either css or xpath, or json"),
        ({"css": "a", "xpath": ".//a"}, "give either css or xpath, or json"),
        ({"json": "a["}, "not a JMESPath"),
        ({"json": "no_such_function(a)"}, "not a JMESPath"),
        ({"json": "a", "attribute": "href"}, "attribute requires css or xpath"),
        ({"xpath": ".//a["}, "not an XPath"),
        ({"xpath": "no-such-function(.)"}, "XPath"),
        ({"css": "a", "template": "/x"}, "the template has no {value}"),
    ],
)
def test_a_mistake_in_a_selector_is_an_error(selector: dict[str, str], message: str) -> None:
    """A selector that is not valid is refused when the profile is loaded."""
    with pytest.raises(ValidationError) as raised:
        AddressSelector.model_validate(selector)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('[state]\ncss = "script#data"', "", "list.entries: json without css or xpath searches the page's JSON, so [state] is required"),
        ('entries = { json = "posts" }', "", "post.likes: json alone finds nothing in elements"),
        ("entries = { json", "entries = { css", "entries requires json"),
        ('post = { css = "li" }', 'post = { json = "x" }', "entries requires json"),
        ('picture = { css = "img", attribute = "src" }', "", "post.picture: it is required here or in [detail]"),
        ('next = { css = "a.next", attribute = "href" }', "", "give either next or numbered"),
        ("next = {", 'numbered = { address = "?p={page}" }\nnext = {', "give either next or numbered"),
        ('next = { css = "a.next", attribute = "href" }', 'numbered = { address = "?p=" }', "the address must contain {page} once"),
        ('dates = ["iso"]', 'dates = ["iso"]\nmonths = ["Jan"]', "all twelve months"),
        ('dates = ["iso"]', 'dates = ["iso"]\nzone = "Berlin"', "is not a time zone"),
        ("[list]", '[comments]\ncomment = { css = "c" }\ntext = { json = "t" }\n[list]', "comments.text: json alone"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_together_are_an_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A profile whose selectors could never find anything is refused, and the error names the key."""
    with pytest.raises(BadProfile) as raised:
        mixed(tmp_path, old, new)
    assert message in str(raised.value)


@pytest.mark.parametrize("as_array", [False, True])
def test_elements_and_json_are_joined_by_ids(tmp_path: Path, as_array: bool) -> None:
    """A post's element and the JSON with its id are one post; a post without such JSON lacks those fields."""
    entries = [{"id": 2, "likes": 20, "at": "2024-05-02"}, {"id": 1, "likes": "1.2k", "at": "2024-05-01"}]
    posts = entries if as_array else {str(entry["id"]): entry for entry in entries}
    data = f'<script id="data" type="application/json">{json.dumps({"posts": posts})}</script>'
    by = 'entries = { json = "posts" }'
    profile = mixed(tmp_path, by, f'{by}\nentry_id = {{ json = "id" }}' if as_array else by)
    page = read(profile, data + POSTS)
    assert [(post.post_id, post.likes, post.likes_rounded) for post in page.posts] == [
        ("1", 1200, True),
        ("2", 20, False),
        ("3", None, False),
    ]


def test_entries_that_cannot_be_searched_are_the_error_of_a_check(tmp_path: Path) -> None:
    """The check of a page whose entries have another form reports the selector, and raises nothing."""
    profile = mixed(tmp_path, 'entries = { json = "posts" }', 'entries = { json = "values(posts)" }')
    data = '<script id="data" type="application/json">{"posts": 3}</script>'
    assert "list.entries (values(posts)) finds nothing" in check_page(profile, data + POSTS, URL).error


def test_replies_that_cannot_be_searched_are_the_error_of_a_check(tmp_path: Path) -> None:
    """The check of a post page whose replies have another form reports it, and raises nothing."""
    keys = 'comment = { json = "thread" }\ntext = { json = "text" }\nreplies = { json = "values(replies)" }'
    profile = mixed(tmp_path, "[post]", f"[comments]\n{keys}\n[post]")
    html = '<script id="data" type="application/json">{"thread": [{"text": "a", "replies": 3}]}</script>'
    assert "comments.comment (thread) finds nothing" in check_page(profile, html, URL, is_post=True).error


def test_a_page_for_an_unknown_account_is_account_not_found(tmp_path: Path) -> None:
    """A page with status 200 that says so is `AccountNotFound`, not a changed layout."""
    with pytest.raises(AccountNotFound, match="no such account"):
        read(mixed(tmp_path), '<p class="nobody">Nobody here</p>')


def test_json_of_several_scripts_is_one_array() -> None:
    """With `several`, the JSON of all scripts is one array; invalid JSON in one does not affect the others."""
    html = '<script class="ld">{"a": 1}</script><script class="ld">{"a": </script><script class="ld">[2]</script>'
    assert open_page(EmbeddedJsonSelector(css="script.ld", several=True), html).data == [{"a": 1}, [2]]
    assert open_page(EmbeddedJsonSelector(css="script.ld"), html).data == {"a": 1}
    broken = open_page(EmbeddedJsonSelector(css="script.ld"), '<script class="ld">{"a": NaN}</script>')
    assert broken.data is None and "state (script.ld): no JSON" in broken.troubles[0]


def test_json_in_quotes_is_read() -> None:
    """JSON in a quoted text, as for `JSON.parse`, is read like plain JSON."""
    html = r"""<script>window.S = JSON.parse("{\"a\": \"\\u003cb\\u003e\"}");</script>"""
    selector = EmbeddedJsonSelector(css="script", pattern=r'JSON\.parse\((")')
    assert open_page(selector, html).data == {"a": "<b>"}


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000])
def test_deeply_nested_json_is_a_trouble(deep: str) -> None:
    """JSON that exceeds the parser's recursion limit is reported."""
    page = open_page(EmbeddedJsonSelector(css="script"), f"<script>{deep}</script>")
    assert page.data is None and page.troubles


def test_a_text_or_id_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    """A caption or an id of millions of characters affects only that field or post."""
    profile = load_profile("lumen")
    item = {"code": "c", "kind": "photo", "taken": 1741276811, "hearts": 1, "replies": 0}
    items = [
        {**item, "id": 1, "text": "x" * 2_000_000},
        {**item, "id": "9" * 5000},
        {**item, "id": 2, "text": "y"},
    ]
    for one in items:
        one["media"] = [{"type": "photo", "url": "/1.jpg"}]
    state = json.dumps({"user": {"handle": "k"}, "feed": {"items": items}})
    page = read(profile, f"<script>window.__LUMEN__ = {state}</script>")
    assert [(post.post_id, post.caption) for post in page.posts] == [("1", None), ("2", "y")]
    assert page.unparsed == ("caption", "id")
    assert all(len(problem) < 300 for problem in page.problems)


@pytest.mark.parametrize(
    ("profile", "comments", "count", "is_requested"),
    [
        ("imgrum", True, 3, True),
        ("imgrum", True, None, True),
        ("imgrum", True, 0, False),
        ("imgrum", False, 3, False),
        ("cardwall", False, 0, True),
    ],
)
def test_a_post_page_is_requested_only_if_it_adds_something(
    profile: str, comments: bool, count: int | None, is_requested: bool
) -> None:
    """For comments alone, the page of a post without comments is not requested; for other fields, every page is."""
    adapter = GalleryAdapter(load_profile(profile), "ann", "http://x.org/user/ann/7", comments=comments)
    post = ScrapedPost("1", "http://x.org/p/1", "image", comments=count)
    assert adapter.detail_url(post) == (post.url if is_requested else None)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "code", "taken", "hearts", "text", "media", "url", "type", "replies", "kind"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(items=st.lists(ANY_JSON, max_size=4))
def test_any_json_is_read_or_an_error(items: list[Any]) -> None:
    """For any JSON, posts have ids, addresses and counts that the tables can store, or the page is a `StageError`."""
    adapter = GalleryAdapter(load_profile("lumen"), "kofi", "https://lumen.example/u/kofi")
    state = json.dumps({"user": {"handle": "k"}, "feed": {"items": items}}, allow_nan=False, default=str) if (
        "NaN" not in repr(items) and "inf" not in repr(items) and "nan" not in repr(items)
    ) else '{"feed": {"items": [NaN]}}'  # fmt: skip
    response = Response(adapter.first_url, f"<script>window.__LUMEN__ = {state}</script>", datetime.now(UTC))
    try:
        page = adapter.read(response, CrawlState()).page
    except StageError:
        return
    assert page is not None
    for post in page.posts:
        assert post.post_id and post.url.startswith("https://lumen.example/photo/")
        assert all(count is None or 0 <= count < 2**63 for count in (post.likes, post.comments))


@settings(deadline=None)
@given(html=st.text(max_size=200))
@pytest.mark.parametrize("profile", ["imgrum", "cardwall", "bilderbogen"])
def test_any_html_is_an_error_of_the_layout(profile: str, html: str) -> None:
    """Any text that is not the account's page raises `LayoutChanged`."""
    adapter = GalleryAdapter(load_profile(profile), "ann", "http://x.org/user/ann/7")
    with pytest.raises(LayoutChanged):
        adapter.read(Response(adapter.first_url, html, datetime.now(UTC)), CrawlState())
