"""`<base href>`: relative addresses are resolved to it, as in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.scrape.gallery.check import check_page
from tasks.scrape.gallery.document import parse
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.identity import AccountPages
from tasks.scrape.gallery.pager import next_pages
from tasks.scrape.gallery.profile import Profile, load_profile
from tasks.scrape.gallery.saved import fallback_url

URL = "https://x.example/people/mia/"
PROFILE = """
name = "pix"
account = '^/people/(?P<account>[^/]+)/?$'
dates = ["iso"]
[head]
present = {{ css = "h1" }}
[list]
post = {{ css = "li" }}
{pager}
[post]
id = {{ css = "a", attribute = "href", pattern = '(\\d+)' }}
url = {{ css = "a", attribute = "href" }}
posted_at = {{ css = "time", attribute = "datetime" }}
picture = {{ css = "img", attribute = "src" }}
likes = {{ css = "b" }}
[comments]
comment = {{ css = "q" }}
text = {{ css = "q" }}
"""
POST = '<li><a href="view/1"><img src="1.jpg"></a><time datetime="2024-05-01"></time><b>4</b></li>'
LINK = 'next = { css = "a.older", attribute = "href" }'


def page(base: str, rest: str = "") -> str:
    return f'<html><head><base href="{base}"></head><body><h1>mia</h1>{POST}{rest}</body></html>'


@pytest.fixture
def profile(tmp_path: Path):
    """Make the profile with a pager."""

    def make(pager: str) -> Profile:
        (tmp_path / "pix.toml").write_text(PROFILE.format(pager=pager), "utf-8")
        return load_profile("pix.toml", tmp_path)

    return make


@pytest.mark.parametrize(
    ("base", "picture"),
    [
        ("/", "https://x.example/1.jpg"),
        ("../other/file.html", "https://x.example/people/other/1.jpg"),
        ("", "https://x.example/people/mia/1.jpg"),
        ("//x.example/z/", "https://x.example/z/1.jpg"),
        ("javascript:0", "https://x.example/people/mia/1.jpg"),
        ("file:///C:/saved/", "https://x.example/people/mia/1.jpg"),
        ("data:text/plain,", "https://x.example/people/mia/1.jpg"),
        ("https://[broken/", "https://x.example/people/mia/1.jpg"),
    ],
)
def test_a_check_resolves_addresses_to_the_base(base: str, picture: str, profile) -> None:
    """`profile check` shows the addresses that a browser would request; a base that is not a web address is ignored."""
    checked = check_page(profile(LINK), page(base), URL)
    (field,) = [field for field in checked.fields if field.key == "post.picture"]
    assert field.examples == (picture,)


def test_a_check_reports_posts_on_another_host(profile) -> None:
    """If the base leads post pages to another host, the check reports it and is not good."""
    checked = check_page(profile(LINK), page("https://other.example/"), URL)
    (field,) = [field for field in checked.fields if field.key == "post.url"]
    assert "leads away from the site" in field.trouble and not checked.is_good


@pytest.mark.parametrize(
    ("address", "base", "next_url"),
    [
        ("?page={page}", "/", "https://x.example/people/mia/?page=2"),
        ("people/{account}/{page}", "/", "https://x.example/people/mia/2"),
        ("/people/{account}/{page}", "/z/", "https://x.example/people/mia/2"),
        ("page-{page}.html", "", "https://x.example/people/mia/page-2.html"),
    ],
)
def test_numbered_pages_are_resolved_to_the_base(address: str, base: str, next_url: str, profile) -> None:
    """The address of a numbered page is resolved to the base as a link is; a query alone, to the first page."""
    made = profile(f'numbered = {{ address = "{address}" }}')
    part = open_page(None, page(base))
    assert next_pages(AccountPages(made, "mia", URL), part, URL) == [next_url]


def test_a_base_in_a_json_text_is_ignored() -> None:
    """Markup in the texts of a JSON page changes no address."""
    assert open_page(None, '{"text": "<base href=https://other.example/>"}').base is None


def test_a_saved_page_without_an_address_uses_its_base() -> None:
    """The absolute base is the fallback for a page that does not name its address."""
    assert fallback_url(parse(page("https://y.example/z/"))) == "https://y.example/z/"
    assert fallback_url(parse(page("/z/"))) == "https://saved.example/"
