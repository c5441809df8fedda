"""The run decides after each page: the crawl stops, or goes on elsewhere, and asks for nothing that is not wanted."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import NextStep, ReadContext
from tasks.scrape.spool import Spool

ACCOUNT = "/user/ann/7"


@pytest.fixture
def visited(open_source, site, tmp_path):
    """Crawl the site's account with a judge."""

    def visit_it(judge, politeness: Politeness | None = None):
        context = ReadContext(Spool(tmp_path / "none"), politeness or Politeness(0), judge)
        return list(open_source(site.account).pages(context))

    return visit_it


def test_a_page_that_is_enough_is_the_last_that_is_asked_for(site, three_pages, visited, ids) -> None:
    """No request goes out while the run decides, and none after it has had enough; the page says there is more."""

    def enough_at_seven(page):
        time.sleep(0.3)
        return NextStep(stop=any(post.post_id == "7" for post in page.posts))

    pages = visited(enough_at_seven)
    assert ids(pages) == [9, 8, 7, 6]
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7"]
    assert [(page.next_url is None, page.more) for page in pages] == [(False, False), (True, True)]


def test_the_last_page_has_no_more(three_pages, visited) -> None:
    """A crawl that got to the end says so."""
    assert [page.more for page in visited(lambda page: NextStep())] == [False, False, False]


def test_the_crawl_jumps_where_it_is_sent(site, three_pages, visited, ids) -> None:
    """It goes on at the address it is given, and misses no posts by its own count there."""
    pages = visited(
        lambda page: NextStep(jump_to=f"{site.account}/6_7" if page.url == site.account else None)
    )
    assert ids(pages) == [9, 8, 5]
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/6_7"]
    assert [page.problems for page in pages] == [(), ()]


def test_a_crawl_that_jumped_and_was_cut_off_still_knows_it(
    site, three_pages, open_source, tmp_path, ids
) -> None:
    """Gone on with from its spool, it misses no posts that it jumped over, and asks for no page again."""
    spool = Spool(tmp_path / "ann.jsonl")
    jump = lambda page: NextStep(jump_to=f"{site.account}/6_7" if page.url == site.account else None)  # noqa: E731
    pages = open_source(site.account).pages(ReadContext(spool, Politeness(0), jump))
    spool.add(next(pages))
    pages.close()
    site.asked.clear()
    (rest,) = open_source(site.account).pages(ReadContext(Spool(spool.file), Politeness(0), jump))
    assert (ids([rest]), rest.problems) == ([5], ())
    assert site.paths == [f"{ACCOUNT}/6_7"]


def test_every_request_says_who_asks_and_whom_to_write_to(site, three_pages, visited) -> None:
    """The user agent names the project and the contact of the settings, for robots.txt too."""
    visited(lambda page: NextStep(), Politeness(0, "mailto:ann@studio.example"))
    assert {asked.user_agent for asked in site.asked} == {"likelens/0.1 (+mailto:ann@studio.example)"}


def test_a_slow_host_is_asked_more_slowly(site, reply, three_pages, visited) -> None:
    """A host that takes long to answer gets longer pauses than the delay of the settings."""
    for path, answer in list(site.replies.items()):
        site.replies[path] = replace(answer, delay=0.6)
    visited(lambda page: NextStep())
    times = [asked.at for asked in site.asked if asked.path != "/robots.txt"]
    assert times[2] - times[1] >= 0.6 + 0.4
