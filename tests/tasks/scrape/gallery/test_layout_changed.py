"""A page that no longer fits its profile is an error that names the selector, never an empty result."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import check_head, read_page
from tasks.scrape.gallery.pager import Account, next_pages
from tasks.scrape.gallery.profile import HeadPlaces, ListPlaces, PostPlaces, Profile
from tasks.scrape.gallery.selector_types import AddressPlace, Selector
from tasks.scrape.pages import Page

FIRST_PAGE = Path(__file__).with_name("pages") / "first_page" / "page.html"
URL = "http://www.imgrum.net/user/marta.roams/4477"
NOWHERE = AddressPlace(css="div.renamed-by-the-site")

ALWAYS_THERE = ["list.post", "post.id", "post.url"]
ALWAYS_THERE += ["post.posted_at", "post.picture", "post.likes", "post.comments"]
NOT_ALWAYS_THERE = [
    "head.present",
    "head.account",
    "head.followers",
    "head.following",
    "head.posts",
    "head.private",
    "head.unknown",
    "list.next",
]
ELSEWHERE = ["list.numbered", "list.entries", "list.entry_id"]
"""Other layouts' keys, which have tests of their own."""
NOT_ALWAYS_THERE += [
    "post.hidden",
    "post.video",
    "post.caption",
    "post.place",
    "post.pinned",
    "post.advertisement",
]


def read_first_page(profile: Profile, html: str | None = None) -> Page:
    html = FIRST_PAGE.read_text("utf-8") if html is None else html
    page = read_page(profile, open_page(profile.state, html), URL, "marta.roams", datetime.now(UTC))
    return check_head(profile, page)


def with_place(profile: Profile, name: str, place: Selector) -> Profile:
    part, key = name.split(".")
    changed = getattr(profile, part).model_copy(update={key: place})
    return profile.model_copy(update={part: changed})


def test_every_selector_of_a_profile_is_tried_here() -> None:
    """A selector that is added to the profile's language is added to these tests."""
    parts = {"head": HeadPlaces, "list": ListPlaces, "post": PostPlaces}
    every = [f"{part}.{key}" for part, places in parts.items() for key in places.model_fields]
    assert sorted(every) == sorted(ALWAYS_THERE + NOT_ALWAYS_THERE + ELSEWHERE)


@pytest.mark.parametrize("name", ALWAYS_THERE)
def test_a_selector_that_finds_nothing_any_more_is_named(imgrum: Profile, name: str) -> None:
    """When what every page has is nowhere on the page, the error has the selector's name, itself and the page."""
    with pytest.raises(LayoutChanged) as raised:
        read_first_page(with_place(imgrum, name, NOWHERE))
    assert f"selector {name} (div.renamed-by-the-site)" in str(raised.value)
    assert URL in str(raised.value)


@pytest.mark.parametrize("name", [name for name in NOT_ALWAYS_THERE if name != "post.video"])
def test_what_a_page_may_lack_is_unknown(imgrum: Profile, name: str) -> None:
    """A selector for what a page may lack makes no error, and all else is still read."""
    page = read_first_page(with_place(imgrum, name, NOWHERE))
    assert [post.likes for post in page.posts] == [1903, 802, 2450, 640, None]


def test_a_page_without_the_account_s_head_is_told_and_its_posts_are_kept(imgrum: Profile) -> None:
    """Posts without a head are a problem with the selector in it; neither head nor posts is no account's page."""
    html = FIRST_PAGE.read_text("utf-8").replace('class="user_info"', 'class="profile"')
    page = read_first_page(imgrum, html)
    assert len(page.posts) == 5
    assert any("head.present (div.user_info)" in problem for problem in page.problems)
    with pytest.raises(LayoutChanged, match=r"list\.post"):
        read_first_page(imgrum, "<h1>Welcome</h1>")


def test_a_video_that_is_not_known_as_one_is_told(imgrum: Profile) -> None:
    """Where the mark of videos changes, the post without a picture is told, and the others are read."""
    page = read_first_page(with_place(imgrum, "post.video", NOWHERE))
    assert [post.kind for post in page.posts if post.pictures] == ["image", "carousel", "image", "image"]
    assert any("post 1521977" in problem and "post.picture" in problem for problem in page.problems)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('class="fw_preview_wrapper"', 'class="card"', "list.post"),
        ('href="/media/', 'href="/p/', "post.id"),
        ('class="box_date"', 'class="date"', "post.posted_at"),
        ("<img src=", "<img data-src=", "post.picture"),
        ("gallery_likes_add ", "likes ", "post.likes"),
        ('class="post-views"', 'class="views"', "post.comments"),
    ],
)
def test_a_site_that_renames_its_elements_is_noticed(imgrum: Profile, old: str, new: str, name: str) -> None:
    """When the site itself changes its elements, the error names the selector that has to be mended."""
    html = FIRST_PAGE.read_text("utf-8")
    assert old in html
    with pytest.raises(LayoutChanged, match=f"selector {re.escape(name)} "):
        read_first_page(imgrum, html.replace(old, new))


def test_counts_that_nobody_can_read_are_named_with_their_value(imgrum: Profile) -> None:
    """When the site writes all its counts anew, the error has the field, its selector and a value."""
    html = FIRST_PAGE.read_text("utf-8")
    for likes in ("1,903", "802", "2,450", "640"):
        html = html.replace(f"<span>{likes}</span>", f"<span>{likes} people</span>")
    with pytest.raises(LayoutChanged) as raised:
        read_first_page(imgrum, html)
    assert "post.likes (div.gallery_likes.gallery_likes_add span)" in str(raised.value)
    assert "'1,903 people'" in str(raised.value)


def test_a_pager_on_another_host_is_named(imgrum: Profile) -> None:
    """A pager that leads to another port of the host, or down from https, is an error that names it."""
    for url, link in [
        (URL, "http://www.imgrum.net:8080/user/x"),
        ("https://a.example/user/x", "http://a.example/"),
    ]:
        page = open_page(None, f'<ul class="pagerblock"><li><a href="{link}">older</a></li></ul>')
        with pytest.raises(LayoutChanged, match=r"list\.next") as raised:
            next_pages(imgrum, page, url, Account("x", url))
        assert link in str(raised.value)
