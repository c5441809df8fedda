"""Every request of a run and of `likelens doctor` has the contact, and only those to the source's host have the token."""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "mia"
kind = "mastodon"
server = "{base}"
account = "mia"

[scrape]
delay_seconds = 0
contact = "mailto:me@studio.example"

[fetch]
allow_private_hosts = ["127.0.0.1"]
"""
TOKEN = "secret-of-this-server"
CONTACT = "likelens/0.1 (+mailto:me@studio.example)"


@dataclass
class Social:
    """A Mastodon server with one post; with `leads_to` it redirects what lies below /api/. `requests`: path, user agent, token."""

    base: str = ""
    leads_to: str = ""
    robots: str = ""
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def respond(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for a path."""
        account = {"id": "7", "acct": "mia", "locked": False, "statuses_count": 1}
        if path == "/robots.txt":
            return (200 if self.robots else 404), self.robots.encode(), {"Content-Type": "text/plain"}
        if path == "/1.png":
            picture = io.BytesIO()
            Image.new("RGB", (80, 60), (200, 40, 40)).save(picture, "PNG")
            return 200, picture.getvalue(), {"Content-Type": "image/png"}
        if self.leads_to:
            return 301, b"", {"Location": self.leads_to + path}
        if path.startswith("/api/v1/accounts/lookup"):
            return _json(account)
        if path.endswith("/context"):
            return _json({"ancestors": [], "descendants": []})
        status = {
            "id": "101",
            "url": "https://social.example/@mia/101",
            "created_at": "2026-04-01T10:00:00.000Z",
            "content": "x",
            "favourites_count": 5,
            "replies_count": 1,
            "account": account,
            "media_attachments": [{"id": "1", "type": "image", "url": f"{self.base}/1.png"}],
        }
        return _json([] if "max_id" in path else [status])


def _json(body: object) -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps(body).encode(), {"Content-Type": "application/json"}


class _Server(http.server.ThreadingHTTPServer):
    social: Social


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        social = cast(_Server, self.server).social
        social.requests.append((self.path, self.headers.get("User-Agent"), self.headers.get("Authorization")))
        status, body, headers = social.respond(self.path)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def social() -> Iterator[Social]:
    """The server on loopback."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.social = Social(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.social
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(social: Social, tmp_path: Path) -> Path:
    """A folder with settings for it."""
    (tmp_path / "likelens.toml").write_text(SETTINGS.format(base=social.base))
    return tmp_path


def test_every_request_names_the_contact(social, folder, likelens, command) -> None:
    """robots.txt, pages, threads and pictures are requested with the contact, by the run and by doctor."""
    ran = likelens(folder, "run", MASTODON_TOKEN=TOKEN)
    assert ran.returncode == 0, ran.stdout + ran.stderr[-2000:]
    assert {path.partition("?")[0].rpartition("/")[2] for path, _, _ in social.requests} == {
        "robots.txt",
        "lookup",
        "statuses",
        "context",
        "1.png",
    }
    assert {agent for _, agent, _ in social.requests} == {CONTACT}
    assert {token for path, _, token in social.requests if path.startswith("/api/")} == {f"Bearer {TOKEN}"}
    assert {token for path, _, token in social.requests if not path.startswith("/api/")} == {None}
    social.requests.clear()
    checked = command(folder, "doctor", MASTODON_TOKEN=TOKEN)
    assert checked.returncode == 0, checked.stdout
    assert "source mia: 1 post on the first page" in checked.stdout
    assert [path.partition("?")[0].rpartition("/")[2] for path, _, _ in social.requests] == [
        "robots.txt",
        "lookup",
        "statuses",
    ]
    assert {agent for _, agent, _ in social.requests} == {CONTACT}


def test_doctor_reports_the_error_of_the_run(social, folder, likelens, command) -> None:
    """Doctor has the run's message and a page of the docs; neither sends the token to the host of a redirect."""
    social.leads_to = social.base.replace("127.0.0.1", "localhost")
    checked = command(folder, "doctor", MASTODON_TOKEN=TOKEN)
    assert checked.returncode == 3
    assert "reading source mia" in checked.stderr
    (missing,) = (line for line in checked.stdout.splitlines() if line.startswith("MISSING"))
    assert "away from the source's own host" in missing
    ran = likelens(folder, "run", MASTODON_TOKEN=TOKEN)
    assert ran.returncode == 1
    message, _, page = missing.removeprefix("MISSING  source mia: ").partition(" See docs/")
    assert page
    assert message in ran.stdout + ran.stderr
    assert [path for path, _, token in social.requests if token is not None] == [
        "/api/v1/accounts/lookup?acct=mia"
    ] * 2
    social.requests.clear()
    social.robots = "User-agent: *\nDisallow: /api/v1/\n"
    checked = command(folder, "doctor", MASTODON_TOKEN=TOKEN)
    assert checked.returncode == 3 and "robots.txt" in checked.stdout
    assert social.requests == [("/robots.txt", CONTACT, None)]
