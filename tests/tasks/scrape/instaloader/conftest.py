"""Folders as Instaloader writes them, in both generations of its JSON."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.scrape.instaloader.source import InstaloaderSettings

WRITTEN = 1_700_000_000
"""When the JSON files were written, in Unix seconds."""


@dataclass(frozen=True)
class Download:
    """A folder that Instaloader downloads to."""

    root: Path

    def write(self, name: str, value: Any, written: float = WRITTEN) -> Path:
        """A JSON file, packed where its name says so."""
        data = json.dumps(value).encode() if not isinstance(value, bytes) else value
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(lzma.compress(data) if name.endswith(".xz") else data)
        os.utime(file, (written, written))
        return file

    def post(
        self, stem: str, node: dict[str, Any], written: float = WRITTEN, ending: str = "json.xz"
    ) -> Path:
        """A post's JSON with Instaloader's wrapper."""
        wrapped = {"node": node, "instaloader": {"version": "4.15.1", "node_type": "Post"}}
        return self.write(f"{stem}.{ending}", wrapped, written)

    def picture(self, name: str, number: int = 0) -> Path:
        """A small JPEG; its time is that of the post, as Instaloader sets it."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 16), (number, 80, 120)).save(file, "JPEG")
        os.utime(file, (1_500_000_000, 1_500_000_000))
        return file

    def settings(self, **more: Any) -> InstaloaderSettings:
        """The settings that read it."""
        return InstaloaderSettings(name="saved", kind="instaloader", folder=self.root.name, **more)


@pytest.fixture
def download(importing: Any) -> Download:
    """An empty folder to download to."""
    root = importing.folder / "insta"
    root.mkdir()
    return Download(root)


def _anonymous(shortcode: str, **more: Any) -> dict[str, Any]:
    return {
        "__typename": "GraphImage",
        "shortcode": shortcode,
        "taken_at_timestamp": 1_495_672_269,
        "edge_media_preview_like": {"count": 36_044},
        "edge_media_to_comment": {"count": 12},
        "edge_media_to_caption": {"edges": [{"node": {"text": "Morning 🌅 at the harbour"}}]},
        "display_url": f"https://pics.example/{shortcode}.jpg?oe=1",
        "is_video": False,
        "owner": {"id": "7", "username": "ann"},
        **more,
    }


def _logged_in(shortcode: str, **more: Any) -> dict[str, Any]:
    return {
        "__typename": "GraphImage",
        "shortcode": shortcode,
        "date": 1_695_672_269,
        "edge_media_preview_like": {"count": 51},
        "comments": 4,
        "caption": "שלום, harbour",
        "display_url": f"https://pics.example/{shortcode}.webp?oe=2",
        "is_video": False,
        "owner": {"id": "7", "username": "ann"},
        "iphone_struct": {
            "media_type": 1,
            "comment_count": 4,
            "like_and_view_counts_disabled": False,
            "timeline_pinned_user_ids": [7],
            "image_versions2": {"candidates": [{"url": f"https://pics.example/{shortcode}_big.webp"}]},
        },
        **more,
    }


@pytest.fixture(scope="session")
def anonymous() -> Callable[..., dict[str, Any]]:
    """Make a node as Instagram answers to one who has not logged in."""
    return _anonymous


@pytest.fixture(scope="session")
def logged_in() -> Callable[..., dict[str, Any]]:
    """Make a node as Instaloader makes it for one who has."""
    return _logged_in


def _sidecar(shortcode: str, *videos: bool) -> dict[str, Any]:
    children = [
        {"node": {"display_url": f"https://pics.example/{shortcode}_{place}.jpg", "is_video": is_video}}
        for place, is_video in enumerate(videos, start=1)
    ]
    return {"__typename": "GraphSidecar", "edge_sidecar_to_children": {"edges": children}}


@pytest.fixture(scope="session")
def sidecar() -> Callable[..., dict[str, Any]]:
    """Make the fields of a carousel; one flag a part says whether it is a video."""
    return _sidecar
