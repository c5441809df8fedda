"""docs/gallery-profiles.md: its profile reads its page, and its keys are those of the code."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

import pytest
from parsel import Selector

from tasks.scrape.gallery.extract import check_head, next_pages, read_page
from tasks.scrape.gallery.profile import HeadPlaces, ListPlaces, Place, PostPlaces, Profile, load_profile

URL = "https://pix.example/zoe"


@pytest.fixture
def page(pages):
    """The page."""
    return pages["gallery-profiles.md"]


@pytest.fixture
def sample(page, studio):
    """The sample page, and the profile that goes with it."""
    return Selector(page.blocks("html")[0].text, type="html"), load_profile("pix.toml", studio)


def test_the_example_reads_the_sample_as_the_page_says(page, sample):
    """Each cell of the page's table is what the profile finds in the sample."""
    html, profile = sample
    read = read_page(profile, html, URL, profile.account_of("/zoe"), datetime.now(UTC))
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
    (following,) = next_pages(profile, html, URL)
    told = page.section("## A worked example")
    assert following in told
    assert "5 posts and 1200 followers" in told


def test_imgrum_is_shown_as_it_is(page):
    """The built-in profile on the page is the file that comes with likelens."""
    shipped = (resources.files("tasks.scrape.gallery") / "profiles" / "imgrum.toml").read_text("utf-8")
    assert shipped in [block.text for block in page.blocks("toml")]


@pytest.mark.parametrize(
    ("heading", "model"),
    [("### [head]", HeadPlaces), ("### [list]", ListPlaces), ("### [post]", PostPlaces)],
    ids=["head", "list", "post"],
)
def test_every_key_is_told(page, heading, model):
    """The keys of each table stand on the page, and which of them are needed."""
    told = {key: needed == "yes" for key, needed, _ in page.rows(heading, "| key | needed | meaning |")}
    assert told == {key: field.is_required() for key, field in model.model_fields.items()}


def test_the_first_lines_and_the_places_are_told(page):
    """So do a profile's own keys, and those of a place."""
    told = {key for key, _, _ in page.rows("### The first lines", "| key | needed | meaning |")}
    assert told | {"head", "list", "post"} == set(Profile.model_fields)
    told = {key for key, _ in page.rows("## Key by key", "| in a place | meaning |")}
    assert told == set(Place.model_fields)
