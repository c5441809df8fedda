"""A request for more data than Instagram gives at once is made again with half as many posts."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tasks.errors import SourceRefused
from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def sizes(site) -> list[int]:
    """How many posts each request names."""
    return [int(re.findall(r"limit\((\d+)\)", unquote(path))[0]) for path in site.paths]


def links(pages) -> list[str]:
    """The posts of the pages, in order."""
    return [post.url.split("/")[-2] for page in pages for post in page.posts]


@pytest.mark.parametrize(
    "too_much", [(1, REDUCE, 500), (1, REDUCE, 200), (-2, "An error", 400), (2, "Request timed out", 503)]
)
def test_the_page_is_halved_until_it_fits(site, server, read, too_much) -> None:
    """The page is halved at once, without retries of the same size, and stays small for the rest of the account."""
    server.most, server.too_much = 1, too_much
    assert links(read(page_size=4)) == ["C9", "C8", "C7", "C6", "C5"]
    assert sizes(site) == [4, 2, 1, 1, 1, 1, 1]


def test_a_page_in_the_middle_is_halved(site, server, read) -> None:
    """A page that is too large after others were read resumes at the same cursor, and no post is lost or repeated."""
    pages = iter([3, 1, 1, 1, 1])

    def make_response(request):
        server.most = next(pages)
        return server(request)

    site.service = make_response
    assert links(read(page_size=3)) == ["C9", "C8", "C7", "C6", "C5"]
    assert sizes(site) == [3, 3, 1, 1]


def test_a_resumed_crawl_uses_the_smaller_page(site, server, token, tmp_path: Path) -> None:
    """The size is part of the cursor's address, so a resumed crawl uses it."""
    server.most = 2
    given = {"account": "ann", "user_id": "17841400000000001", "base": site.base, "page_size": 4}
    source = GraphSettings(name="ann", kind="graph", **given).open(tmp_path)
    spool = Spool(tmp_path / "spool.jsonl")
    first = source.pages(ReadContext(spool, Politeness(0.0), secret=token))
    spool.add(next(first))
    first.close()
    site.requests.clear()
    rest = list(source.pages(ReadContext(Spool(spool.file), Politeness(0.0), secret=token)))
    assert links(rest) == ["C7", "C6", "C5"]
    assert sizes(site) == [2, 2]


def test_one_post_that_is_too_large_is_an_error(site, server, read) -> None:
    """If even one post is too much, the error says so, and is not a temporary one."""
    server.most, server.too_much = 0, (-2, "Request timed out", 400)
    with pytest.raises(
        SourceRefused, match=r"not return even one post of this account at a time .*timed out"
    ):
        read(page_size=4)
    assert sizes(site) == [4, 2, 1]
