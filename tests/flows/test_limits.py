"""Prefect's global concurrency limits: runs that share a host or a GPU wait for each other."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from flows.demo.gallery import Gallery, demo_gallery
from flows.demo.pages import account_path, older_path
from flows.demo.server import GalleryServer, Response
from flows.lanes import run_lanes
from flows.settings import read_settings
from tasks.run import Run
from tasks.slots import gpu_limits, hold_slots, host_limit
from warehouse.records.runs import Journal

pytestmark = pytest.mark.slow

LIMIT_SECONDS = 900.0
SETTINGS = """
[[sources]]
name = "{account}"
kind = "gallery"
profile = "imgrum"
url = "{url}"

[scrape]
delay_seconds = 0
comments = false

[fetch]
allow_private_hosts = ["127.0.0.1"]
"""


FILE_SETTINGS = """
[[sources]]
name = "{account}"
kind = "jsonl"
file = "posts.jsonl"

[fetch]
allow_private_hosts = ["127.0.0.1"]
"""


class GatedServer(GalleryServer):
    """A gallery whose second page of one account comes when the gate is open."""

    def __init__(self, galleries: list[Gallery], pictures: dict[str, bytes]) -> None:
        super().__init__(galleries, pictures)
        first = galleries[0]
        self.held = older_path(first, first.posts[11].post_id)
        self.gate = threading.Event()

    def respond(self, path: str) -> Response:
        if path == self.held:
            self.gate.wait(LIMIT_SECONDS)
        return super().respond(path)

    def accounts(self) -> list[str]:
        """The accounts whose pages were requested, in the order of the responses."""
        names = {account_path(gallery): gallery.account for gallery in self.galleries}
        return [names[path.partition("?")[0]] for _, path in self.requests if path.partition("?")[0] in names]


@pytest.fixture
def two_accounts(tmp_path: Path) -> Iterator[tuple[GatedServer, dict[str, Path]]]:
    """Two accounts on one host, each with a folder with settings."""
    galleries, pictures = [], {}
    for seed, account in enumerate(("ann", "bob"), start=1):
        gallery, album = demo_gallery(posts=30, seed=seed, account=account)
        galleries.append(gallery)
        pictures |= dict(album)
    with GatedServer(galleries, pictures) as server:
        folders = {}
        for gallery in galleries:
            folder = folders[gallery.account] = tmp_path / gallery.account
            folder.mkdir()
            settings = SETTINGS.format(account=gallery.account, url=server.url(gallery))
            (folder / "likelens.toml").write_text(settings)
        yield server, folders


def test_two_runs_with_one_slot_for_a_host_never_read_it_at_once(
    two_accounts, prefect, prefect_command, forking, fork_server
):
    """The second run waits until the first has read its last page; the host's own log shows it."""
    server, folders = two_accounts
    name = host_limit(server.base.removeprefix("http://"))
    prefect_command("gcl", "create", name, "--limit", "1")
    first, output = forking.start_forked(fork_server, ["run"], cwd=folders["ann"], env=prefect)
    with output:
        assert any("12 posts" in line for line in output)
        second, waiting = forking.start_forked(fork_server, ["run"], cwd=folders["bob"], env=prefect)
        with waiting:
            assert any(f"Waiting for a free slot of {name}" in line for line in waiting)
            assert set(server.accounts()) == {"ann"}
            server.gate.set()
            ended = "".join(output), "".join(waiting)
            assert (first.wait(), second.wait()) == (0, 0), ended
    assert "failed to process item" not in ended[1] and " | ERROR " not in ended[1]
    accounts = server.accounts()
    assert accounts == sorted(accounts) and set(accounts) == {"ann", "bob"}


class PictureHost(GalleryServer):
    """Pictures of two accounts, below a folder for each. The first response comes when the gate is open.

    `overlaps` has the requests that came while one of the other account was under way.
    """

    def __init__(self) -> None:
        super().__init__(
            [], {f"/{account}/{n}.png": _picture(n) for account in ("ann", "bob") for n in range(6)}
        )
        self.gate = threading.Event()
        self.overlaps: list[str] = []
        self._active: list[str] = []
        self._log = threading.Lock()

    def respond(self, path: str) -> Response:
        account = path.split("/")[1]
        with self._log:
            self.overlaps += [path for other in self._active if other != account]
            self._active.append(account)
        self.gate.wait(LIMIT_SECONDS)
        try:
            return super().respond(path)
        finally:
            with self._log:
                self._active.remove(account)

    def started(self) -> bool:
        """Whether a request is under way."""
        return bool(self._active)

    def posts(self, account: str) -> str:
        """The account's file of posts, each with a picture."""
        post = {"v": 1, "account": account, "observed_at": "2026-05-20T03:00:00Z", "likes": 3}
        rows = [
            post
            | {
                "post_id": f"{n}",
                "url": f"{self.base}/{n}",
                "posted_at": f"2026-05-0{n + 1}",
                "pictures": [f"{self.base}/{account}/{n}.png"],
            }
            for n in range(6)
        ]
        return "".join(json.dumps(row) + "\n" for row in rows)


def _picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), (number, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def test_two_runs_with_one_slot_for_a_host_never_fetch_from_it_at_once(
    tmp_path, prefect, prefect_command, forking, fork_server
):
    """The second run waits until the first has all its pictures; the host's own log shows that they never overlap."""
    with PictureHost() as server:
        name = host_limit(server.base.removeprefix("http://"))
        prefect_command("gcl", "create", name, "--limit", "1")
        for account in ("ann", "bob"):
            (tmp_path / account).mkdir()
            (tmp_path / account / "posts.jsonl").write_text(server.posts(account))
            (tmp_path / account / "likelens.toml").write_text(FILE_SETTINGS.format(account=account))
        first, output = forking.start_forked(fork_server, ["run"], cwd=tmp_path / "ann", env=prefect)
        with output:
            while not server.started():
                assert first.poll() is None, output.read()
                time.sleep(0.1)
            second, waiting = forking.start_forked(fork_server, ["run"], cwd=tmp_path / "bob", env=prefect)
            with waiting:
                assert any(f"Waiting for a free slot of {name}" in line for line in waiting)
                server.gate.set()
                ended = "".join(output), "".join(waiting)
                assert (first.wait(), second.wait()) == (0, 0), ended
        assert server.overlaps == []
        accounts = [path.split("/")[1] for _, path in server.requests]
        assert accounts == ["ann"] * 6 + ["bob"] * 6


def test_the_limit_of_a_host_has_its_name_and_paths_have_none():
    """A person finds the name without the code: the host, with its port where the address has one."""
    assert host_limit("Mastodon.Social") == "likelens-host-mastodon.social"
    assert host_limit("127.0.0.1:8080") == "likelens-host-127.0.0.1:8080"
    assert host_limit("/home/ann/posts.jsonl") is None
    assert gpu_limits("Box1") == ["likelens-gpu", "likelens-gpu-box1"]


def test_a_lane_that_uses_a_gpu_holds_a_slot_and_others_do_not(monkeypatch, unlabelled):
    """The lanes of one run share a slot; without a GPU, or without a model that uses it, there is no limit."""
    asked: list[list[str]] = []
    home = read_settings(unlabelled / "likelens.toml").home
    text = (
        unlabelled / "likelens.toml"
    ).read_text() + '\n[[classifiers]]\nname = "own"\nkind = "onnx"\nmodel = "a.onnx"\nlabels = "a.txt"\n'
    (unlabelled / "likelens.toml").write_text(text)
    lanes = read_settings(unlabelled / "likelens.toml").classifiers
    monkeypatch.setattr("flows.lanes._run_together", lambda *_: None)
    monkeypatch.setattr("flows.lanes.hold_slots", lambda names: asked.append(names) or hold_slots([]))
    run = Run(home, Journal(home.lake, "one", resumed=False))
    for has_gpu, chosen in ((True, lanes), (True, lanes[:1]), (False, lanes)):
        monkeypatch.setattr("flows.lanes.sees_gpu", lambda has=has_gpu: has)
        run_lanes(run, chosen)
    assert asked == [gpu_limits(socket.gethostname()), [], []]
