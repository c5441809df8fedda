"""The tutorial, word by word: its commands run in an empty folder, and print what the page shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flows.demo.gallery import Gallery, GalleryPost, demo_gallery
from flows.demo.server import GalleryServer, Response

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
BIN = Path(sys.executable).parent
BLOCK = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>.+?)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)
INSTALLATION = ("make setup", ". .venv/bin/activate")
"""The lines of the page that this environment has behind it."""
SERVER = "https://mastodon.social"
VARYING = re.compile(
    r"\d{8}T\d{6}Z-[0-9a-f]+|\d+\.\d+ GB|\d+\.\d+\.\d+|(?<=Prefect: ).*|(?<=GPU: ).*|(?<=Lite0-)\w+|(?<=visual-)\d+"
)
"""What differs between machines and runs: ids of runs, free space, versions, the server, the GPU."""


class MastodonServer(GalleryServer):
    """A Mastodon server with the photographs of the demo; the counts of its account are invented."""

    def respond(self, path: str) -> Response:
        place, _, query = path.partition("?")
        if not place.startswith("/api/v1/accounts/"):
            return super().respond(path)
        (gallery,) = self.galleries
        body: Any = self._account(gallery)
        if place.endswith("/statuses"):
            body = [] if "max_id" in query else [self._status(gallery, post) for post in gallery.posts]
        return Response(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _account(self, gallery: Gallery) -> dict[str, Any]:
        counts = {"followers_count": gallery.followers, "following_count": gallery.following}
        names = {"id": gallery.user_id, "username": gallery.account, "acct": gallery.account}
        return {**names, **counts, "statuses_count": len(gallery.posts), "locked": False}

    def _status(self, gallery: Gallery, post: GalleryPost) -> dict[str, Any]:
        address = f"{self.base}/@{gallery.account}/{post.post_id}"
        pictures = [{"id": path, "type": "image", "url": self.base + path} for path in post.pictures]
        counts = {"favourites_count": post.likes, "replies_count": 0, "reblogs_count": 0}
        texts = {"content": f"<p>{post.caption or ''}</p>", "spoiler_text": "", "sensitive": False}
        return {
            **counts,
            **texts,
            "id": post.post_id,
            "url": address,
            "uri": address,
            "created_at": post.posted_at.isoformat(),
            "in_reply_to_id": None,
            "reblog": None,
            "account": self._account(gallery),
            "media_attachments": pictures,
        }


@pytest.fixture
def mastodon() -> Iterator[str]:
    """The address of a Mastodon server with the account `ann`."""
    gallery, pictures = demo_gallery(posts=60, account="ann")
    with MastodonServer([gallery], pictures) as server:
        yield server.base


@dataclass
class Reader:
    """Does what the page says, block by block; `pairs` are the outputs on the page and the real ones."""

    likelens: Any
    home: Path
    folder: Path
    mastodon: str
    output: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def follow(self, block: re.Match[str]) -> None:
        if block["title"]:
            (self.folder / block["title"]).write_text(block["text"], "utf-8")
        elif block["language"] == "sh":
            self.output = "".join(self.run(line) for line in block["text"].splitlines())
        elif block["language"] == "text":
            self.pairs.append((block["text"], self.output))

    def run(self, line: str) -> str:
        words = shlex.split(line, comments=True)
        if line in INSTALLATION:
            return ""
        if words[0] == "cd":
            self.folder = Path(words[1].replace("~", str(self.home)))
            return ""
        if words[0] == "likelens":
            ran = self.likelens(self.folder, *words[1:])
        else:
            environment = {**os.environ, "HOME": str(self.home), "PATH": f"{BIN}:{os.environ['PATH']}"}
            shell = ["/bin/sh", "-c", line]
            start = {"cwd": self.folder, "env": environment, "capture_output": True, "text": True}
            ran = subprocess.run(shell, check=False, **start)
        assert ran.returncode == 0, f"{line}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
        shown = ran.stdout.replace(str(self.home), "/home/ann").replace(self.mastodon, SERVER)
        if words[:2] == ["likelens", "init"]:
            self.lead_to_the_test_server(self.folder / "likelens.toml")
        return "".join(f"{one.rstrip()}\n" for one in shown.strip("\n").splitlines())

    def lead_to_the_test_server(self, file: Path) -> None:
        text = file.read_text("utf-8").replace(SERVER, self.mastodon)
        text = text.replace("delay_seconds = 5.0", "delay_seconds = 0.0")
        file.write_text(f'{text}\n[fetch]\nallow_private_hosts = ["127.0.0.1"]\n', "utf-8")


def test_the_tutorial_works_word_by_word(likelens, mastodon, tmp_path):
    """Every command of the page succeeds, and every output is the page's, but for what varies.

    After a difference the page with the real outputs is in the test's folder, ready to be compared and copied.
    """
    page = PAGE.read_text("utf-8")
    home = tmp_path / "ann"
    home.mkdir()
    reader = Reader(likelens, home, home, mastodon)
    for block in BLOCK.finditer(page):
        reader.follow(block)
    actual = page
    for shown, real in reader.pairs:
        actual = actual.replace(f"```text\n{shown}```", f"```text\n{real}```", 1)
    (tmp_path / "tutorial.md").write_text(actual, "utf-8")
    assert len(reader.pairs) > 4
    assert VARYING.sub("…", page) == VARYING.sub("…", actual), f"See {tmp_path / 'tutorial.md'}"
