"""The crawl of a Mastodon server on this machine, from the look-up to the threads of comments."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.errors import AccountNotFound, AccountPrivate, BadToken, LayoutChanged, SourceRefused

TOKEN = "s3cret/tok en-0123456789"


def ids(pages) -> list[str]:
    return [post.post_id for page in pages for post in page.posts]


def max_ids(site) -> list[str | None]:
    """The `max_id` of each page of statuses that was requested."""
    request = [urlsplit(path) for path in site.paths]
    return [
        parse_qs(url.query).get("max_id", [None])[0] for url in request if url.path.endswith("/7/statuses")
    ]


def test_an_account_is_read_until_the_last_page_by_links(site, server, read) -> None:
    """The account is looked up by its name, without a token; then each page is requested once, by its Link."""
    pages = read()
    assert site.paths[0] == "/api/v1/accounts/lookup?acct=ann"
    assert ids(pages) == ["9", "8", "7", "6", "5"]
    assert max_ids(site) == [None, "8", "6"]
    assert {request.authorization for request in site.requests} == {None}
    head = pages[0].head
    assert head is not None and (head.followers, head.following, head.posts) == (1200, 34, 5)
    assert [page.head for page in pages[1:]] == [None, None]
    assert all(page.account == "ann" and page.problems == () for page in pages)
    assert pages[0].posts[0].pictures == ("https://files.example/9.jpg",)


def test_an_account_is_read_by_its_id_and_by_max_id(site, server, read) -> None:
    """A server without Link headers, as Pixelfed's, is read until the last page by the ids of the posts."""
    server.links = False
    pages = read(id="7")
    assert site.paths[0] == "/api/v1/accounts/7"
    assert ids(pages) == ["9", "8", "7", "6", "5"]
    assert max_ids(site) == [None, "8", "6", "5"]
    assert all(page.problems == () for page in pages)


@pytest.mark.parametrize(("page_size", "reported"), [(2, True), (5, False)])
def test_a_server_that_ignores_max_id_is_reported(site, server, read, page_size, reported) -> None:
    """A server that repeats its newest page is left, and the posts that can't be read there are reported."""
    server.links = server.obeys_max_id = False
    server.page_size = page_size
    pages = read()
    assert ids(pages) == ["9", "8", "7", "6", "5"][:page_size]
    assert len(max_ids(site)) == 2
    assert any("ignores max_id" in problem for problem in pages[-1].problems) == reported == pages[-1].more


def test_threads_are_read_with_their_parents(site, server, status, read) -> None:
    """Comments have their parents, authors and likes; no request is made for a post without comments."""
    server.statuses[0]["replies_count"] = 2
    server.contexts["9"] = [
        status(
            21, in_reply_to_id="9", account={"id": "3", "acct": "bob@other.example"}, content="<p>Fine!</p>"
        ),
        status(
            22, in_reply_to_id="21", account={"id": "7", "acct": "ann"}, content="<p>Thanks, <b>Bob</b></p>"
        ),
    ]
    pages = read()
    first, answered = pages[0].posts[0].thread
    assert (first.comment_id, first.parent_id, first.author, first.text) == (
        "21",
        None,
        "bob@other.example",
        "Fine!",
    )
    assert (answered.comment_id, answered.parent_id, answered.author) == ("22", "21", "ann")
    assert (answered.text, answered.likes) == ("Thanks, Bob", 220)
    assert [path for path in site.paths if path.endswith("/context")] == ["/api/v1/statuses/9/context"]
    assert [post.detailed for post in pages[0].posts] == [True, False]


def test_without_comments_no_thread_is_read(site, server, read) -> None:
    """A run without comments requests none."""
    server.statuses[0]["replies_count"] = 2
    assert len(ids(read(comments=False))) == 5
    assert not [path for path in site.paths if path.endswith("/context")]


def test_threads_that_require_a_token_cost_no_post(site, server, read) -> None:
    """If only threads require a token, all posts are read; it is reported once, after one request."""
    for status in server.statuses:
        status["replies_count"] = 1
    server.token_for_context = TOKEN
    pages = read()
    assert len(ids(pages)) == 5
    (problem,) = [problem for page in pages for problem in page.problems]
    assert "post 9 and those after it" in problem and "MASTODON_TOKEN" in problem
    assert len([path for path in site.paths if path.endswith("/context")]) == 1


def test_a_host_that_refuses_threads_is_left_with_what_was_read(site, server, reply, open_account) -> None:
    """After three refused threads the host gets no more requests; the page that was read is stored."""
    server.page_size = 4
    for status in server.statuses:
        status["replies_count"] = 1
        site.replies[f"/api/v1/statuses/{status['id']}/context"] = reply("<h1>Forbidden</h1>", 403)
    pages = open_account()
    assert len(next(pages).posts) == 4
    with pytest.raises(SourceRefused, match="403"):
        next(pages)
    assert len([path for path in site.paths if path.endswith("/context")]) == 3


def test_a_thread_that_is_gone_costs_only_itself(site, server, read) -> None:
    """A post that was deleted before its thread was read is stored without one, and the problem names it."""
    server.statuses[0]["replies_count"] = server.statuses[1]["replies_count"] = 1
    server.contexts["8"] = []
    pages = read()
    assert len(ids(pages)) == 5
    (unread,) = pages[0].unread_pages
    assert unread.post_id == "9" and "no longer has that post" in unread.why
    assert [post.detailed for post in pages[0].posts] == [False, True]


def test_a_token_is_sent_and_never_logged(site, server, read, tmp_path, caplog) -> None:
    """With a token a server that requires one is read; the token is in no log line and on no page."""
    server.token = TOKEN
    server.statuses[1]["content"] = f"<p>I leak {TOKEN}</p>"
    server.statuses[2]["favourites_count"] = TOKEN
    with caplog.at_level(logging.DEBUG):
        pages = read(TOKEN)
    assert len(ids(pages)) == 5
    assert {request.authorization for request in site.requests if "robots" not in request.path} == {
        f"Bearer {TOKEN}"
    }
    assert {request.accept for request in site.requests if "robots" not in request.path} == {
        "application/json"
    }
    assert TOKEN not in repr(pages) and TOKEN not in caplog.text


@pytest.mark.parametrize("secret", [None, "an-old-token-0123"])
def test_a_server_that_requires_a_token_is_an_error(server, read, secret) -> None:
    """Without a token, or with a rejected one, the error names the variable to set."""
    server.token = TOKEN
    with pytest.raises(BadToken, match=r"The access token is invalid.*MASTODON_TOKEN") as raised:
        read(secret)
    assert "old-token" not in str(raised.value)


def test_an_unknown_account_is_an_error(server, read) -> None:
    """An account that the server does not know is an error with its name and what to do."""
    with pytest.raises(AccountNotFound, match=r"knows no account nobody .*Check the spelling"):
        read(account="nobody")


@pytest.mark.slow
def test_a_locked_account_without_visible_posts_is_private(server, read) -> None:
    """A locked account that shows none of its posts is private; one without posts, or with visible ones, is not."""
    server.account["locked"] = True
    assert len(ids(read())) == 5
    server.statuses.clear()
    with pytest.raises(AccountPrivate, match="only its followers"):
        read()
    server.account["statuses_count"] = 0
    assert [(page.posts, page.problems) for page in read()] == [((), ())]


def test_the_limit_is_obeyed_before_it_is_used_up(site, server, read) -> None:
    """With one request left, the next one waits until the limit is renewed; after the last page nothing waits."""
    spent = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "1", "Reset-In": "2"}
    server.page_size = 5
    server.headers = [spent, {**spent, "Reset-In": "1800"}]
    assert len(ids(read())) == 5
    look_up, statuses = (request for request in site.requests if request.path != "/robots.txt")
    # The server's Date has whole seconds.
    assert statuses.at - look_up.at >= 2.0
    assert server.headers == []


def test_a_429_is_retried_when_the_limit_is_renewed(site, server, read) -> None:
    """A server that responds with 429 gets the next request when its limit is renewed, not before."""
    server.spent = 1
    server.headers = [{"Reset-In": "2"}]
    assert len(ids(read())) == 5
    first, again = (
        request for request in site.requests if request.path.startswith("/api/v1/accounts/lookup")
    )
    assert again.at - first.at >= 1.9


def test_a_limit_that_is_far_from_renewed_ends_the_crawl(server, read) -> None:
    """A server without requests left for hours is left alone, and the error says that what was read is stored."""
    server.headers = [{}, {"X-RateLimit-Remaining": "0", "Reset-In": "18000"}]
    with pytest.raises(SourceRefused, match=r"no requests left for us for (299|300) minutes.*are stored"):
        read()


def test_a_login_page_instead_of_json_is_an_error(site, server, reply, read) -> None:
    """A web page instead of JSON is an error that says so."""
    site.replies["/api/v1/accounts/lookup?acct=ann"] = reply("<!DOCTYPE html><html>Log in</html>")
    with pytest.raises(LayoutChanged, match=r"Mastodon's interface: the response is not JSON.*DOCTYPE"):
        read()
