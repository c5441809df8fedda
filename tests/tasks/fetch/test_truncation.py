"""Which bodies are pictures: whole files of the known formats, whatever stands behind their end."""

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


def judged(tmp_path: Path, data: bytes) -> str:
    """The format of a file, or why it is refused."""
    (tmp_path / "file").write_bytes(data)
    try:
        return read_kind(tmp_path / "file").format
    except RejectedPicture as unfit:
        return unfit.reason.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.7, 0.97])
def test_cut_off_files(kind: str, part: float, tmp_path: Path) -> None:
    """A file that breaks off is corrupt, though its header is that of a picture."""
    whole = noise(kind)
    assert judged(tmp_path, whole) in (kind.lower(), "jpeg")
    assert judged(tmp_path, whole[: int(len(whole) * part)]) == "corrupt"


@pytest.mark.parametrize("kind", KINDS)
def test_more_behind_the_end(kind: str, tmp_path: Path) -> None:
    """What cameras and servers append to a picture does not make it corrupt."""
    assert judged(tmp_path, noise(kind) + b"\0" * 7 + b"SEFT trailer") in (kind.lower(), "jpeg")


def test_end_left_away(tmp_path: Path) -> None:
    """A picture that decodes is a picture, though its program wrote no end."""
    whole = noise("PNG")
    assert judged(tmp_path, whole[:-12]) == "png"
    assert judged(tmp_path, noise("GIF")[:-1]) == "gif"


def test_preview_is_not_the_end(tmp_path: Path) -> None:
    """The whole preview in a broken photograph's header does not make it whole."""
    preview = noise("JPEG", (40, 30))
    whole = noise("JPEG")
    segment = b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview
    photograph = whole[:2] + segment + whole[2:]
    assert judged(tmp_path, photograph) == "jpeg"
    assert judged(tmp_path, photograph[: len(photograph) - len(whole) // 2]) == "corrupt"


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 100, "restart_marker_rows": 1}])
def test_other_jpegs(options: dict[str, Any], tmp_path: Path) -> None:
    """Progressive files and such with restart markers have their end told as others."""
    whole = noise("JPEG", **options)
    assert judged(tmp_path, whole) == "jpeg"
    assert judged(tmp_path, whole[: len(whole) // 2]) == "corrupt"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"%PDF-1.7", b"\xff", b"RIFF....WAVE", b"....ftypmp42", b"B"]
)
def test_other_files(body: bytes, tmp_path: Path) -> None:
    """What begins as no picture is none."""
    assert judged(tmp_path, body) == "not_a_picture"


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP", "deflate"])
def test_compressed_body(encoding: str, server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A picture that a server has compressed all the same is stored as it is without."""
    body = picture(1)
    packed = zlib.compress(body) if encoding == "deflate" else gzip.compress(body)
    fetching.want([server.serve("/a", packed, headers={"Content-Encoding": encoding})])
    assert fetching.run().items == 1
    assert list(fetching.stored().values()) == [body]


@pytest.mark.parametrize(
    ("encoding", "end", "reason"), [("gzip", -9, "corrupt"), ("br", None, "not_a_picture")]
)
def test_compressed_body_that_is_not_read(
    encoding: str, end: int | None, reason: str, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A compressed body that breaks off is corrupt, and one that was not asked for and can't be read no picture."""
    packed = gzip.compress(picture(1))[:end]
    url = server.serve("/a", packed, headers={"Content-Encoding": encoding})
    fetching.want([url])
    fetching.run()
    assert fetching.tries(url) == [("failed", reason, 200)]


@pytest.mark.parametrize("cut", [0, 60_000])
def test_large_file(cut: int, server: Any, fetching: Any) -> None:
    """A picture too large for memory is checked as a small one, on the disk."""
    body = noise("JPEG", (1500, 1200), quality=95)
    assert len(body) > 2 * BLOCK_BYTES
    url = server.serve("/a", body[: len(body) - cut])
    fetching.want([url])
    fetching.run(limits=Limits())
    assert fetching.tries(url) == [("failed", "corrupt", 200) if cut else ("ok", None, 200)]
    fetching.check_store()
