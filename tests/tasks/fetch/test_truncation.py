"""A body is a picture if it is a complete file of a known format, whatever follows its end."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.fetch.body import BLOCK_BYTES
from tasks.fetch.download import Limits
from tasks.fetch.store import RejectedPicture, read_kind

KINDS = ["JPEG", "PNG", "WEBP", "GIF", "MPO", "BMP", "TIFF", "AVIF"]


def noise(kind: str, size: tuple[int, int] = (120, 90), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def check(tmp_path: Path, data: bytes) -> str:
    """The format of a file, or the reason why it is rejected."""
    (tmp_path / "file").write_bytes(data)
    try:
        return read_kind(tmp_path / "file").format
    except RejectedPicture as rejected:
        return rejected.reason.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.7, 0.97])
def test_a_truncated_file_is_corrupt(kind: str, part: float, tmp_path: Path) -> None:
    """A truncated file is corrupt, though its header is that of a picture."""
    complete = noise(kind)
    assert check(tmp_path, complete) in (kind.lower(), "jpeg")
    assert check(tmp_path, complete[: int(len(complete) * part)]) == "corrupt"


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_after_the_end_do_not_matter(kind: str, tmp_path: Path) -> None:
    """Bytes that cameras and servers append do not make a picture corrupt."""
    assert check(tmp_path, noise(kind) + b"\0" * 7 + b"SEFT trailer") in (kind.lower(), "jpeg")


def test_a_picture_without_its_end_is_stored_if_it_decodes(tmp_path: Path) -> None:
    """A picture that decodes is stored, though its program omitted the end."""
    complete = noise("PNG")
    assert check(tmp_path, complete[:-12]) == "png"
    assert check(tmp_path, noise("GIF")[:-1]) == "gif"


def test_the_end_of_a_preview_is_not_the_end(tmp_path: Path) -> None:
    """A complete preview in the header does not make a truncated photograph complete."""
    preview = noise("JPEG", (40, 30))
    complete = noise("JPEG")
    segment = b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview
    photograph = complete[:2] + segment + complete[2:]
    assert check(tmp_path, photograph) == "jpeg"
    assert check(tmp_path, photograph[: len(photograph) - len(complete) // 2]) == "corrupt"


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 100, "restart_marker_rows": 1}])
def test_progressive_jpegs_and_restart_markers_are_checked(options: dict[str, Any], tmp_path: Path) -> None:
    """The check for the end holds for progressive files and for files with restart markers."""
    complete = noise("JPEG", **options)
    assert check(tmp_path, complete) == "jpeg"
    assert check(tmp_path, complete[: len(complete) // 2]) == "corrupt"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"%PDF-1.7", b"\xff", b"RIFF....WAVE", b"....ftypmp42", b"B"]
)
def test_a_body_that_begins_like_no_picture_is_not_one(body: bytes, tmp_path: Path) -> None:
    """A body that begins like no picture is not a picture."""
    assert check(tmp_path, body) == "not_a_picture"


@pytest.mark.slow
def test_a_compressed_body_is_stored_decompressed(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A body that the server compresses without request is stored decompressed, or has a reason if unreadable."""
    body = picture(1)
    packed = gzip.compress(body)
    bodies = {
        ("gzip", packed): None,
        ("X-GZIP", packed): None,
        ("deflate", zlib.compress(body)): None,
        ("gzip", packed[:-9]): "corrupt",
        ("br", packed): "not_a_picture",
    }
    urls = [
        server.serve(f"/{number}", data, headers={"Content-Encoding": encoding})
        for number, (encoding, data) in enumerate(bodies)
    ]
    fetching.add_pictures(urls)
    assert fetching.run().items == 3
    assert [fetching.attempts(url)[0][1] for url in urls] == list(bodies.values())
    assert list(fetching.stored_files().values()) == [body]


@pytest.mark.slow
@pytest.mark.parametrize("cut", [0, 60_000])
def test_a_large_file_is_checked_on_disk(cut: int, server: Any, fetching: Any) -> None:
    """A picture that is too large for memory is checked on disk, like a small one in memory."""
    body = noise("JPEG", (1500, 1200), quality=95)
    assert len(body) > 2 * BLOCK_BYTES
    url = server.serve("/a", body[: len(body) - cut])
    fetching.add_pictures([url])
    fetching.run(limits=Limits())
    assert fetching.attempts(url) == [("failed", "corrupt", 200) if cut else ("ok", None, 200)]
    fetching.check_store()
