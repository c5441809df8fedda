"""The run decides after each page: the crawl stops or jumps, and sends no request before the decision."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import NextStep, ReadContext
from tasks.scrape.spool import Spool

ACCOUNT = "/user/ann/7"


@pytest.fixture
def read(open_source, site, tmp_path):
    """Crawl the site's account with a decision after each page."""

    def read_it(decide, politeness: Politeness | None = None):
        context = ReadContext(Spool(tmp_path / "none"), politeness or Politeness(0), decide)
        return list(open_source(site.account).pages(context))

    return read_it


def test_no_page_is_requested_after_the_run_stops_the_crawl(site, three_pages, read, ids) -> None:
    """No request is sent while the run decides, and none after it stops; the page is marked with `more`."""

    def stop_at_seven(page):
        time.sleep(0.3)
        return NextStep(stop=any(post.post_id == "7" for post in page.posts))

    pages = read(stop_at_seven)
    assert ids(pages) == [9, 8, 7, 6]
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7"]
    assert [(page.next_url is None, page.more) for page in pages] == [(False, False), (True, True)]


def test_the_last_page_is_not_marked_with_more(three_pages, read) -> None:
    """A crawl until the last page has no page with `more`."""
    assert [page.more for page in read(lambda page: NextStep())] == [False, False, False]


def test_the_crawl_jumps_to_the_address_of_the_decision(site, three_pages, read, ids) -> None:
    """It continues there, and does not report the posts between as missing."""
    pages = read(lambda page: NextStep(jump_to=f"{site.account}/6_7" if page.url == site.account else None))
    assert ids(pages) == [9, 8, 5]
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/6_7"]
    assert [page.problems for page in pages] == [(), ()]


def test_a_resumed_crawl_knows_that_it_jumped(site, three_pages, open_source, tmp_path, ids) -> None:
    """Resumed from its spool, it does not report the posts between as missing, and requests no page again."""
    spool = Spool(tmp_path / "ann.jsonl")
    jump = lambda page: NextStep(jump_to=f"{site.account}/6_7" if page.url == site.account else None)  # noqa: E731
    pages = open_source(site.account).pages(ReadContext(spool, Politeness(0), jump))
    spool.add(next(pages))
    pages.close()
    site.requests.clear()
    (rest,) = open_source(site.account).pages(ReadContext(Spool(spool.file), Politeness(0), jump))
    assert (ids([rest]), rest.problems) == ([5], ())
    # The request for this page, which the first crawl had sent, may arrive only now.
    assert set(site.paths) == {f"{ACCOUNT}/6_7"}


def test_every_request_has_the_project_and_the_contact_in_its_user_agent(site, three_pages, read) -> None:
    """The user agent has both for robots.txt too."""
    read(lambda page: NextStep(), Politeness(0, "mailto:ann@studio.example"))
    assert {request.user_agent for request in site.requests} == {"likelens/0.1 (+mailto:ann@studio.example)"}


def test_a_slow_host_gets_requests_more_slowly(site, reply, three_pages, read) -> None:
    """The pause between requests to a slow host is longer than the settings' delay."""
    for path, response in list(site.replies.items()):
        site.replies[path] = replace(response, delay=0.6)
    read(lambda page: NextStep())
    times = [request.at for request in site.requests if request.path != "/robots.txt"]
    assert times[2] - times[1] >= 0.6 + 0.4
