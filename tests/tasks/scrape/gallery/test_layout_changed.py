"""A page that no longer fits its profile is an error with the selector, never an empty result."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import check_head, read_page
from tasks.scrape.gallery.identity import AccountPages
from tasks.scrape.gallery.pager import next_pages
from tasks.scrape.gallery.profile import HeadSelectors, ListSelectors, PostSelectors, Profile
from tasks.scrape.gallery.selector_types import AddressSelector, Selector
from tasks.scrape.pages import Page

FIRST_PAGE = Path(__file__).with_name("pages") / "first_page" / "page.html"
URL = "http://www.imgrum.net/user/marta.roams/4477"
NOWHERE = AddressSelector(css="div.renamed-by-the-site")

REQUIRED = ["list.post", "post.id", "post.url"]
REQUIRED += ["post.posted_at", "post.picture", "post.likes", "post.comments"]
OPTIONAL = [
    "head.present",
    "head.account",
    "head.followers",
    "head.following",
    "head.posts",
    "head.private",
    "head.unknown",
    "list.next",
]
OTHER_KEYS = ["list.numbered", "list.entries", "list.entry_id"]
"""Keys of other layouts, which have their own tests."""
OPTIONAL += [
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


def with_selector(profile: Profile, name: str, selector: Selector) -> Profile:
    part, key = name.split(".")
    changed = getattr(profile, part).model_copy(update={key: selector})
    return profile.model_copy(update={part: changed})


def test_these_tests_cover_every_key_of_a_profile() -> None:
    """A new key of the profile must be added to these tests."""
    parts = {"head": HeadSelectors, "list": ListSelectors, "post": PostSelectors}
    every = [f"{part}.{key}" for part, table in parts.items() for key in table.model_fields]
    assert sorted(every) == sorted(REQUIRED + OPTIONAL + OTHER_KEYS)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_selector_that_finds_nothing_is_an_error(imgrum: Profile, name: str) -> None:
    """The error has the selector's key, the selector and the page."""
    with pytest.raises(LayoutChanged) as raised:
        read_first_page(with_selector(imgrum, name, NOWHERE))
    assert f"selector {name} (div.renamed-by-the-site)" in str(raised.value)
    assert URL in str(raised.value)


@pytest.mark.parametrize("name", [name for name in OPTIONAL if name != "post.video"])
def test_an_optional_selector_that_finds_nothing_is_no_error(imgrum: Profile, name: str) -> None:
    """All other fields are still read."""
    page = read_first_page(with_selector(imgrum, name, NOWHERE))
    assert [post.likes for post in page.posts] == [1903, 802, 2450, 640, None]


def test_posts_without_a_head_are_read_with_a_problem(imgrum: Profile) -> None:
    """The problem has the selector. A page with neither head nor posts is an error."""
    html = FIRST_PAGE.read_text("utf-8").replace('class="user_info"', 'class="profile"')
    page = read_first_page(imgrum, html)
    assert len(page.posts) == 5
    assert any("head.present (div.user_info)" in problem for problem in page.problems)
    with pytest.raises(LayoutChanged, match=r"list\.post"):
        read_first_page(imgrum, "<h1>Welcome</h1>")


def test_a_video_without_its_mark_is_a_post_without_picture(imgrum: Profile) -> None:
    """If the mark of videos changes, the post without a picture is a problem, and the others are read."""
    page = read_first_page(with_selector(imgrum, "post.video", NOWHERE))
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
def test_renamed_elements_of_a_site_are_an_error(imgrum: Profile, old: str, new: str, name: str) -> None:
    """The error names the selector to fix."""
    html = FIRST_PAGE.read_text("utf-8")
    assert old in html
    with pytest.raises(LayoutChanged, match=f"selector {re.escape(name)} "):
        read_first_page(imgrum, html.replace(old, new))


def test_unreadable_counts_of_all_posts_are_an_error(imgrum: Profile) -> None:
    """The error has the key, the selector and a value."""
    html = FIRST_PAGE.read_text("utf-8")
    for likes in ("1,903", "802", "2,450", "640"):
        html = html.replace(f"<span>{likes}</span>", f"<span>{likes} people</span>")
    with pytest.raises(LayoutChanged) as raised:
        read_first_page(imgrum, html)
    assert "post.likes (div.gallery_likes.gallery_likes_add span)" in str(raised.value)
    assert "'1,903 people'" in str(raised.value)


def test_a_pager_to_another_host_is_an_error(imgrum: Profile) -> None:
    """The error has the link; another port and http after https are other hosts too."""
    for url, link in [
        (URL, "http://www.imgrum.net:8080/user/x"),
        ("https://a.example/user/x", "http://a.example/"),
    ]:
        page = open_page(None, f'<ul class="pagerblock"><li><a href="{link}">older</a></li></ul>')
        with pytest.raises(LayoutChanged, match=r"list\.next") as raised:
            next_pages(AccountPages(imgrum, "x", url), page, url)
        assert link in str(raised.value)
