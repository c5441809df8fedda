"""Being a welcome guest: retries, pauses, and what the host asks for. Times are least ones only."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tasks.errors import SourceUnreachable

ACCOUNT = "/user/ann/7"


def pauses(site) -> list[float]:
    """Seconds between one request for a page and the next."""
    times = [asked.at for asked in site.asked if asked.path != "/robots.txt"]
    return [later - earlier for earlier, later in pairwise(times)]


def test_a_passing_trouble_is_tried_again(site, reply, three_pages, crawl, ids) -> None:
    """A server error that goes away costs nothing but a pause, on the first page and on a later one."""
    site.replies[f"{ACCOUNT}/8_7"] = [reply("busy", 500), site.replies[f"{ACCOUNT}/8_7"]]
    assert ids(crawl(site.account)) == three_pages
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7", f"{ACCOUNT}/8_7", f"{ACCOUNT}/6_7"]
    assert pauses(site)[1] >= 0.4


def test_retry_after_is_obeyed(site, reply, three_pages, crawl, ids) -> None:
    """A host that asks for a pause gets it, though our own would have been shorter."""
    site.replies[ACCOUNT] = [reply("busy", 429, {"Retry-After": "2"}), site.replies[ACCOUNT]]
    assert ids(crawl(site.account)) == three_pages
    assert pauses(site)[0] >= 2.0


def test_a_host_that_asks_for_a_very_long_pause_is_left_alone(site, reply, crawl) -> None:
    """A host that asks for more than an hour is not asked again in this run."""
    site.replies[ACCOUNT] = reply("busy", 503, {"Retry-After": "86400"})
    with pytest.raises(SourceUnreachable, match="503"):
        crawl(site.account)
    assert site.paths == [ACCOUNT]


def test_a_retry_after_that_makes_no_sense_is_not_obeyed(site, reply, three_pages, crawl, ids) -> None:
    """A senseless Retry-After does no harm: the page is tried again after our own pause."""
    for path, header in ((ACCOUNT, "soon"), (f"{ACCOUNT}/8_7", "\xb2")):
        site.replies[path] = [reply("busy", 503, {"Retry-After": header}), site.replies[path]]
    assert ids(crawl(site.account)) == three_pages


def test_the_delay_is_kept_between_pages(site, three_pages, crawl, ids) -> None:
    """Between two pages of a host lies at least the delay of the settings."""
    assert ids(crawl(site.account, delay_seconds=0.5)) == three_pages
    assert min(pauses(site)) >= 0.45


def test_the_crawl_delay_of_robots_txt_is_kept(site, reply, three_pages, crawl, ids) -> None:
    """A host's own Crawl-delay is kept where it is longer than ours."""
    site.replies["/robots.txt"] = reply("User-agent: *\nCrawl-delay: 1\nDisallow: /private/\n")
    assert ids(crawl(site.account)) == three_pages
    assert min(pauses(site)) >= 0.95


def test_a_host_that_can_not_say_its_rules_is_left_alone(site, reply, three_pages, crawl, ids) -> None:
    """While robots.txt is a server error no page is asked for; one that comes on a second try is obeyed."""
    site.replies["/robots.txt"] = reply("broken", 503, {"Retry-After": "86400"})
    with pytest.raises(SourceUnreachable, match=r"robots\.txt of .* answers 503"):
        crawl(site.account)
    assert site.paths == []
    site.replies["/robots.txt"] = [reply("busy", 503), reply("User-agent: *\nDisallow:\n")]
    assert ids(crawl(site.account)) == three_pages
