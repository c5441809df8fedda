"""Files with rows in our schema."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.scrape.rows.jsonl import JsonLinesSettings
from tasks.scrape.rows.table import TableSettings

WRITTEN = 1_700_000_000
"""When the files were written, in Unix seconds."""


@dataclass(frozen=True)
class Rows:
    """A folder with such files."""

    folder: Path

    def lines(self, name: str, *lines: Any, written: float = WRITTEN) -> Path:
        """A file of lines: dicts as JSON, texts as they are; packed where its name says so."""
        texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        data = "".join(f"{text}\n" for text in texts).encode()
        return self.write(name, gzip.compress(data, mtime=0) if name.endswith(".gz") else data, written)

    def write(self, name: str, data: bytes, written: float = WRITTEN) -> Path:
        """A file with these bytes."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (written, written))
        return file


@pytest.fixture
def files(importing: Any) -> Rows:
    """An empty folder for them."""
    return Rows(importing.folder)


@pytest.fixture(scope="session")
def jsonl() -> Callable[..., JsonLinesSettings]:
    """Make settings of the kind jsonl; without a path they read `posts.jsonl`."""

    def settings(**more: Any) -> JsonLinesSettings:
        given = {} if "files" in more else {"file": "posts.jsonl"}
        return JsonLinesSettings(name="rows", kind="jsonl", **given | more)

    return settings


@pytest.fixture(scope="session")
def table() -> Callable[..., TableSettings]:
    """Make settings of the kind table; without a path they read `posts.csv`."""

    def settings(**more: Any) -> TableSettings:
        given = {} if "files" in more else {"file": "posts.csv"}
        return TableSettings(name="rows", kind="table", **given | more)

    return settings


@pytest.fixture(scope="session")
def row() -> Callable[..., dict[str, Any]]:
    """Make a good row; what is given comes on top of it."""

    def make(post_id: str = "p1", **more: Any) -> dict[str, Any]:
        good = {
            "v": 1,
            "account": "ann",
            "post_id": post_id,
            "url": f"https://x.example/p/{post_id}",
            "kind": "image",
        }
        return good | more

    return make
