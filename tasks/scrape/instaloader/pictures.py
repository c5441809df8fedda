"""A post's pictures: files beside its JSON with the same stem, or the addresses in it.

Instaloader writes `STEM.jpg` for a picture and `STEM_1.jpg`, `STEM_2.jpg`, … for those of a carousel; a
video is `STEM.mp4`, and the `STEM.jpg` beside it is its thumbnail, not a picture of the post.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.json_text import at, items

_NAMED = ("jpg", "jpeg", "png", "webp", "avif", "gif", "heic", "heif", "hif", "jfif", "jpe", "bmp", "tif", "tiff",
          "jxl")  # fmt: skip
ENDINGS = (*(f".{name}" for name in _NAMED), *(f".{name.upper()}" for name in _NAMED), "")
"""Endings of picture files, the most common first. The stage fetch detects the format by the bytes."""
VIDEO = "mp4"
MAX_IN_CAROUSEL = 100
"""Instagram allows 20; where the JSON does not list a carousel's parts, files up to this number are used."""


@dataclass(frozen=True, slots=True)
class SiblingFiles:
    """Files beside a JSON file: its stem and their names."""

    stem: str
    names: frozenset[str]

    def picture(self, position: int | None = None) -> str | None:
        """The picture file at a position of the carousel (from 1), or of a single picture."""
        stem = self.stem if position is None else f"{self.stem}_{position}"
        return next((name for ending in ENDINGS if (name := f"{stem}{ending}") in self.names), None)

    def has_video(self, position: int) -> bool:
        """Whether a video file has a position of the carousel."""
        return f"{self.stem}_{position}.{VIDEO}" in self.names


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the file beside the JSON, and the address in it; either or both may be missing."""

    file: str | None
    url: str | None


def pictures_of(node: dict[str, Any], kind: str, siblings: SiblingFiles) -> list[Picture]:
    """The pictures of a post in order; a video has none."""
    if kind == "video":
        return []
    if kind == "image":
        return [Picture(siblings.picture(), _address(node))]
    parts = _parts(node)
    if not parts:
        return list(_by_file_names(node, siblings))
    return [
        Picture(siblings.picture(position), _address(part))
        for position, part in enumerate(parts, start=1)
        if not _is_video(part)
    ]


def _parts(node: dict[str, Any]) -> list[Any]:
    edges = items(at(node, "edge_sidecar_to_children", "edges"))
    return [at(edge, "node") for edge in edges] or items(at(node, "iphone_struct", "carousel_media"))


def _by_file_names(node: dict[str, Any], siblings: SiblingFiles) -> Iterator[Picture]:
    """The carousel's files where the JSON lists no parts; without files, the only address of the JSON."""
    has_files = False
    for position in range(1, MAX_IN_CAROUSEL + 1):
        name = siblings.picture(position)
        if name is None and not siblings.has_video(position):
            break
        if not siblings.has_video(position):
            has_files = True
            yield Picture(name, None)
    if not has_files:
        yield Picture(None, _address(node))


def _is_video(part: Any) -> bool:
    return at(part, "is_video") is True or at(part, "media_type") == 2


def _address(part: Any) -> str | None:
    candidates = at(part, "image_versions2", "candidates", 0, "url")
    larger = at(part, "iphone_struct", "image_versions2", "candidates", 0, "url")
    urls = (at(part, "display_url"), at(part, "display_src"), candidates, larger)
    return next((url for one in urls if (url := web_address(one)) is not None), None)
