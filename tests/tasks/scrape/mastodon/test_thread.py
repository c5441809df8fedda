"""What is read of a post's context."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.pages import ScrapedComment, ScrapedPost

WALK = MastodonAdapter("https://social.example", "ann")
POST = ScrapedPost("9", "https://social.example/@ann/9", "image", comments=2)


def thread_of(make_response, *descendants, **more):
    return WALK.read_detail(make_response({"ancestors": [], "descendants": list(descendants), **more}), POST)


def test_a_comment_is_read_completely(make_response, status) -> None:
    """A descendant becomes a comment with its text, author, time and likes."""
    given = status(
        21, in_reply_to_id="20", account={"id": "3", "acct": "bob@x.example"}, content="<p>a<br>b 👍</p>"
    )
    assert thread_of(make_response, given).post.thread == (
        ScrapedComment("21", "bob@x.example", "a\nb 👍", "20", datetime(2026, 4, 22, 10, tzinfo=UTC), 210),
    )


def test_a_reply_to_the_post_itself_has_no_parent(make_response, status) -> None:
    """Parents are comments: a reply to the post has none, whether ids are text or numbers."""
    detail = thread_of(make_response, status(21, in_reply_to_id=9), status(22, in_reply_to_id=21))
    assert [(one.comment_id, one.parent_id) for one in detail.post.thread] == [("21", None), ("22", "21")]
    assert detail.problems == ()


def test_a_broken_comment_costs_only_itself(make_response, status) -> None:
    """A missing or invalid field is null and reported; a comment without id is skipped; one listed twice counts once."""
    detail = thread_of(
        make_response,
        status(21, account=None, favourites_count="x", created_at=None, content=None),
        status(22, id=None),
        "nonsense",
        status(23),
        status(23),
        status(9),
    )
    assert [one.comment_id for one in detail.post.thread] == ["21", "23"]
    assert detail.post.thread[0] == ScrapedComment("21")
    assert sorted(detail.unparsed) == ["comment_id", "comment_id", "comment_likes", "comment_posted_at"]


@pytest.mark.parametrize(
    "body", ["<html>", "[]", '{"ancestors": []}', '{"descendants": {}}', '{"descendants": [{}]}']
)
def test_a_response_that_is_not_a_context_is_an_error(make_response, body) -> None:
    """The post keeps the comments that are stored."""
    with pytest.raises(LayoutChanged, match="Mastodon's interface"):
        WALK.read_detail(make_response(body), POST)


@pytest.mark.parametrize(
    ("comments", "wanted", "asks"), [(2, True, True), (None, True, True), (0, True, False), (2, False, False)]
)
def test_threads_are_read_only_for_posts_with_comments(comments, wanted, asks) -> None:
    """A thread is requested unless the post has no comments, or the settings read none."""
    adapter = MastodonAdapter("https://social.example", "ann", comments=wanted)
    post = ScrapedPost("9", "https://social.example/@ann/9", "image", comments=comments)
    assert (adapter.detail_url(post) is not None) is asks
