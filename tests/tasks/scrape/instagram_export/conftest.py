"""Exports as Instagram gives them, in the layouts of several years."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.scrape.instagram_export.source import InstagramExportSettings

WRITTEN = 1_700_000_000
MEDIA = "your_instagram_activity/media"


def garbled(text: str) -> str:
    """A text as an export has it: each byte of its UTF-8 as a character."""
    return text.encode().decode("latin-1")


@dataclass(frozen=True)
class Export:
    """A folder with an unpacked export."""

    root: Path

    def write(self, name: str, value: Any, written: float = WRITTEN) -> Path:
        """A file of it."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        os.utime(file, (written, written))
        return file

    def picture(self, name: str, number: int = 0) -> str:
        """A picture of it; returns its path there."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 16), (number, 80, 120)).save(file, "JPEG")
        return name

    def settings(self, **more: Any) -> InstagramExportSettings:
        """The settings that read it."""
        given = {"folder": "export", "account": "ann", **more}
        return InstagramExportSettings(name="mine", kind="instagram_export", **given)


@pytest.fixture
def export(importing: Any) -> Export:
    """An empty folder for an export."""
    root = importing.folder / "export"
    root.mkdir()
    return Export(root)


@pytest.fixture
def posts(export: Export) -> list[Any]:
    """Three posts: a picture, a carousel with a video in it, and a reel in a file of its own."""
    one = export.picture("media/posts/202301/one.jpg", 1)
    two = [export.picture(f"media/posts/202302/two_{place}.jpg", place) for place in (1, 2)]
    made = [
        {"media": [{"uri": one, "creation_timestamp": 1_673_000_000, "title": garbled("Café 🌅 שלום")}]},
        {
            "media": [
                {"uri": two[0], "creation_timestamp": 1_675_000_001, "title": ""},
                {"uri": "media/posts/202302/clip.mp4", "creation_timestamp": 1_675_000_002, "title": ""},
                {"uri": two[1], "creation_timestamp": 1_675_000_003, "title": ""},
            ],
            "title": garbled("Two & a clip"),
            "creation_timestamp": 1_675_000_000,
        },
    ]
    export.write(f"{MEDIA}/posts_1.json", made)
    reel = {"media": [{"uri": "media/reels/r.mp4", "creation_timestamp": 1_680_000_000, "title": "reel"}]}
    export.write(f"{MEDIA}/reels.json", {"ig_reels_media": [reel]})
    return made
