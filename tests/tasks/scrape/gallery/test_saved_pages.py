"""Saved pages in the layouts of the built-in profiles: one folder for each case, one test for each field.

`pages/CASE/page.html` is a page as a server sends it. `expected.json` beside it has the expected values: a field
as one list over the posts, a problem as words in it, an error by its class. `profile` and `page_url` are given for
pages other than imgrum's list. With `post_page` it is the page of that post: its fields are `post.…`, and those of
its comments `thread.…`, one list over the comments.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from scrapy.http import HtmlResponse

import tasks.errors
from tasks.errors import StageError
from tasks.scrape.crawl.site_adapter import Detail, Response
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import read_page
from tasks.scrape.gallery.identity import AccountPages
from tasks.scrape.gallery.pager import next_pages
from tasks.scrape.gallery.profile import Profile, built_in_profiles, load_profile
from tasks.scrape.pages import Page, ScrapedPost

PAGES = Path(__file__).with_name("pages")
EXPECTED: dict[str, dict[str, Any]] = {
    folder.name: json.loads((folder / "expected.json").read_text("utf-8"))
    for folder in sorted(PAGES.iterdir())
}
URL = "http://www.imgrum.net/user/marta.roams/4477"
NOT_FIELDS = ("profile", "page_url", "post_page", "problems", "error", "says")
POST_FIELDS = {field.name for field in fields(ScrapedPost)}
AS_JSON: TypeAdapter[Any] = TypeAdapter(Any)
POST: TypeAdapter[ScrapedPost] = TypeAdapter(ScrapedPost)

cached_profile = cache(load_profile)


@cache
def read_saved(case: str) -> tuple[Page | Detail, list[str]]:
    """Return the page as the spider reads it, and the links of its pager."""
    expected = EXPECTED[case]
    profile: Profile = cached_profile(expected.get("profile", "imgrum"))
    url = expected.get("page_url", URL)
    body = (PAGES / case / "page.html").read_bytes()
    text = HtmlResponse(url, headers={"Content-Type": "text/html; charset=utf-8"}, body=body).text
    if "post_page" in expected:
        post = POST.validate_python({"url": url, "kind": "image", **expected["post_page"]})
        adapter = GalleryAdapter(profile, "ann", url)
        return adapter.read_detail(Response(url, text, datetime.now(UTC)), post), []
    page = open_page(profile.state, text)
    account = url.rsplit("/", 1)[-1].partition("?")[0] if "profile" in expected else "marta.roams"
    read = read_page(profile, page, url, account, datetime.now(UTC))
    return read, next_pages(AccountPages(profile, account, url.partition("?")[0]), page, url)


def field_of(read: Page | Detail, links: list[str], name: str) -> Any:
    """Return a field, named as in `expected.json`, as JSON."""
    if name == "next":
        return links
    if name.startswith("thread."):
        assert isinstance(read, Detail)
        key = name.removeprefix("thread.")
        return AS_JSON.dump_python([getattr(comment, key) for comment in read.post.thread], mode="json")
    if isinstance(read, Page) and name in POST_FIELDS:
        return AS_JSON.dump_python([getattr(post, name) for post in read.posts], mode="json")
    return AS_JSON.dump_python(attrgetter(name)(read), mode="json")


@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, id=f"{case}-{name}")
        for case, expected in EXPECTED.items()
        for name in expected
        if name not in NOT_FIELDS
    ],
)
def test_a_field_of_a_saved_page_has_the_expected_value(case: str, name: str) -> None:
    """Each field of each saved page is read as a person would read it."""
    read, links = read_saved(case)
    assert field_of(read, links, name) == EXPECTED[case][name]


@pytest.mark.parametrize("case", [case for case, expected in EXPECTED.items() if "error" not in expected])
def test_the_problems_of_a_saved_page_are_reported(case: str) -> None:
    """Each value that can't be read is a problem with the field and the value; there are no other problems."""
    problems = list(read_saved(case)[0].problems)
    for words in EXPECTED[case]["problems"]:
        found = [problem for problem in problems if all(word in problem for word in words)]
        assert found, (words, problems)
        problems.remove(found[0])
    assert problems == []


@pytest.mark.parametrize("case", [case for case, expected in EXPECTED.items() if "error" in expected])
def test_a_page_that_can_not_be_used_is_an_error(case: str) -> None:
    """The error names what was expected, and the page."""
    with pytest.raises(StageError) as raised:
        read_saved(case)
    assert type(raised.value) is getattr(tasks.errors, EXPECTED[case]["error"])
    for word in EXPECTED[case]["says"]:
        assert word in str(raised.value)


def test_every_profile_has_a_saved_list_and_a_saved_post_page() -> None:
    """Each built-in profile is tested with pages of both kinds."""
    for kind in (False, True):
        tested = {
            case.get("profile", "imgrum") for case in EXPECTED.values() if ("post_page" in case) == kind
        }
        assert tested == set(built_in_profiles())
