"""A small Mastodon server, statuses as such a server writes them, and a crawl of an account there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.mastodon.source import MastodonSettings
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ACCOUNT = {
    "id": "7",
    "username": "ann",
    "acct": "ann",
    "locked": False,
    "followers_count": 1200,
    "following_count": 34,
    "statuses_count": 5,
}


def make_status(number: int, **changes: Any) -> dict[str, Any]:
    """A status with one picture, as a server writes it."""
    return {
        "id": str(number),
        "url": f"https://social.example/@ann/{number}",
        "uri": f"https://social.example/users/ann/statuses/{number}",
        "created_at": f"2026-04-{number % 28 + 1:02}T10:00:00.000Z",
        "content": f"<p>Picture {number}</p>",
        "spoiler_text": "",
        "sensitive": False,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "reblog": None,
        "favourites_count": number * 10,
        "replies_count": 0,
        "reblogs_count": 1,
        "account": {"id": "7", "acct": "ann"},
        "media_attachments": [make_media(f"{number}.jpg")],
        **changes,
    }


def make_media(name: str, kind: str = "image") -> dict[str, Any]:
    """One attachment."""
    return {"id": name, "type": kind, "url": f"https://files.example/{name}", "preview_url": None}


def make_answer(
    body: Any, url: str = "https://social.example/api/v1/accounts/7/statuses", **more: Any
) -> Response:
    """A response with this JSON, or with this text."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(url, text, more.pop("at", NOW), **more)


@dataclass
class MastodonServer:
    """Answers as a server does: by default with Link headers and without wanting a token.

    `headers` are more headers for the next answers, one after the other; `Reset-In` among them are the
    seconds until the limit is renewed, from the answer on. `spent` answers are 429.
    """

    reply: Callable[..., Any]
    base: str
    statuses: list[dict[str, Any]]
    account: dict[str, Any] = field(default_factory=lambda: dict(ACCOUNT))
    contexts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page_size: int = 2
    links: bool = True
    obeys_max_id: bool = True
    token: str | None = None
    token_for_context: str | None = None
    headers: list[dict[str, str]] = field(default_factory=list)
    spent: int = 0

    def __call__(self, request: Any) -> Any:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if (refused := self._refused(request, path)) is not None:
            return refused
        if path == "/api/v1/accounts/lookup" and query["acct"] == [self.account["acct"]]:
            return self._json(self.account)
        if path == f"/api/v1/accounts/{self.account['id']}":
            return self._json(self.account)
        if path == f"/api/v1/accounts/{self.account['id']}/statuses":
            return self._page(path, query)
        if path.endswith("/context") and (post_id := path.split("/")[-2]) in self.contexts:
            return self._json({"ancestors": [make_status(1)], "descendants": self.contexts[post_id]})
        return self._json({"error": "Record not found"}, 404)

    def _refused(self, request: Any, path: str) -> Any:
        if self.spent > 0:
            self.spent -= 1
            return self._json({"error": "Too many requests"}, 429)
        wanted = self.token_for_context if path.endswith("/context") else self.token
        if wanted is not None and request.authorization != f"Bearer {wanted}":
            return self._json({"error": "The access token is invalid"}, 401)
        return None

    def _page(self, path: str, query: dict[str, list[str]]) -> Any:
        assert query["only_media"] == query["exclude_reblogs"] == query["exclude_replies"] == ["true"]
        older = int(query["max_id"][0]) if self.obeys_max_id and "max_id" in query else 10**9
        listed = [status for status in self.statuses if int(status["id"]) < older]
        shown = listed[: self.page_size]
        headers = {}
        if self.links and shown:
            link = f'<{self.base}{path}?min_id={shown[0]["id"]}>; rel="prev"'
            if len(listed) > len(shown):
                link = f'<{self.base}{path}?only_media=true&max_id={shown[-1]["id"]}>; rel="next", {link}'
            headers["Link"] = link
        return self._json(shown, headers=headers)

    def _json(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Any:
        more = self.headers.pop(0) if self.headers else {}
        if "Reset-In" in more:
            more["X-RateLimit-Reset"] = (
                datetime.now(UTC) + timedelta(seconds=float(more["Reset-In"]))
            ).isoformat()
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return self.reply(json.dumps(body), status, {**kind, **(headers or {}), **more})


@pytest.fixture
def status() -> Callable[..., dict[str, Any]]:
    """Make a status."""
    return make_status


@pytest.fixture
def media() -> Callable[..., dict[str, Any]]:
    """Make an attachment."""
    return make_media


@pytest.fixture
def make_response() -> Callable[..., Response]:
    """Make a response."""
    return make_answer


@pytest.fixture
def account() -> dict[str, Any]:
    """An account as a server writes it."""
    return dict(ACCOUNT)


@pytest.fixture
def server(site, reply) -> MastodonServer:
    """A server on this machine with five statuses of the account ann, whose id there is 7."""
    site.service = MastodonServer(reply, site.base, [make_status(number) for number in (9, 8, 7, 6, 5)])
    return site.service


@pytest.fixture
def open_account(site, tmp_path: Path) -> Callable[..., Iterator[Page]]:
    """Begin to crawl an account in a process of its own, without a delay."""

    def begin(secret: str | None = None, *, comments: bool = True, **settings: Any) -> Iterator[Page]:
        given = {"account": "ann", **settings} if "id" not in settings else settings
        source = MastodonSettings(name="ann", kind="mastodon", server=site.base, **given).open(tmp_path)
        context = ReadContext(
            Spool(tmp_path / "spool.jsonl"), Politeness(0.0), comments=comments, secret=secret
        )
        return source.pages(context)

    return begin


@pytest.fixture
def read(open_account: Callable[..., Iterator[Page]]) -> Callable[..., list[Page]]:
    """Crawl an account to the end."""
    return lambda *args, **settings: list(open_account(*args, **settings))
