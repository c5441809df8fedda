"""Where a page of statuses leads on: Link headers as servers write them, and ids where there are none."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.scrape.crawl.site_adapter import CrawlState
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.pages import AccountInfo

WALK = MastodonAdapter("https://social.example", "ann")
HERE = "https://social.example/api/v1/accounts/7/statuses"


def following(make_response, statuses, link=None, url=HERE, **crawl_state):
    headers = {} if link is None else {"link": link}
    return WALK.read(make_response(statuses, url, headers=headers), CrawlState(**crawl_state))


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
def test_the_next_page_comes_from_the_link_or_the_last_id(make_response, status, link, max_ids) -> None:
    """Only the query of a Link is followed, on the source's own server and with our own parameters; otherwise the last id."""
    urls = following(make_response, [status(9), status(8)], link).next_urls
    assert all(url.startswith(f"{HERE}?") for url in urls)
    queries = [parse_qs(urlsplit(url).query) for url in urls]
    assert [query["max_id"][0] for query in queries] == max_ids
    assert all(query["only_media"] == query["exclude_reblogs"] == ["true"] for query in queries)


def test_a_token_in_a_link_is_removed(make_response, status) -> None:
    """A token that a server writes into its Link does not reach our addresses."""
    link = f'<{HERE}?access_token=s3cret&max_id=8>; rel="next"'
    assert "s3cret" not in repr(following(make_response, [status(9)], link))


def test_the_query_of_a_link_is_unchanged(make_response, status) -> None:
    """The query of a Link is in the next address byte for byte: escapes, repeated names and empty values."""
    written = "exclude[]=a%2fb&exclude[]=c+d&empty=&max_id=8%7E"
    link = f'<{HERE}?{written}&%61ccess_token=s3cret>; rel="next"'
    assert following(make_response, [status(9)], link).next_urls[0].endswith(f"&{written}")


def test_the_last_id_counts_although_it_is_not_a_post(make_response, status) -> None:
    """A page that ends with a boost leads on after the boost; an empty page is the last."""
    step = following(make_response, [status(9), status(4, reblog=status(1))])
    assert "max_id=4" in step.next_urls[0]
    assert following(make_response, []).next_urls == ()


def test_a_server_below_a_path_is_read_there(make_response, status) -> None:
    """Requests to a server below a path stay below that path."""
    adapter = MastodonAdapter("https://social.example/fedi", "ann@other.example")
    assert adapter.first_url == "https://social.example/fedi/api/v1/accounts/lookup?acct=ann%40other.example"
    here = "https://social.example/fedi/api/v1/accounts/7/statuses"
    assert adapter.read(make_response([status(9)], here), CrawlState()).next_urls[0].startswith(f"{here}?")


@pytest.mark.parametrize(("counted", "reported"), [(2, False), (3, True), (None, True)])
def test_a_page_that_ignores_max_id_is_the_last(make_response, status, counted, reported) -> None:
    """A page that starts at the newest post again ends the crawl; it is reported unless all posts were read."""
    head = AccountInfo(posts=counted)
    step = following(make_response, [status(9), status(8)], url=f"{HERE}?max_id=8", first=False, head=head)
    assert step.next_urls == ()
    assert step.page.more is reported and bool(step.page.problems) is reported
