"""`likelens profile check`, as its user runs it."""

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


def test_a_page_on_the_web_is_fetched_and_checked(gallery, likelens, tmp_path: Path):
    """The page is fetched as in a crawl, robots.txt first. The status is 0 if nothing is missing."""
    demo, server = gallery
    process = likelens(tmp_path, "profile", "check", "imgrum", server.url(demo))
    assert process.returncode == 0, process.stdout + process.stderr
    for part in ("post.likes", "12 of 12", "div.gallery_likes.gallery_likes_add span", "Nothing is missing"):
        assert part in process.stdout
    assert [path for _, path in server.requests][-2:] == ["/robots.txt", account_path(demo)]
    post = server.url(demo).partition("/user")[0] + f"/media/{demo.posts[0].post_id}_{demo.user_id}"
    result = json.loads(likelens(tmp_path, "profile", "check", "imgrum", post, "--format", "json").stdout)
    assert (result["kind"], result["error"]) == ("post", "")
    assert {"comments.author", "comments.text"} <= {field["key"] for field in result["fields"]}


def test_a_page_that_robots_txt_forbids_is_not_requested(gallery, likelens, tmp_path: Path):
    """The command obeys robots.txt. The status is 1, and the error names robots.txt."""
    demo, server = gallery
    server.robots, before = "User-agent: *\nDisallow: /\n", server.robots
    process = likelens(tmp_path, "profile", "check", "imgrum", server.url(demo))
    server.robots = before
    assert process.returncode == 1 and "robots.txt" in process.stderr


def test_a_saved_page_is_checked_without_a_request(likelens, tmp_path: Path):
    """A saved page needs no network. A missing key is in the table, and the status is 3."""
    (tmp_path / "page.html").write_text('<div class="user_info">zoe</div>')
    process = likelens(
        tmp_path, "profile", "check", "imgrum", "page.html", "--url", "http://x.org/user/zoe/1"
    )
    assert process.returncode == 3
    assert "list.post" in process.stdout and "error" in process.stdout and "missing" in process.stdout


def test_a_profile_or_page_that_does_not_exist_is_wrong_usage(likelens, tmp_path: Path):
    """A wrong name of a profile or page is status 2, without a traceback."""
    for arguments in (("imgrim", "page.html"), ("imgrum", "page.html"), ("imgrum", ".")):
        process = likelens(tmp_path, "profile", "check", *arguments)
        assert (
            process.returncode == 2
            and "Traceback" not in process.stderr
            and process.stderr.startswith("likelens:")
        )
