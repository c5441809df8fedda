"""A crawl requests pages byte for byte, and only on the source's own host and port."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from tasks.errors import LayoutChanged, SourceRefused
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

ACCOUNT = "/user/ann/7"
PROFILE = r"""
name = "plain"
account = '^/user/(?P<account>[^/]+)/7'
dates = ["iso"]

[head]
present = { css = "body" }

[list]
post = { css = "li" }
next = { css = "a.older", attribute = "href" }

[post]
id = { css = "a", attribute = "href", pattern = 'n=(\d+)' }
url = { css = "a", attribute = "href" }
posted_at = { css = "time", attribute = "datetime" }
picture = { css = "img", attribute = "src" }
likes = { css = "b" }
comments = { css = "i" }

[detail]
caption = { css = "p.caption" }

[comments]
comment = { css = "q" }
text = { css = "q" }
next = { css = "a.more", attribute = "href" }
"""
TARGETS = [
    "/a%2Fb/%7Ec~/d%3A?sig=%2B%2f+%3d%3D&e=%c3%a9%C3%A9&n=5",
    "//two///slashes//a?n=5&?",
    "/a?n=5&x=&x=1&x=1&",
    "/a;n=5;/b;",
    "/[a]{b}|c^d'e`?n=5&f=[1]&g={2}&h='3'|4",
    "/%zz%/n=5?",
]


def page(post: str = "/p?n=1", older: str = "", head: str = "") -> bytes:
    link = f'<a class="older" href="{escape(older)}">o</a>' if older else ""
    shown = (
        f'<li><a href="{escape(post)}"><img src="/a.png"></a><time datetime="2024-05-01"></time><b>4</b></li>'
    )
    return f"<html><head>{head}</head><body>{shown}{link}</body></html>".encode()


def detail(more: str = "", comment: str = "c") -> bytes:
    link = f'<a class="more" href="{escape(more)}">m</a>' if more else ""
    return f'<p class="caption">words</p><p><q>{comment}</q></p>{link}'.encode()


@pytest.fixture
def read(tmp_path: Any) -> Any:
    """Crawl an account with the profile above, its posts' own pages too."""
    (tmp_path / "plain.toml").write_text(PROFILE, "utf-8")

    def read_it(url: str) -> list[Any]:
        settings = GallerySettings(name="ann", kind="gallery", profile="plain.toml", url=url)
        return list(settings.open(tmp_path).pages(ReadContext(Spool(tmp_path / "none"), Politeness(0))))

    return read_it


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_pages_are_requested_as_their_links_are_written(target: str, raw_server: Any, read: Any) -> None:
    """A post's page, its further comments and the next page of posts are requested byte for byte."""
    written = f"/.{target}" if target.startswith("//") else target
    older, more = f"{written}&older", f"{written}&more"
    raw_server.show(ACCOUNT, page(written, older))
    raw_server.show(target, detail(more))
    raw_server.show(f"{target}&more", detail(comment="d"))
    raw_server.show(f"{target}&older", page("/p?n=6"))
    first, second = read(raw_server.base + ACCOUNT)
    assert raw_server.pages() == [ACCOUNT, target, f"{target}&more", f"{target}&older", "/p?n=6"]
    assert first.posts[0].caption == "words" and len(first.posts[0].thread) == 2
    assert first.next_url == f"{raw_server.base}{target}&older"
    assert second.posts[0].post_id == "6"


@pytest.mark.parametrize("target", TARGETS)
def test_a_redirected_page_is_requested_as_its_header_is_written(
    target: str, raw_server: Any, read: Any
) -> None:
    """A redirect is followed byte for byte, and links on the page are relative to the last address."""
    written = f"/.{target}" if target.startswith("//") else target
    raw_server.move(ACCOUNT, written.encode())
    raw_server.show(target, page("?n=1"))
    (first,) = read(raw_server.base + ACCOUNT)
    assert raw_server.pages()[:2] == [ACCOUNT, target]
    assert first.posts[0].url == f"{raw_server.base}{target.partition('?')[0]}?n=1"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"b\xfccher?t=\xe9", "/user/ann/b%FCcher?t=%E9"),
        (b"/b\xc3\xbccher#part", "/b%C3%BCcher"),
        (b"a b", "/user/ann/a%20b"),
        (b"?", f"{ACCOUNT}?"),
    ],
)
def test_a_redirect_with_odd_bytes_is_followed(
    location: bytes, target: str, raw_server: Any, read: Any
) -> None:
    """Bytes of a Location that are not ASCII are escaped as they came, in any encoding."""
    raw_server.move(ACCOUNT, location)
    raw_server.show(target, page())
    assert len(read(raw_server.base + ACCOUNT)) == 1
    assert raw_server.pages()[:2] == [ACCOUNT, target]


def test_an_address_in_the_settings_is_requested_as_it_is_written(raw_server: Any, read: Any) -> None:
    """The account's address keeps its escapes; capital letters in the host and its port change nothing."""
    target = f"{ACCOUNT}/%7Eb%2fc?d=%C3%a9&"
    raw_server.show(target, page())
    assert len(read(f"HTTP://LOCALHOST:{raw_server.port}{target}#top")) == 1
    assert raw_server.pages()[0] == target
    assert set(raw_server.hosts) == {f"localhost:{raw_server.port}"}


def test_a_redirect_to_another_port_is_not_followed(
    raw_server: Any, other_raw_server: Any, read: Any
) -> None:
    """A redirect to another port of the same host gets no request there, not even for robots.txt."""
    raw_server.move(ACCOUNT, f"{other_raw_server.base}{ACCOUNT}".encode())
    with pytest.raises(SourceRefused, match="away from the source's own host"):
        read(raw_server.base + ACCOUNT)
    assert other_raw_server.targets == []


def test_a_robots_txt_on_another_port_is_not_requested(
    raw_server: Any, other_raw_server: Any, read: Any
) -> None:
    """robots.txt is requested of the page's own host and port; a redirect of it to another port is not followed."""
    raw_server.move("/robots.txt", f"{other_raw_server.base}/robots.txt".encode())
    raw_server.show(ACCOUNT, page())
    read(raw_server.base + ACCOUNT)
    assert raw_server.targets[0] == "/robots.txt"
    assert other_raw_server.targets == []


def test_links_to_another_port_are_not_requested(raw_server: Any, other_raw_server: Any, read: Any) -> None:
    """A post's page on another port affects only that page; a next page there is an error that names the selector."""
    raw_server.show(ACCOUNT, page(f"{other_raw_server.base}/p?n=1"))
    (first,) = read(raw_server.base + ACCOUNT)
    assert "away from the source's own host" in first.unread_pages[0].why and not first.posts[0].detailed
    raw_server.show(ACCOUNT, page(older=f"{other_raw_server.base}/older"))
    with pytest.raises(LayoutChanged, match=r"list\.next .* away from the site"):
        read(raw_server.base + ACCOUNT)
    assert other_raw_server.targets == []


def test_a_base_on_the_own_host_is_obeyed(raw_server: Any, read: Any) -> None:
    """Links to posts, next pages and further comments are relative to the page's own base."""
    raw_server.show(ACCOUNT, page("p?n=1", "older?n=2", '<base href="/shop/x.html">'))
    raw_server.show("/shop/p?n=1", b'<base href="/talk/">' + detail("more?c=2"))
    raw_server.show("/talk/more?c=2", detail(comment="d"))
    raw_server.show("/shop/older?n=2", page("q?n=3"))
    first, second = read(raw_server.base + ACCOUNT)
    assert raw_server.pages() == [ACCOUNT, "/shop/p?n=1", "/talk/more?c=2", "/shop/older?n=2", "/shop/q?n=3"]
    assert first.posts[0].pictures == (f"{raw_server.base}/a.png",)
    assert second.posts[0].url == f"{raw_server.base}/shop/q?n=3"


def test_a_base_elsewhere_does_not_lead_the_crawl_away(
    raw_server: Any, other_raw_server: Any, read: Any
) -> None:
    """Where a page's base is on another host, its pictures are there; its next page is an error, and not requested."""
    raw_server.show(ACCOUNT, page("p?n=1", "", f'<base href="{other_raw_server.base}/x/">'))
    (first,) = read(raw_server.base + ACCOUNT)
    assert first.posts[0].pictures == (f"{other_raw_server.base}/a.png",)
    assert "away from the source's own host" in first.unread_pages[0].why
    raw_server.show(ACCOUNT, page("p?n=1", "older", f'<base href="{other_raw_server.base}/x/">'))
    with pytest.raises(LayoutChanged, match=r"list\.next .* away from the site"):
        read(raw_server.base + ACCOUNT)
    assert other_raw_server.targets == []
