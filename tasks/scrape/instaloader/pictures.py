"""A post's pictures: files beside its JSON under the same stem, else the addresses in it.

Instaloader writes `STEM.jpg` for a picture and `STEM_1.jpg`, `STEM_2.jpg`, … for those of a carousel; a
video is `STEM.mp4`, and the `STEM.jpg` beside it is its thumbnail, which is no picture of the post.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.scrape.files.values import at, items, web_address

_NAMED = (
    "jpg",
    "jpeg",
    "png",
    "webp",
    "avif",
    "gif",
    "heic",
    "heif",
    "hif",
    "jfif",
    "jpe",
    "bmp",
    "tif",
    "tiff",
    "jxl",
)
ENDINGS = (*(f".{name}" for name in _NAMED), *(f".{name.upper()}" for name in _NAMED), "")
"""How a picture's file may be called, the usual first. What it is, its bytes say when it is fetched."""
VIDEO = "mp4"
MAX_IN_CAROUSEL = 100
"""Instagram allows 20; where the JSON does not list a carousel's parts, files are looked for up to here."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Files beside a JSON file: its stem and their names."""

    stem: str
    names: frozenset[str]

    def picture(self, place: int | None = None) -> str | None:
        """The picture file at a place of the carousel (from 1), or of the whole post."""
        stem = self.stem if place is None else f"{self.stem}_{place}"
        return next((name for ending in ENDINGS if (name := f"{stem}{ending}") in self.names), None)

    def has_video(self, place: int) -> bool:
        """Whether a video file lies at a place of the carousel."""
        return f"{self.stem}_{place}.{VIDEO}" in self.names


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the file beside the JSON, and the address in it; either may be missing, or both."""

    file: str | None
    url: str | None


def pictures_of(node: dict[str, Any], kind: str, beside: Beside) -> list[Picture]:
    """The pictures of a post in their order; a video has none."""
    if kind == "video":
        return []
    if kind == "image":
        return [Picture(beside.picture(), _address(node))]
    parts = _parts(node)
    if not parts:
        return list(_unlisted(node, beside))
    return [
        Picture(beside.picture(place), _address(part))
        for place, part in enumerate(parts, start=1)
        if not _is_video(part)
    ]


def _parts(node: dict[str, Any]) -> list[Any]:
    edges = items(at(node, "edge_sidecar_to_children", "edges"))
    return [at(edge, "node") for edge in edges] or items(at(node, "iphone_struct", "carousel_media"))


def _unlisted(node: dict[str, Any], beside: Beside) -> Iterator[Picture]:
    """The carousel's files where the JSON lists none of its parts; without files the one address it has."""
    found = False
    for place in range(1, MAX_IN_CAROUSEL + 1):
        name = beside.picture(place)
        if name is None and not beside.has_video(place):
            break
        if not beside.has_video(place):
            found = True
            yield Picture(name, None)
    if not found:
        yield Picture(None, _address(node))


def _is_video(part: Any) -> bool:
    return at(part, "is_video") is True or at(part, "media_type") == 2


def _address(part: Any) -> str | None:
    candidates = at(part, "image_versions2", "candidates", 0, "url")
    larger = at(part, "iphone_struct", "image_versions2", "candidates", 0, "url")
    urls = (at(part, "display_url"), at(part, "display_src"), candidates, larger)
    return next((url for one in urls if (url := web_address(one)) is not None), None)
