"""Fake services on real ports, a home folder with stored pictures, and a lane between the two."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.caption.options import CaptionOptions
from classifiers.clarifai.options import ClarifaiOptions
from tasks.fetch.store import PictureStore, read_kind
from tasks.tag import plan
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.home import Home
from warehouse.records.runs import StageResult
from warehouse.schema.picture_tables import Picture


@dataclass
class Shop:
    """A fake Clarifai, a home folder, and lanes that run between them."""

    home: Home
    clarifai: Any
    port: int
    key: str | None

    def store(self, count: int, first: int = 0) -> list[str]:
        """Store that many small pictures, all different; returns their hashes, in their order."""
        noise = np.random.default_rng(first)
        pictures = [noise.integers(0, 255, (24, 32, 3), dtype=np.uint8) for _ in range(count)]
        rows = [
            self._store_row(self._write(Image.fromarray(one)), number) for number, one in enumerate(pictures)
        ]
        self.home.lake.append(rows)
        return [row.sha256 for row in rows]

    def store_picture(self, image: Image.Image, number: int = 0, form: str = "JPEG", **saving: Any) -> str:
        """Store one picture as a fetch does; returns its hash."""
        return self.store_file(self._write(image, form, **saving), number)

    def _write(self, image: Image.Image, form: str = "JPEG", **saving: Any) -> Path:
        file = self.home.folder / "one"
        image.save(file, form, **saving)
        return file

    def store_file(self, file: Path, number: int = 0) -> str:
        """Store a file, even one that is not a picture; returns its hash."""
        row = self._store_row(file, number)
        self.home.lake.append([row])
        return row.sha256

    def _store_row(self, file: Path, number: int) -> Picture:
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        kind = read_kind(file)
        store = PictureStore(self.home.picture_files)
        store.incoming.mkdir(parents=True, exist_ok=True)
        size = file.stat().st_size
        shutil.copy(file, store.incoming / "one")
        return Picture(
            sha256=sha256,
            bytes=size,
            width=kind.width,
            height=kind.height,
            format=kind.format,
            path=store.keep(str(store.incoming / "one"), sha256, kind.ending),
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        )

    def tagging(self, name: str = "clarifai", **options: Any) -> Tagging:
        """The lane with these settings."""
        settings = {"requests_per_second": 1000, "monthly_budget": 100_000} | options
        return Tagging(name, ClarifaiOptions(**settings), lambda: self.key, f"127.0.0.1:{self.port}")

    def run(self, name: str = "clarifai", **options: Any) -> StageResult:
        """Run the lane until it ends."""
        return tag_pictures(self.home, self.tagging(name, **options), lambda *_: None)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the lake."""
        return self.home.lake.query(query)

    def outcomes(self) -> dict[str, int]:
        """How many rows of the ledger have each outcome."""
        return dict(self.rows("select outcome, count(*) from charges group by 1"))

    def labelled(self) -> set[str]:
        """Pictures with labels."""
        return {sha256 for (sha256,) in self.rows("select distinct sha256 from labels")}


@pytest.fixture
def shop(empty_home: Home, stand_in: ModuleType, tmp_path: Path) -> Iterator[Shop]:
    """A new home folder, and a fake Clarifai that responds at once and accepts any number of requests a second."""
    servicer = stand_in.FakeClarifai(per_second=10_000)
    server, port = stand_in.serve(servicer)
    home = Home(shutil.copytree(empty_home.folder, tmp_path / "home"))
    yield Shop(home, servicer, port, stand_in.KEY)
    server.stop(0)
    assert servicer.faults == []


class Talk(Shop):
    """A fake server of captions, a home folder, and lanes that run between them."""

    def tagging(self, name: str = "caption", **options: Any) -> Tagging:
        """The lane with these settings."""
        settings = {"requests_per_second": 1000, "base_url": f"http://127.0.0.1:{self.port}/v1"} | options
        return Tagging(name, CaptionOptions(**settings), lambda: self.key)

    def run(self, name: str = "caption", **options: Any) -> StageResult:
        """Run the lane until it ends."""
        return tag_pictures(self.home, self.tagging(name, **options), lambda *_: None)

    @property
    def chat(self) -> Any:
        """The fake server."""
        return self.clarifai

    def reasons(self) -> list[tuple[Any, ...]]:
        """Reasons and messages of pictures without labels."""
        return self.rows("select reason, message from unlabelled order by all")


@pytest.fixture
def talk(empty_home: Home, chat_server: ModuleType, tmp_path: Path) -> Iterator[Talk]:
    """A new home folder, and a fake server of captions that responds at once."""
    fake = chat_server.FakeChat()
    server, port = chat_server.serve(fake)
    yield Talk(Home(shutil.copytree(empty_home.folder, tmp_path / "home")), fake, port, None)
    server.shutdown()
    server.server_close()
    assert fake.faults == []


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pauses of milliseconds; the list has one entry per pause, its number in the retry schedule."""
    pauses: list[int] = []

    def pause(tried: int, random_part: float) -> float:
        pauses.append(tried)
        return 0.01

    monkeypatch.setattr(plan, "pause_seconds", pause)
    return pauses
