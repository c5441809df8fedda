"""The crawl of a real site on this machine, from the first page to the last."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.pages import Page

ACCOUNT = "/user/ann/7"


def test_all_pages_are_read_in_order(site, three_pages, crawl, ids, caplog) -> None:
    """Every page is requested once, in order, with a user agent that names likelens, and each page is a log line."""
    with caplog.at_level(logging.INFO, "tasks.scrape"):
        pages = crawl(site.account)
    assert ids(pages) == three_pages
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7", f"{ACCOUNT}/6_7"]
    assert [page.next_url for page in pages] == [f"{site.account}/8_7", f"{site.account}/6_7", None]
    assert [page.head and page.head.posts for page in pages] == [5, None, None]
    assert all(page.problems == () and page.account == "ann" for page in pages)
    assert {request.user_agent.partition("/")[0] for request in site.requests} == {"likelens"}
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert lines == [
        f"{site.account}: 2 posts, 2 so far",
        f"{site.account}/8_7: 2 posts, 4 so far",
        f"{site.account}/6_7: 1 posts, 5 so far",
    ]


@pytest.mark.slow
def test_one_process_can_crawl_twice(site, three_pages, crawl, ids) -> None:
    """A second crawl in the same process works, though Scrapy's reactor can be started only once."""
    assert ids(crawl(site.account)) == ids(crawl(site.account)) == three_pages


def test_a_post_on_two_pages_counts_once(site, reply, gallery_page, crawl, ids) -> None:
    """A post that two pages show, because a new post moved it, or that one page shows twice, is read once."""
    site.replies[ACCOUNT] = reply(gallery_page([9, 8, 9], f"{ACCOUNT}/8_7", "4"))
    site.replies[f"{ACCOUNT}/8_7"] = reply(gallery_page([8, 7, 6]))
    pages = crawl(site.account)
    assert ids(pages) == [9, 8, 7, 6]
    assert pages[-1].problems == ()


def test_an_empty_page_after_the_last_post_is_the_end(site, reply, gallery_page, crawl, ids) -> None:
    """An empty next page ends the crawl after all posts were shown, and is an error before."""
    site.replies[f"{ACCOUNT}/8_7"] = reply(gallery_page([]))
    site.replies[ACCOUNT] = reply(gallery_page([9, 8], f"{ACCOUNT}/8_7", "2"))
    pages = crawl(site.account)
    assert ids(pages) == [9, 8]
    assert all(page.problems == () for page in pages)
    site.replies[ACCOUNT] = reply(gallery_page([9, 8], f"{ACCOUNT}/8_7", "3"))
    with pytest.raises(LayoutChanged, match=r"list\.post"):
        crawl(site.account)


@pytest.mark.parametrize("count", ["5", "5.4k"])
def test_a_page_without_its_pager_is_retried(
    site, reply, gallery_page, three_pages, crawl, ids, count
) -> None:
    """A page without a pager, though the account has more posts, is requested again until it has one."""
    complete, cut = gallery_page([9, 8], f"{ACCOUNT}/8_7", count), gallery_page([9, 8], None, count)
    site.replies[ACCOUNT] = [reply(cut), reply(cut), reply(complete)]
    pages = crawl(site.account)
    assert ids(pages) == three_pages
    assert site.paths[:4] == [ACCOUNT, ACCOUNT, ACCOUNT, f"{ACCOUNT}/8_7"]


def test_a_page_that_never_has_a_pager_is_a_problem(site, reply, gallery_page, crawl, ids) -> None:
    """After four retries its posts are read, and the problem has the number of missing posts and the selector."""
    site.replies[ACCOUNT] = reply(gallery_page([9, 8], None, "30"))
    pages = crawl(site.account)
    assert ids(pages) == [9, 8]
    assert site.paths == [ACCOUNT] * 5
    assert len(pages[0].problems) == 1
    for word in ("28 more posts", "list.next (ul.pagerblock > li > a)", site.account):
        assert word in pages[0].problems[0]


def test_a_pager_in_a_circle_ends(site, reply, gallery_page, crawl, ids) -> None:
    """A pager that leads back to the first page ends the crawl; no page is read twice."""
    site.replies[ACCOUNT] = reply(gallery_page([9, 8], f"{ACCOUNT}/8_7"))
    site.replies[f"{ACCOUNT}/8_7"] = reply(gallery_page([7, 6], ACCOUNT))
    assert ids(crawl(site.account)) == [9, 8, 7, 6]
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7"]


def test_new_addresses_with_the_same_posts_end_the_crawl(site, reply, gallery_page, crawl, ids) -> None:
    """A site that shows the same posts under ever new addresses ends the crawl with a problem."""
    site.replies[ACCOUNT] = reply(gallery_page([9, 8], "?page=2"))
    for number in range(2, 30):
        site.replies[f"{ACCOUNT}?page={number}"] = reply(gallery_page([9, 8], f"?page={number + 1}"))
    pages = crawl(site.account)
    assert ids(pages) == [9, 8]
    assert site.paths == [ACCOUNT, f"{ACCOUNT}?page=2"]
    assert "circle" in pages[-1].problems[0]


def test_an_account_without_posts_is_an_empty_page(
    site, reply, gallery_page, crawl: Callable[[str], Sequence[Page]]
) -> None:
    """An account without posts is one page without posts, and no error."""
    site.replies[ACCOUNT] = reply(gallery_page([], None, "0"))
    pages = crawl(site.account)
    assert [(page.posts, page.next_url, page.problems) for page in pages] == [((), None, ())]


@pytest.mark.parametrize("content_type", ["application/json", "application/xhtml+xml"])
def test_a_page_with_a_wrong_content_type_is_read(
    site, reply, gallery_page, crawl, ids, content_type
) -> None:
    """A page with a wrong content type, or without a character set, is read as HTML."""
    page = reply(gallery_page([9, 8], None, "2"), headers={"Content-Type": content_type})
    site.replies[ACCOUNT] = page
    assert ids(crawl(site.account)) == [9, 8]
