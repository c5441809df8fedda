"""Failures between the crawl and a site: each has its own error with a message for a person."""

from __future__ import annotations

import gzip

import pytest

from tasks.errors import (
    AccountNotFound,
    AccountPrivate,
    LayoutChanged,
    SourceRefused,
    SourceUnreachable,
    StageError,
)
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

ACCOUNT = "/user/ann/7"
PRIVATE = '<div class="user_info"></div><p class="private_note">This account is private.</p>'


def test_an_unknown_account_is_not_found(site, reply, crawl) -> None:
    """The error for an unknown account says to check its name."""
    site.replies[ACCOUNT] = reply("gone", 404)
    with pytest.raises(AccountNotFound) as raised:
        crawl(site.account)
    assert site.account in str(raised.value) and "Check the account's name" in str(raised.value)


def test_a_private_account_is_reported_as_private(site, reply, crawl) -> None:
    """The error names the cause."""
    site.replies[ACCOUNT] = reply(PRIVATE)
    with pytest.raises(AccountPrivate, match="private"):
        crawl(site.account)


@pytest.mark.parametrize(
    ("wall", "says"),
    [
        ('<form><input name="user"><input type="password" name="pw"></form>', "a login form"),
        ('<title>Just a moment...</title><div class="h-captcha"></div>', "a check for robots"),
    ],
)
def test_a_login_form_or_a_captcha_with_status_200_is_a_refusal(
    site, reply, three_pages, crawl, wall, says
) -> None:
    """A login form or a captcha instead of a page is reported as such, on the first page and later."""
    site.replies[f"{ACCOUNT}/8_7"] = reply(wall)
    with pytest.raises(SourceRefused, match=f"shows {says}"):
        crawl(site.account)
    site.replies[ACCOUNT] = reply(wall)
    with pytest.raises(SourceRefused, match=f"shows {says}"):
        crawl(site.account)


def test_a_host_that_refuses_gets_no_second_request(site, reply, crawl) -> None:
    """A status 403 is not retried, and the error has the status."""
    site.replies[ACCOUNT] = reply("no", 403)
    with pytest.raises(SourceRefused, match="403"):
        crawl(site.account)
    assert site.paths == [ACCOUNT]


def test_an_unreachable_host_is_reported_with_the_cause(unused_port, crawl) -> None:
    """The error for a host without a server can be retried, and names the host and the cause."""
    with pytest.raises(SourceUnreachable) as raised:
        crawl(f"http://127.0.0.1:{unused_port}{ACCOUNT}")
    assert f"127.0.0.1:{unused_port}" in str(raised.value) and "refused" in str(raised.value).lower()


def test_an_unknown_host_name_is_reported_as_such(crawl) -> None:
    """The error for a name without an address differs from that for a refused connection."""
    with pytest.raises(SourceUnreachable, match=r"no address is known for the name .*\(DNS\)"):
        crawl(f"http://no-such-name.invalid{ACCOUNT}")


def test_a_robots_txt_that_forbids_the_account_is_obeyed(site, reply, three_pages, crawl) -> None:
    """An account that robots.txt forbids is not requested, and the error says why."""
    rules = "User-agent: likelens\nDisallow: /user/\n"
    site.replies["/robots.txt"] = reply(rules, headers={"Content-Type": "text/plain"})
    with pytest.raises(SourceRefused, match=r"robots\.txt"):
        crawl(site.account)
    assert site.paths == []


def test_a_robots_txt_that_forbids_later_pages_is_obeyed(
    site, reply, three_pages, open_source, tmp_path
) -> None:
    """A later page that robots.txt forbids is not requested; the pages before it are read."""
    site.replies["/robots.txt"] = reply(f"User-agent: *\nDisallow: {ACCOUNT}/6\n")
    pages = open_source(site.account).pages(ReadContext(Spool(tmp_path / "none"), Politeness(0)))
    assert [len(next(pages).posts), len(next(pages).posts)] == [2, 2]
    with pytest.raises(SourceRefused, match=r"robots\.txt"):
        next(pages)
    assert site.paths == [ACCOUNT, f"{ACCOUNT}/8_7"]


@pytest.mark.parametrize("host", ["localhost", "[::1]"])
def test_a_redirect_to_another_host_is_not_followed(
    site, reply, three_pages, gallery_page, crawl, host
) -> None:
    """A redirect to another host, above all a private one, is not followed."""
    elsewhere = site.base.replace("127.0.0.1", host) + "/inside"
    site.replies["/inside"] = reply(gallery_page([1]))
    site.replies[ACCOUNT] = reply("", 302, {"Location": elsewhere})
    with pytest.raises(SourceRefused, match="away from the source's own host") as raised:
        crawl(site.account)
    assert elsewhere in str(raised.value) and site.account in str(raised.value)
    assert [request.path for request in site.requests] == ["/robots.txt", ACCOUNT]


def test_a_redirect_on_the_same_host_is_followed(site, reply, gallery_page, crawl, ids) -> None:
    """A redirect on the same host is followed, and a redirect in a circle is an error."""
    site.replies[ACCOUNT] = reply("", 301, {"Location": f"{ACCOUNT}/new"})
    site.replies[f"{ACCOUNT}/new"] = reply(gallery_page([9]))
    assert ids(crawl(site.account)) == [9]
    site.replies[f"{ACCOUNT}/new"] = reply("", 302, {"Location": ACCOUNT})
    with pytest.raises(SourceRefused, match="redirects again and again"):
        crawl(site.account)
    assert len(site.paths) < 15


def test_a_redirect_to_a_local_file_is_not_followed(site, reply, crawl) -> None:
    """A redirect to a file of this machine is not followed."""
    site.replies[ACCOUNT] = reply("", 302, {"Location": "file:///etc/passwd"})
    with pytest.raises(StageError, match="302"):
        crawl(site.account)
    assert site.paths == [ACCOUNT]


def test_a_picture_instead_of_a_page_is_an_error(site, reply, crawl) -> None:
    """A binary response is reported as not text."""
    site.replies[ACCOUNT] = reply(
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", headers={"Content-Type": "image/jpeg"}
    )
    with pytest.raises(LayoutChanged, match="is not text"):
        crawl(site.account)


def test_an_endless_page_is_cut_off_at_a_limit(site, reply, gallery_page, crawl) -> None:
    """The error for an endless page names the page and says that it is too large."""
    site.replies[ACCOUNT] = reply(gallery_page(range(1000)), endless=True)
    with pytest.raises(LayoutChanged) as raised:
        crawl(site.account)
    assert site.account in str(raised.value) and "far larger" in str(raised.value)
    assert site.paths == [ACCOUNT]


def test_a_small_response_that_unpacks_to_a_huge_page_is_cut_off(site, reply, crawl) -> None:
    """A compressed response that unpacks to far more than a page is cut off at the same limit."""
    body = gzip.compress(bytes(40 * 1024 * 1024))
    site.replies[ACCOUNT] = reply(body, headers={"Content-Encoding": "gzip"})
    with pytest.raises(LayoutChanged, match="exceeded"):
        crawl(site.account)


def test_a_truncated_response_is_retried(site, reply, gallery_page, crawl, ids) -> None:
    """A response that ends before its announced length is not read as a page, and is retried."""
    page = gallery_page([9, 8, 7], None, "3")
    broken = reply(page[:900], headers={"Content-Length": str(len(page)), "Connection": "close"})
    site.replies[ACCOUNT] = [broken, reply(page)]
    assert ids(crawl(site.account)) == [9, 8, 7]
