"""The crawl of a stand-in for the Graph API on this machine."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

from tasks.errors import AccountNotFound, BadSource, BadToken, LayoutChanged, SourceRefused, SourceUnreachable


def ids(pages) -> list[str]:
    return [post.post_id for page in pages for post in page.posts]


def test_an_account_is_read_until_the_last_page_by_cursors(site, server, read) -> None:
    """Each page is requested once, with the cursor of the page before; robots.txt is for those without a token."""
    pages = read()
    assert ids(pages) == ["17909", "17908", "17907", "17906", "17905"]
    assert len(site.requests) == 3
    head = pages[0].head
    assert head is not None and (head.followers, head.following, head.posts) == (900, None, 5)
    assert [page.head for page in pages[1:]] == [None, None]
    assert all(page.account == "ann" and page.problems == () for page in pages)


def test_the_token_appears_only_in_requests(site, server, read, token, caplog) -> None:
    """The token is in each request, and in no page, stored address or log line."""
    server.media[0]["caption"] = f"leaked: {token}"
    with caplog.at_level(logging.DEBUG):
        pages = read()
    reported = repr(pages) + caplog.text
    assert all(quote(token, safe="") in request.path for request in site.requests)
    assert token not in reported and quote(token, safe="") not in reported and "access_token" not in reported


def test_a_rejected_token_is_an_error(server, read, token) -> None:
    """An expired or misspelt token is an error that says what to do, without the token that the response quotes."""
    with pytest.raises(BadToken, match=r"rejects the token \(code 190.*INSTAGRAM_TOKEN") as raised:
        read("EAAG-an-old-token")
    assert "EAAG-an-old" not in str(raised.value) and "***" in str(raised.value)


def test_without_a_token_no_request_is_made(site, server, read) -> None:
    """A source that requires a token reports its name, and where to set it, before any request."""
    with pytest.raises(BadToken, match=r"INSTAGRAM_TOKEN in the environment.*Secret block instagram-token"):
        read(None)
    assert site.requests == []


def test_network_errors_do_not_contain_the_token(site, read, token, unused_port) -> None:
    """A network error is reported with the requested address, without the token in it."""
    site.base = f"http://127.0.0.1:{unused_port}"
    with pytest.raises(SourceUnreachable, match="can't be reached") as raised:
        read()
    assert "access_token" not in str(raised.value) and token not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"account": "nobody"}, AccountNotFound, "professional account"),
        ({"user_id": "123"}, BadSource, "no user_id 123"),
    ],
)
def test_an_unknown_account_or_user_id_is_an_error(server, read, settings, error, says) -> None:
    """An unavailable account, or a user_id of someone else, is an error with its name."""
    with pytest.raises(error, match=says):
        read(**settings)


def test_a_used_up_limit_delays_the_next_page(site, server, read) -> None:
    """The crawl waits the minutes until access is regained before the next page; after the last page it does not."""
    usage = '{"1784": [{"type": "instagram", "call_count": 96, "estimated_time_to_regain_access": 0.02}]}'
    later = '{"call_count": 99, "total_time": 3, "total_cputime": 1}'
    server.headers = [{"X-Business-Use-Case-Usage": usage}, {}, {"X-App-Usage": later}]
    assert len(ids(read())) == 5
    assert site.requests[1].at - site.requests[0].at >= 1.2
    assert server.headers == []


def test_a_used_up_limit_ends_the_crawl_with_its_pages(site, server, read, reply) -> None:
    """An error that a limit is used up ends the crawl, with the minutes in the headers; what was read is stored."""
    usage = '{"1784": [{"call_count": 100, "estimated_time_to_regain_access": 42}]}'
    server.headers = [{"X-Business-Use-Case-Usage": usage}]
    site.service = lambda request: server.refuse(4, "Application request limit reached", status=403)
    with pytest.raises(SourceRefused, match=r"code 4.*Wait 42 minutes.*is stored"):
        read()
    assert len(site.requests) == 1


def test_a_repeated_page_under_new_cursors_ends_the_crawl(site, server, read, reply, page, media) -> None:
    """An interface that repeats a page under new cursors is left, and reported."""
    numbers = iter(range(100))
    site.service = lambda request: server._json(page(media(9), media(8), after=f"c{next(numbers)}"))
    pages = read()
    assert ids(pages) == ["17909", "17908"]
    assert len(site.requests) == 2
    assert "circle" in pages[-1].problems[0]


def test_an_error_with_status_200_is_an_error(site, server, read) -> None:
    """An error in a response with status 200 is an error, and so is a page of HTML."""
    site.service = lambda request: server.refuse(10, "Application does not have permission", status=200)
    with pytest.raises(BadToken, match="instagram_basic"):
        read()
    site.service = lambda request: server.reply("<html>Sorry, something went wrong.</html>")
    with pytest.raises(LayoutChanged, match="Instagram's Graph API: the response is not JSON"):
        read()
