"""Where a page of statuses leads on: Link headers as servers write them, and ids where there are none."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.scrape.crawl.site_adapter import CrawlState
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.pages import AccountInfo

WALK = MastodonAdapter("https://social.example", "ann")
HERE = "https://social.example/api/v1/accounts/7/statuses"


def following(answer, statuses, link=None, url=HERE, **crawl_state):
    headers = {} if link is None else {"link": link}
    return WALK.read(answer(statuses, url, headers=headers), CrawlState(**crawl_state))


@pytest.mark.parametrize(
    ("link", "max_ids"),
    [
        (None, ["8"]),
        ("", ["8"]),
        (f'<{HERE}?max_id=8&limit=40>; rel="next", <{HERE}?min_id=9>; rel="prev"', ["8", "8"]),
        (f'<{HERE}?min_id=9>; rel="prev", <{HERE}?max_id=7>; rel=next', ["7", "8"]),
        (f"<{HERE}?max_id=7>; REL = 'next'", ["7", "8"]),
        (f'<{HERE}?min_id=9>; rel="prev"', []),
        ('<http://127.0.0.1:3000/api/v1/accounts/7/statuses?max_id=8>; rel="next"', ["8", "8"]),
        ('<https://evil.example/collect?max_id=8>; rel="next"', ["8", "8"]),
        ('<?max_id=8>; rel="next"', ["8", "8"]),
        ('<http://[bad>; rel="next"', []),
        ("utter nonsense", []),
    ],
)
def test_the_next_page(answer, status, link, max_ids) -> None:
    """A Link is followed in its query alone, on the source's own server and with what we ask for; else the last id."""
    urls = following(answer, [status(9), status(8)], link).next_urls
    assert all(url.startswith(f"{HERE}?") for url in urls)
    queries = [parse_qs(urlsplit(url).query) for url in urls]
    assert [query["max_id"][0] for query in queries] == max_ids
    assert all(query["only_media"] == query["exclude_reblogs"] == ["true"] for query in queries)


def test_a_token_in_a_link_is_not_kept(answer, status) -> None:
    """A server that writes the token into its Link does not get it into our addresses."""
    link = f'<{HERE}?access_token=s3cret&max_id=8>; rel="next"'
    assert "s3cret" not in repr(following(answer, [status(9)], link))


def test_a_next_page_keeps_its_query_as_it_is_written(answer, status) -> None:
    """The query of a Link goes into the next address byte for byte: escapes, repeated names and empty values."""
    written = "exclude[]=a%2fb&exclude[]=c+d&empty=&max_id=8%7E"
    link = f'<{HERE}?{written}&%61ccess_token=s3cret>; rel="next"'
    assert following(answer, [status(9)], link).next_urls[0].endswith(f"&{written}")


def test_the_last_id_counts_though_its_status_is_no_post(answer, status) -> None:
    """A page that ends with a boost goes on after the boost; an empty page is the last."""
    step = following(answer, [status(9), status(4, reblog=status(1))])
    assert "max_id=4" in step.next_urls[0]
    assert following(answer, []).next_urls == ()


def test_a_server_in_a_folder(answer, status) -> None:
    """A server below a path is asked below that path."""
    adapter = MastodonAdapter("https://social.example/fedi", "ann@other.example")
    assert adapter.first_url == "https://social.example/fedi/api/v1/accounts/lookup?acct=ann%40other.example"
    here = "https://social.example/fedi/api/v1/accounts/7/statuses"
    assert adapter.read(answer([status(9)], here), CrawlState()).next_urls[0].startswith(f"{here}?")


@pytest.mark.parametrize(("counted", "told"), [(2, False), (3, True), (None, True)])
def test_a_page_that_ignores_max_id_is_the_last(answer, status, counted, told) -> None:
    """What begins again at the newest post ends the reading; it is told unless all posts were seen."""
    head = AccountInfo(posts=counted)
    step = following(answer, [status(9), status(8)], url=f"{HERE}?max_id=8", first=False, head=head)
    assert step.next_urls == ()
    assert step.page.more is told and bool(step.page.problems) is told
