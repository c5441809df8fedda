"""Saved pages in imgrum's layout: one folder a case, one test a case and field.

`pages/CASE/page.html` is a page as a server sends it; `expected.json` beside it has what must come out:
a post's field as one list over the posts, a problem as words that must stand in it, an error by its class.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector
from pydantic import TypeAdapter
from scrapy.http import HtmlResponse

import tasks.errors
from tasks.errors import StageError
from tasks.scrape.gallery.extract import next_pages, read_page
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.pages import Page, ScrapedPost

PAGES = Path(__file__).with_name("pages")
EXPECTED: dict[str, dict[str, Any]] = {
    folder.name: json.loads((folder / "expected.json").read_text("utf-8"))
    for folder in sorted(PAGES.iterdir())
}
URL = "http://www.imgrum.net/user/marta.roams/4477"
POST_FIELDS = {field.name for field in fields(ScrapedPost)}
AS_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def read_saved(profile: Profile, case: str) -> tuple[Page, list[str]]:
    """The page as the spider reads it, and where its pager leads."""
    body = (PAGES / case / "page.html").read_bytes()
    response = HtmlResponse(URL, headers={"Content-Type": "text/html; charset=utf-8"}, body=body)
    selector = Selector(response.text, type="html")
    return read_page(profile, selector, URL, "marta.roams", datetime.now(UTC)), next_pages(
        profile, selector, URL
    )


def field_of(page: Page, links: list[str], name: str) -> Any:
    """A field by its name in `expected.json`, as JSON has it."""
    if name == "next":
        return links
    if name in POST_FIELDS:
        return AS_JSON.dump_python([getattr(post, name) for post in page.posts], mode="json")
    return AS_JSON.dump_python(attrgetter(name)(page), mode="json")


@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, id=f"{case}-{name}")
        for case, expected in EXPECTED.items()
        for name in expected
        if name not in ("problems", "error", "says")
    ],
)
def test_the_field_is_read(imgrum: Profile, case: str, name: str) -> None:
    """Each field of each saved page comes out as a person reads it there."""
    page, links = read_saved(imgrum, case)
    assert field_of(page, links, name) == EXPECTED[case][name]


@pytest.mark.parametrize("case", [case for case, expected in EXPECTED.items() if "error" not in expected])
def test_the_problems_are_told(imgrum: Profile, case: str) -> None:
    """What can't be read is a problem that names the field and the value, and nothing else is one."""
    problems = list(read_saved(imgrum, case)[0].problems)
    for words in EXPECTED[case]["problems"]:
        found = [problem for problem in problems if all(word in problem for word in words)]
        assert found, (words, problems)
        problems.remove(found[0])
    assert problems == []


@pytest.mark.parametrize("case", [case for case, expected in EXPECTED.items() if "error" in expected])
def test_a_page_that_can_not_be_used_is_an_error_in_words(imgrum: Profile, case: str) -> None:
    """A page that is no account's page of posts is an error that says what was looked for and where."""
    with pytest.raises(StageError) as raised:
        read_saved(imgrum, case)
    assert type(raised.value) is getattr(tasks.errors, EXPECTED[case]["error"])
    for word in EXPECTED[case]["says"]:
        assert word in str(raised.value)
