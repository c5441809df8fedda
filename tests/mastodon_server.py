"""A server that stands in for Mastodon: accounts that can be read, that need a token, that do not exist; and other pages.

It also serves the pages of `pages` by their path, and is no Mastodon server for a request to the host `localhost`.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

ROBOTS = "User-agent: *\nDisallow: /u/forbidden\n"


class MastodonServer(ThreadingHTTPServer):
    """The server. `ann` has three posts with pictures; `guarded` needs a token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, str] = {}

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def status(self, number: int) -> dict[str, Any]:
        """A post with one picture."""
        return {
            "id": str(number),
            "url": f"{self.base}/@ann/{number}",
            "uri": f"{self.base}/users/ann/statuses/{number}",
            "created_at": f"2026-04-{number:02}T10:00:00.000Z",
            "content": f"<p>Picture {number}</p>",
            "spoiler_text": "",
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "reblog": None,
            "favourites_count": number * 10,
            "replies_count": 0,
            "reblogs_count": 1,
            "account": {"id": "7", "acct": "ann"},
            "media_attachments": [{"id": str(number), "type": "image", "url": f"{self.base}/{number}.jpg"}],
        }


class _Handler(BaseHTTPRequestHandler):
    server: MastodonServer

    def do_GET(self) -> None:
        """Respond as such a server does."""
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path in self.server.pages:
            self._send(200, "text/html", self.server.pages[path].encode())
        elif path == "/robots.txt":
            self._send(200, "text/plain", ROBOTS.encode())
        elif (self.headers.get("Host") or "").startswith("localhost"):
            self._send(404, "text/html", b"<h1>Not found</h1>")
        elif path == "/api/v1/accounts/lookup":
            self._lookup(query["acct"][0])
        elif path == "/api/v1/accounts/7/statuses":
            self._json([] if "max_id" in query else [self.server.status(number) for number in (3, 2, 1)])
        elif path.endswith(".jpg"):
            picture = io.BytesIO()
            Image.new("RGB", (64, 48), (int(path[1]) * 60, 90, 120)).save(picture, "JPEG")
            self._send(200, "image/jpeg", picture.getvalue())
        else:
            self._json({"error": "Record not found"}, 404)

    def _lookup(self, account: str) -> None:
        if account == "guarded":
            self._json({"error": "The access token is invalid"}, 401)
        elif account == "ann":
            self._json({"id": "7", "username": "ann", "acct": "ann", "locked": False, "statuses_count": 3})
        else:
            self._json({"error": "Record not found"}, 404)

    def _json(self, body: Any, status: int = 200) -> None:
        self._send(status, "application/json; charset=utf-8", json.dumps(body).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@contextmanager
def serve() -> Iterator[MastodonServer]:
    """Run the server on a free port."""
    with MastodonServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
