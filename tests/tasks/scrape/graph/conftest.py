"""A small stand-in for Instagram's Graph API, media as it writes them, and a crawl of an account there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
URL = "https://graph.example/v25.0/17841400000000001?fields=business_discovery"
ASKED = re.compile(
    r"business_discovery\.username\((?P<name>[\w.]+)\)\{followers_count,media_count,"
    r"media(\.after\((?P<after>[\w=]+)\))?\.limit\((?P<limit>\d+)\)\{(?P<fields>.*)\}\}"
)
OFFERED = {
    "id",
    "caption",
    "comments_count",
    "like_count",
    "media_product_type",
    "media_type",
    "media_url",
    "permalink",
    "timestamp",
    "children{media_url",
    "media_type}",
}


def make_media(number: int, **changes: Any) -> dict[str, Any]:
    """One picture, as the API writes it; what is changed to None is left out."""
    fields = {
        "id": f"1790{number}",
        "caption": f"Picture {number}",
        "comments_count": number,
        "like_count": number * 10,
        "media_product_type": "FEED",
        "media_type": "IMAGE",
        "media_url": f"https://cdn.example/{number}.jpg?sig=a",
        "permalink": f"https://www.instagram.com/p/C{number}/",
        "timestamp": f"2026-04-{number % 28 + 1:02}T10:00:00+0000",
        **changes,
    }
    return {key: value for key, value in fields.items() if value is not None}


def make_children(*names: str) -> dict[str, Any]:
    """The children of a carousel; names that end in mp4 are videos."""
    return {
        "data": [
            {
                "id": name,
                "media_type": "VIDEO" if name.endswith("mp4") else "IMAGE",
                "media_url": f"https://cdn.example/{name}",
            }
            for name in names
        ]
    }


def make_page(*media: Any, after: Any = None, **changes: Any) -> dict[str, Any]:
    """A response with these media, and with a cursor to older ones."""
    listed: dict[str, Any] = {"data": list(media)}
    if after is not None:
        listed["paging"] = {"cursors": {"before": "QVF", "after": after}}
    account = {
        "followers_count": 900,
        "media_count": 5,
        "media": listed,
        "id": "17841400000000002",
        **changes,
    }
    return {"business_discovery": account, "id": "17841400000000001"}


def make_answer(body: Any, **more: Any) -> Response:
    """A response with this JSON, or with this text."""
    return Response(URL, body if isinstance(body, str) else json.dumps(body), NOW, **more)


@dataclass
class GraphServer:
    """Answers as the API does, to those who hold the token.

    Who asks for more than `most` media gets the error `too_much`: code, message and HTTP status.
    """

    reply: Callable[..., Any]
    token: str
    media: list[dict[str, Any]]
    headers: list[dict[str, str]] = field(default_factory=list)
    most: int = 100
    too_much: tuple[int, str, int] = (1, "Please reduce the amount of data you're asking for", 500)

    def __call__(self, request: Any) -> Any:
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        if query.get("access_token") != [self.token]:
            token = query.get("access_token", ["none"])[0]
            return self.refuse(190, f"Malformed access token {token}")
        if url.path != "/v25.0/17841400000000001":
            return self.refuse(100, f"Object with ID '{url.path}' does not exist", 33)
        found = ASKED.fullmatch(query["fields"][0])
        if found is None or set(found["fields"].split(",")) - OFFERED:
            return self.refuse(100, "Tried accessing nonexisting field")
        if found["name"] != "ann":
            return self.refuse(110, "Invalid user id", 2207013)
        if int(found["limit"]) > self.most:
            code, message, status = self.too_much
            return self.refuse(code, message, status=status)
        start = 0 if found["after"] is None else int(found["after"].removeprefix("QVF").removesuffix("=="))
        end = start + int(found["limit"])
        page = make_page(*self.media[start:end], after=f"QVF{end}==" if end < len(self.media) else None)
        return self._json(page)

    def refuse(self, code: int, message: str, subcode: int | None = None, status: int = 400) -> Any:
        error = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}
        return self._json({"error": error}, status)

    def _json(self, body: Any, status: int = 200) -> Any:
        more = self.headers.pop(0) if self.headers else {}
        return self.reply(
            json.dumps(body), status, {"Content-Type": "application/json; charset=UTF-8", **more}
        )


@pytest.fixture
def media() -> Callable[..., dict[str, Any]]:
    """Make a picture."""
    return make_media


@pytest.fixture
def children() -> Callable[..., dict[str, Any]]:
    """Make the children of a carousel."""
    return make_children


@pytest.fixture
def page() -> Callable[..., dict[str, Any]]:
    """Make a page of media."""
    return make_page


@pytest.fixture
def make_response() -> Callable[..., Response]:
    """Make a response."""
    return make_answer


@pytest.fixture
def token() -> str:
    """The token that the stand-in takes."""
    return "EAAG|to+ken/0123456789"


@pytest.fixture
def server(site, reply, token) -> GraphServer:
    """The API on this machine, with five media of the account ann."""
    site.service = GraphServer(reply, token, [make_media(number) for number in (9, 8, 7, 6, 5)])
    return site.service


@pytest.fixture
def read(site, token, tmp_path: Path) -> Callable[..., list[Page]]:
    """Crawl an account to the end in a process of its own, without a delay."""

    def read_it(secret: str | None = token, **settings: Any) -> list[Page]:
        given = {
            "account": "ann",
            "user_id": "17841400000000001",
            "base": site.base,
            "page_size": 2,
            **settings,
        }
        source = GraphSettings(name="ann", kind="graph", **given).open(tmp_path)
        context = ReadContext(Spool(tmp_path / "spool.jsonl"), Politeness(0.0), secret=secret)
        return list(source.pages(context))

    return read_it
