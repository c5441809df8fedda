"""Politeness: retries, delays, and the pauses that a host asks for. Only minimum times are checked."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tasks.errors import SourceUnreachable

ACCOUNT = "/user/ann/7"


def pauses(site) -> list[float]:
    """Seconds between one request for a page and the next."""
    times = [request.at for request in site.requests if request.path != "/robots.txt"]
    return [later - earlier for earlier, later in pairwise(times)]


def test_a_transient_error_is_retried(site, reply, three_pages, crawl, ids) -> None:
    """A server error that goes away is retried after a pause."""
    site.replies[f"{ACCOUNT}/8_7"] = [reply("busy", 500), site.replies[f"{ACCOUNT}/8_7"]]
    assert ids(crawl(site.account)) == three_pages
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7", f"{ACCOUNT}/8_7", f"{ACCOUNT}/6_7"]
    assert pauses(site)[1] >= 0.4


def test_retry_after_is_obeyed(site, reply, three_pages, crawl, ids) -> None:
    """A pause that the host asks for is kept, also where the backoff would be shorter."""
    site.replies[ACCOUNT] = [reply("busy", 429, {"Retry-After": "2"}), site.replies[ACCOUNT]]
    assert ids(crawl(site.account)) == three_pages
    assert pauses(site)[0] >= 2.0


def test_no_retry_follows_where_the_host_asks_for_a_very_long_pause(site, reply, crawl) -> None:
    """A host that asks for more than an hour gets no further request in this run."""
    site.replies[ACCOUNT] = reply("busy", 503, {"Retry-After": "86400"})
    with pytest.raises(SourceUnreachable, match="503"):
        crawl(site.account)
    assert site.paths == [ACCOUNT]


def test_an_invalid_retry_after_is_ignored(site, reply, three_pages, crawl, ids) -> None:
    """With an invalid Retry-After the page is retried after the usual backoff."""
    for path, header in ((ACCOUNT, "soon"), (f"{ACCOUNT}/8_7", "\xb2")):
        site.replies[path] = [reply("busy", 503, {"Retry-After": header}), site.replies[path]]
    assert ids(crawl(site.account)) == three_pages


def test_the_delay_is_kept_between_pages(site, three_pages, crawl, ids) -> None:
    """Requests to a host are at least the delay of the settings apart."""
    assert ids(crawl(site.account, delay_seconds=0.5)) == three_pages
    assert min(pauses(site)) >= 0.45


def test_the_crawl_delay_of_robots_txt_is_kept(site, reply, three_pages, crawl, ids) -> None:
    """The Crawl-delay of robots.txt is kept where it is longer than the settings' delay."""
    site.replies["/robots.txt"] = reply("User-agent: *\nCrawl-delay: 1\nDisallow: /private/\n")
    assert ids(crawl(site.account)) == three_pages
    assert min(pauses(site)) >= 0.95


def test_no_page_is_requested_while_robots_txt_is_a_server_error(
    site, reply, three_pages, crawl, ids
) -> None:
    """While robots.txt is a server error no page is requested; a robots.txt that comes on a retry is obeyed."""
    site.replies["/robots.txt"] = reply("broken", 503, {"Retry-After": "86400"})
    with pytest.raises(SourceUnreachable, match=r"robots\.txt of .* responds with HTTP 503"):
        crawl(site.account)
    assert site.paths == []
    site.replies["/robots.txt"] = [reply("busy", 503), reply("User-agent: *\nDisallow:\n")]
    assert ids(crawl(site.account)) == three_pages
