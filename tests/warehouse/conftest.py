"""A prepared home folder, rows to put into it, and child processes, for the warehouse's tests."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.tables import (
    AccountObservation,
    Fetch,
    Observation,
    Picture,
    PictureLabel,
    Post,
    PostPicture,
    StageRun,
    Unlabelled,
)

EVENING = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def sha256_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def sha() -> Callable[[str], str]:
    """The hash that stands for a picture called so."""
    return sha256_of


@pytest.fixture
def evening() -> datetime:
    """When the rows below were seen, unless they say otherwise."""
    return EVENING


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with empty tables, which is made once."""
    folder = tmp_path_factory.mktemp("prepared") / "home"
    Home(folder).prepare()
    return folder


@pytest.fixture
def home(tmp_path: Path, prepared: Path) -> Home:
    """A home folder with empty tables: a copy, for making the tables takes longer than most tests."""
    return Home(Path(shutil.copytree(prepared, tmp_path / "home")))


@pytest.fixture
def post() -> Callable[..., Post]:
    """Make a row of `posts`."""

    def make(post_id: str, **changes: Any) -> Post:
        given: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "account": "ann",
            "url": f"http://gallery.example/p/{post_id}",
            "kind": "image",
            "posted_at": EVENING,
            "caption": None,
            "place": None,
            "pinned": None,
            "first_seen_at": EVENING,
            "last_seen_at": EVENING,
        }
        return Post(**given | changes)

    return make


@pytest.fixture
def shows() -> Callable[..., PostPicture]:
    """Make a row of `post_pictures`: the post shows the picture called so; None for one not fetched."""

    def make(post_id: str, name: str | None, **changes: Any) -> PostPicture:
        given: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "position": 0,
            "picture_url": f"http://cdn.example/{name or post_id}.jpg",
            "sha256": sha256_of(name) if name else None,
        }
        return PostPicture(**given | changes)

    return make


@pytest.fixture
def observed() -> Callable[..., Observation]:
    """Make a row of `observations`."""

    def make(post_id: str, likes: int | None, comments: int | None = 0, **changes: Any) -> Observation:
        given: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "observed_at": EVENING,
            "likes": likes,
            "comments": comments,
            "likes_hidden": False,
        }
        return Observation(**given | changes)

    return make


@pytest.fixture
def account_seen() -> Callable[..., AccountObservation]:
    """Make a row of `accounts`."""

    def make(account: str, **changes: Any) -> AccountObservation:
        given: dict[str, Any] = {
            "source": "demo",
            "account": account,
            "observed_at": EVENING,
            "followers": 12,
            "following": 3,
            "posts": 4,
        }
        return AccountObservation(**given | changes)

    return make


@pytest.fixture
def stored() -> Callable[..., Picture]:
    """Make a row of `pictures` for the picture called so."""

    def make(name: str, **changes: Any) -> Picture:
        given: dict[str, Any] = {
            "sha256": sha256_of(name),
            "bytes": 1234,
            "width": 640,
            "height": 480,
            "format": "jpeg",
            "path": f"pictures/{sha256_of(name)}.jpg",
            "fetched_at": EVENING,
        }
        return Picture(**given | changes)

    return make


@pytest.fixture
def fetched() -> Callable[..., Fetch]:
    """Make a row of `fetches`: the picture called so was got at the address, or, with None, it was not."""

    def make(picture_url: str, name: str | None, **changes: Any) -> Fetch:
        given: dict[str, Any] = {
            "picture_url": picture_url,
            "attempted_at": EVENING,
            "status": "ok" if name else "failed",
            "reason": None if name else "gone",
            "http_status": 200 if name else 404,
            "sha256": sha256_of(name) if name else None,
            "seconds": 0.25,
        }
        return Fetch(**given | changes)

    return make


@pytest.fixture
def labelled() -> Callable[..., PictureLabel]:
    """Make a row of `labels` for the picture called so."""

    def make(name: str, label: str, **changes: Any) -> PictureLabel:
        given: dict[str, Any] = {
            "sha256": sha256_of(name),
            "classifier": "model",
            "version": "1",
            "region": 0,
            "rank": 1,
            "label": label,
            "label_id": None,
            "score": 0.5,
            "x0": None,
            "y0": None,
            "x1": None,
            "y1": None,
            "labelled_at": EVENING,
        }
        return PictureLabel(**given | changes)

    return make


@pytest.fixture
def unlabelled() -> Callable[..., Unlabelled]:
    """Make a row of `unlabelled` for the picture called so."""

    def make(name: str, **changes: Any) -> Unlabelled:
        given: dict[str, Any] = {
            "sha256": sha256_of(name),
            "classifier": "model",
            "version": "1",
            "reason": "no_labels",
            "message": None,
            "attempted_at": EVENING,
        }
        return Unlabelled(**given | changes)

    return make


@pytest.fixture
def loaded() -> Callable[..., StageRun]:
    """Make a row of `runs` that says which version of a classifier a run loaded."""

    def make(classifier: str = "model", version: str | None = "1", **changes: Any) -> StageRun:
        given: dict[str, Any] = {
            "run_id": "first",
            "stage": "classify",
            "lane": classifier,
            "started_at": EVENING,
            "ended_at": EVENING,
            "status": "done",
            "items": 1,
            "failures": 0,
            "message": None,
            "version": version,
        }
        return StageRun(**given | changes)

    return make


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a Python script in a process of its own, with pipes; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        pipe = subprocess.PIPE
        started = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        running.append(started)
        return started

    yield start
    for process in running:
        process.kill()
        process.communicate()
