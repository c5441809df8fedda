"""docs/gallery-profiles.md: its profile reads its page, and its keys are those of the code."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

import pytest

from tasks.scrape.gallery.check import check_page
from tasks.scrape.gallery.embedded_json import EmbeddedJsonSelector, open_page
from tasks.scrape.gallery.extract import check_head, read_page
from tasks.scrape.gallery.identity import AccountPages
from tasks.scrape.gallery.numbered import NumberedPages
from tasks.scrape.gallery.pager import next_pages
from tasks.scrape.gallery.profile import (
    CommentSelectors,
    DetailSelectors,
    HeadSelectors,
    ListSelectors,
    PostSelectors,
    Profile,
    built_in_profiles,
    load_profile,
)
from tasks.scrape.gallery.selector_types import AddressSelector
from tasks.scrape.values.counts import parse_count

URL = "https://pix.example/zoe"
TABLES = {
    "head": HeadSelectors,
    "list": ListSelectors,
    "list.numbered": NumberedPages,
    "post": PostSelectors,
    "detail": DetailSelectors,
    "comments": CommentSelectors,
}


@pytest.fixture
def page(pages):
    """The page."""
    return pages["gallery-profiles.md"]


@pytest.fixture
def sample(page, studio):
    """The sample page, and the profile that goes with it."""
    return page.blocks("html")[0].text, load_profile("pix.toml", studio)


def test_the_example_reads_the_sample_as_the_page_says(page, sample):
    """Each cell of the page's table is what the profile finds in the sample."""
    html, profile = sample
    whole = open_page(profile.state, html)
    read = read_page(profile, whole, URL, profile.account_of("/zoe"), datetime.now(UTC))
    check_head(profile, read)
    header = "| post_id | kind | posted_at | likes | comments | pictures | caption |"
    assert page.rows("## A worked example", header) == [
        [
            post.post_id,
            post.kind,
            f"{post.posted_at:%Y-%m-%d %H:%M}",
            str(post.likes),
            str(post.comments),
            str(len(post.pictures)),
            post.caption or "null",
        ]
        for post in read.posts
    ]
    assert read.problems == ()
    assert (read.head.posts, read.head.followers) == (5, 1200)
    (following,) = next_pages(AccountPages(profile, "zoe", URL), whole, URL)
    listed = page.section("## A worked example")
    assert following in listed
    assert "5 posts and 1200 followers" in listed


def test_the_check_accepts_the_example(sample):
    """The check of the example finds nothing missing."""
    html, profile = sample
    assert check_page(profile, html, URL).is_good


def test_the_page_shows_the_built_in_profiles(page):
    """The built-in profiles on the page are the files that come with likelens, and each has its line."""
    shown = [block.text for block in page.blocks("toml")]
    for name in built_in_profiles():
        file = resources.files("tasks.scrape.gallery") / "profiles" / f"{name}.toml"
        assert file.read_text("utf-8") in shown
    listed = {name for name, _ in page.rows("## The built-in profiles", "| profile | layout |")}
    assert listed == set(built_in_profiles())


@pytest.mark.parametrize("table", TABLES)
def test_the_page_has_every_key_of_a_table(page, table):
    """The page has the keys of each table, and whether they are required."""
    rows = page.rows(f"### [{table}]", "| key | required | meaning |")
    listed = {key: needed == "yes" for key, needed, _ in rows}
    assert listed == {key: field.is_required() for key, field in TABLES[table].model_fields.items()}


def test_the_page_has_the_keys_of_a_profile_a_state_and_a_selector(page):
    """The page has the top-level keys, those of the state, and those of a selector."""
    listed = {key for key, _, _ in page.rows("### The first lines", "| key | required | meaning |")}
    assert listed | {"state", "head", "list", "post", "detail", "comments"} == set(Profile.model_fields)
    listed = {key for key, _, _ in page.rows("### [state]", "| key | required | meaning |")}
    assert listed | {"query"} == set(EmbeddedJsonSelector.model_fields)
    listed = {key for key, _ in page.rows("## Key by key", "| in a place | meaning |")}
    assert listed == {field.alias or key for key, field in AddressSelector.model_fields.items()}


def test_the_counts_are_read_as_the_page_says(page):
    """Each form in the page's table of counts has the value, and the mark, that the table names."""
    rows = page.rows("## How values are read", "| written | read | rounded |")
    forms = [(form, value, mark) for written, value, mark in rows for form in written.strip("`").split("` `")]
    assert len(forms) > 15
    for form, value, mark in forms:
        count = parse_count(form)
        assert (count.value, count.rounded) == (int(value), mark == "yes"), form
