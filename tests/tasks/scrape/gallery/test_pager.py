"""Numbered pages: the number in an address."""

from __future__ import annotations

import pytest

from tasks.scrape.gallery.numbered import NumberedPages


@pytest.mark.parametrize(
    ("address", "url", "number"),
    [
        ("?page={page}", "https://x.org/zoe", 1),
        ("?page={page}", "https://x.org/zoe?page=12", 12),
        ("?page={page}", "https://x.org/zoe?page=12&sort=new", 12),
        ("?sort=new&page={page}", "https://x.org/zoe?sort=new&page=3#top", 3),
        ("/u/{account}/page/{page}/", "https://x.org/u/zoe/page/7/", 7),
        ("./page-{page}.html", "https://x.org/zoe/page-2.html", 2),
    ],
)
def test_the_number_of_a_page_is_read_from_its_address(address: str, url: str, number: int) -> None:
    """The address has the number, so it is all that a resumed crawl needs."""
    assert NumberedPages(address=address).number_of(url, "zoe") == number
