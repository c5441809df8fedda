"""Prefect's global concurrency limits: runs that share a host or a GPU wait for each other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.demo.gallery import Gallery, demo_gallery
from flows.demo.pages import account_path, older_path
from flows.demo.server import GalleryServer, Response
from flows.lanes import run_lanes
from flows.settings import read_settings
from tasks.run import Run
from tasks.slots import gpu_limits, hold_slots, host_limit
from warehouse.records.runs import Journal

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
