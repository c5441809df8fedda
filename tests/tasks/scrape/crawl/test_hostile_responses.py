"""Any response of an interface gives a page that can be stored, or an error that a run expects."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import StageError
from tasks.scrape.crawl.site_adapter import CrawlState, Response, SiteAdapter
from tasks.scrape.graph.adapter import GraphAdapter
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.pages import PAGE_JSON, ScrapedPost

NOW = datetime(2026, 5, 1, tzinfo=UTC)
MASTODON = MastodonAdapter("https://social.example", "ann")
GRAPH = GraphAdapter("https://graph.example", "v25.0", "1784", "ann")
POST = ScrapedPost("9", "https://social.example/9", "image", comments=1)
STATUS = {
    "id": "9",
    "url": "https://social.example/9",
    "created_at": "2026-04-01T10:00:00.000Z",
    "content": "<p>a</p>",
    "favourites_count": 1,
    "replies_count": 2,
    "account": {"id": "7", "acct": "ann"},
    "in_reply_to_id": "8",
    "media_attachments": [{"type": "image", "url": "https://f.example/9.jpg"}],
}
MEDIA = {
    "id": "9",
    "permalink": "https://www.instagram.com/p/C/",
    "media_type": "CAROUSEL_ALBUM",
    "timestamp": "2026-04-01T10:00:00+0000",
    "like_count": 5,
    "children": {"data": [{"media_type": "IMAGE", "media_url": "https://c.example/1.jpg"}]},
}
DISCOVERY = {
    "business_discovery": {
        "media_count": 2,
        "media": {"data": [MEDIA, {**MEDIA, "id": "8"}], "paging": {"cursors": {"after": "x"}}},
    }
}
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        ["\ud800", "<p>", "http://[", "0001-01-01T00:00:00+14:00", "https://x/\ud800.jpg", "9" * 99]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def values(document: Any) -> list[tuple[Any, Any]]:
    """Each value of a document: its container, and its key there."""
    keys = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [found for key, value in keys for found in ((document, key), *values(value))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("adapter", "url", "body"),
    [
        (
            MASTODON,
            "https://social.example/api/v1/accounts/7/statuses?max_id=9",
            [STATUS, {**STATUS, "id": "8"}],
        ),
        (
            MASTODON,
            MASTODON.first_url,
            {"id": "7", "locked": True, "followers_count": 1, "statuses_count": 2},
        ),
        (MASTODON, "https://social.example/api/v1/statuses/9/context", {"descendants": [STATUS]}),
        (GRAPH, GRAPH.first_url, DISCOVERY),
        (GRAPH, GRAPH.first_url, {"error": {"code": 1, "message": "x"}}),
    ],
    ids=["statuses", "account", "context", "discovery", "error"],
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_response_is_a_page_or_an_expected_error(
    adapter: SiteAdapter, url: str, body: Any, data: st.DataObject
) -> None:
    """With any value anywhere in a response, the page can be stored, or the error has a message."""
    changed = copy.deepcopy({"body": body})
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(values(changed)))
        holder[key] = data.draw(ANYTHING)
    response = Response(url, json.dumps(changed["body"]), NOW)
    try:
        if url.endswith("/context"):
            read = adapter.read_detail(response, POST)
            json.dumps([comment.text for comment in read.post.thread], ensure_ascii=False).encode()
            return
        result = adapter.read(response, CrawlState())
    except StageError as error:
        str(error).encode()
        return
    assert all(
        url.startswith(("https://social.example/", "https://graph.example/")) for url in result.next_urls
    )
    if result.page is not None:
        assert PAGE_JSON.validate_json(PAGE_JSON.dump_json(result.page)) == result.page


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=200),
    status=st.sampled_from([400, 401, 403, 404, 410, 422, 429, 500]),
    header=st.text(max_size=40),
)
def test_any_refusal_is_an_expected_error(text: str, status: int, header: str) -> None:
    """Any text with any status and any header gives an error of its own or the usual one, and a finite pause."""
    names = ("x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset", "x-app-usage", "date", "link")
    for name in names:
        headers = {"x-ratelimit-remaining": "0", "x-business-use-case-usage": header, name: header}
        response = Response("https://social.example/api/v1/accounts/7/statuses", text, NOW, status, headers)
        for adapter in (MASTODON, GRAPH):
            error = adapter.refusal(response)
            assert error is None or isinstance(error, StageError)
            assert 0 <= adapter.pause_seconds(response) < 1e12
