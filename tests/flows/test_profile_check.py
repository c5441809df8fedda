"""`likelens profile check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.demo.gallery import demo_gallery
from flows.demo.pages import account_path
from flows.demo.server import GalleryServer


@pytest.fixture(scope="module")
def gallery():
    """The gallery of the demo, and its server."""
    demo, pictures = demo_gallery(posts=12, account="instagram")
    with GalleryServer([demo], pictures) as server:
        yield demo, server


@pytest.mark.slow
def test_a_page_on_the_web_is_checked(gallery, command, tmp_path: Path):
    """A page is fetched as in a crawl, robots.txt first, and reported field by field; status 0 when nothing is missing."""
    made, server = gallery
    ran = command(tmp_path, "profile", "check", "imgrum", server.url(made))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for part in ("post.likes", "12 of 12", "div.gallery_likes.gallery_likes_add span", "Nothing is missing"):
        assert part in ran.stdout
    assert [path for _, path in server.requests][-2:] == ["/robots.txt", account_path(made)]
    post = server.url(made).partition("/user")[0] + f"/media/{made.posts[0].post_id}_{made.user_id}"
    checked = json.loads(command(tmp_path, "profile", "check", "imgrum", post, "--format", "json").stdout)
    assert (checked["kind"], checked["error"]) == ("post", "")
    assert {"comments.author", "comments.text"} <= {field["key"] for field in checked["fields"]}


def test_a_page_that_robots_txt_forbids_is_not_requested(gallery, command, tmp_path: Path):
    """The check obeys robots.txt: it ends with status 1 and a message."""
    made, server = gallery
    server.robots, before = "User-agent: *\nDisallow: /\n", server.robots
    ran = command(tmp_path, "profile", "check", "imgrum", server.url(made))
    server.robots = before
    assert ran.returncode == 1 and "robots.txt" in ran.stderr


def test_a_saved_page_is_checked_without_the_web(command, tmp_path: Path):
    """A saved page needs no network; each missing field has its line, and the status is 3."""
    (tmp_path / "page.html").write_text('<div class="user_info">zoe</div>')
    ran = command(tmp_path, "profile", "check", "imgrum", "page.html", "--url", "http://x.org/user/zoe/1")
    assert ran.returncode == 3
    assert "list.post" in ran.stdout and "error" in ran.stdout and "missing" in ran.stdout


def test_an_unknown_profile_or_page_is_reported(command, tmp_path: Path):
    """A wrong name of a profile or a page is wrong usage: status 2 and a message."""
    for arguments in (("imgrim", "page.html"), ("imgrum", "page.html"), ("imgrum", ".")):
        ran = command(tmp_path, "profile", "check", *arguments)
        assert ran.returncode == 2 and "Traceback" not in ran.stderr and ran.stderr.startswith("likelens:")
