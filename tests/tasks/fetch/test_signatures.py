"""A file that can't be decoded is named by its bytes, with advice; its file name does not matter."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tasks.fetch.store import RejectedPicture, read_kind

# pytest resets the warning filters of classifiers/formats.py for each test.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

OTHERS = {
    b"": ("not_a_picture", "an empty file"),
    b"\0" * 5000: ("not_a_picture", "a file of zeros"),
    b"<!DOCTYPE html><title>Log in": ("not_a_picture", "a web page (HTML)"),
    b"\xef\xbb\xbf\r\n <HTML>": ("not_a_picture", "a web page (HTML)"),
    b"<!-- a page --><html><svg/>": ("not_a_picture", "a web page (HTML)"),
    b"<?xml version='1.0'?><!DOCTYPE html><html>": ("not_a_picture", "a web page (HTML)"),
    "<!doctype html>é".encode("utf-16"): ("not_a_picture", "a web page (HTML)"),
    b"<?xml version='1.0'?><Error><Code>AccessDenied": ("not_a_picture", "an XML document"),
    b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'>": ("not_a_picture", "an SVG drawing"),
    b"<svg width='9'/>": ("not_a_picture", "an SVG drawing"),
    b'{"error": "not found"}': ("not_a_picture", "JSON"),
    b"Not Found": ("not_a_picture", "a text"),
    b"%PDF-1.7\n": ("not_a_picture", "a PDF document"),
    b"\0\0\0\x20ftypisom\0\0\2\0isomiso2mp41": ("not_a_picture", "an MP4 video"),
    b"\0\0\0\x14ftypqt  \0\0\0\0qt  ": ("not_a_picture", "a QuickTime video"),
    b"\0\0\0\x08wide\0\0\0\x08mdat": ("not_a_picture", "a QuickTime video"),
    b"\x1aE\xdf\xa3\x01": ("not_a_picture", "a WebM or Matroska video"),
    b"RIFF\0\0\0\0AVI LIST": ("not_a_picture", "an AVI video"),
    b"RIFF\0\0\0\0WAVEfmt ": ("not_a_picture", "an audio file"),
    b"PK\x03\x04": ("not_a_picture", "a ZIP archive"),
    b"version https://git-lfs.github.com/spec/v1\n": ("not_a_picture", "a pointer of Git LFS"),
    b"%!PS-Adobe-3.0 EPSF-3.0": ("not_a_picture", "a PostScript file"),
    b"\xff\x0a\xfa\x7f": ("unsupported_format", "a JPEG XL picture"),
    b"\0\0\0\x0cJXL \r\n\x87\n": ("unsupported_format", "a JPEG XL picture"),
    b"\0\0\0\x0cjP  \r\n\x87\n": ("unsupported_format", "a JPEG 2000 picture"),
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom": ("unsupported_format", "a camera's raw file"),
    b"FUJIFILMCCD-RAW 0201": ("unsupported_format", "a camera's raw file"),
    b"8BPS\0\1": ("unsupported_format", "a Photoshop file"),
    b"\0\0\1\0\1\0": ("unsupported_format", "an icon file"),
    b"P6\n9 9\n255\n": ("unsupported_format", "a Netpbm picture"),
    b"\n\xff\xd8\xff\xe0": ("not_a_picture", "a JPEG behind 1 other bytes"),
    bytes(range(128, 160)): ("not_a_picture", "begins with the bytes 80 81 82"),
}  # fmt: skip


def rejection(file: Path) -> tuple[str, str]:
    with pytest.raises(RejectedPicture) as rejected:
        read_kind(file)
    assert rejected.value.message is not None
    return rejected.value.reason.value, rejected.value.message


@pytest.mark.parametrize("data", OTHERS, ids=[name for _, name in OTHERS.values()])
def test_another_file_is_named_with_advice(data: bytes, tmp_path: Path) -> None:
    """The message names the kind of the file, whatever its file name, and says what to do."""
    (tmp_path / "photo.jpg").write_bytes(data)
    reason, message = rejection(tmp_path / "photo.jpg")
    expected, name = OTHERS[data]
    assert reason == expected
    assert name in message and message.count(". ") >= 1 and message.endswith(".")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_camera_raw_file_is_not_a_tiff_picture(tmp_path: Path) -> None:
    """A camera's raw file that begins like TIFF is rejected, not labelled by its thumbnail; a TIFF picture is stored."""
    image = Image.effect_noise((32, 24), 50)
    for tags in ({50706: b"\1\4\0\0"}, {254: 1, 330: 8}):
        info = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, value in tags.items():
            info[tag] = value
            info.tagtype[tag] = 1 if isinstance(value, bytes) else 4
        (tmp_path / "a.tif").write_bytes(saved(image, "TIFF", tiffinfo=info))
        assert rejection(tmp_path / "a.tif") == (
            "unsupported_format", "It is a camera's raw file. Save it as JPEG or PNG.",
        )  # fmt: skip
    (tmp_path / "a.tif").write_bytes(saved(image, "TIFF"))
    assert read_kind(tmp_path / "a.tif").format == "tiff"


@pytest.mark.parametrize(
    ("name", "kind", "format_", "ending"),
    [
        ("photo.heic", "JPEG", "jpeg", "jpg"),
        ("photo.jpg", "HEIF", "heic", "heic"),
        ("photo.jpg", "PNG", "png", "png"),
        ("photo", "AVIF", "avif", "avif"),
        ("photo.mp4", "WEBP", "webp", "webp"),
        ("photo.txt", "GIF", "gif", "gif"),
    ],
)
def test_the_file_name_does_not_matter(
    name: str, kind: str, format_: str, ending: str, tmp_path: Path
) -> None:
    """A picture is recognised by its bytes, under a wrong name and without an extension."""
    (tmp_path / name).write_bytes(saved(Image.effect_noise((40, 30), 50).convert("RGB"), kind))
    found = read_kind(tmp_path / name)
    assert (found.format, found.ending, found.width, found.height) == (format_, ending, 40, 30)


def test_messages_are_stored_and_counted(server: Any, fetching: Any) -> None:
    """The table of fetches and the run's message say what came instead of a picture."""
    fetching.add_pictures(
        [server.serve("/a", b"<html>"), server.serve("/b", b"<html>"), server.serve("/c", b"%PDF-")]
    )
    result = fetching.run()
    assert "3 not_a_picture (2 web page (HTML), 1 PDF document)" in result.message
    rows = fetching.rows("select message from fetches order by picture_url")
    assert [row[0].partition(". ")[0] for row in rows] == [
        "It is a web page (HTML)", "It is a web page (HTML)", "It is a PDF document",
    ]  # fmt: skip
    assert (result.status, result.failures) == ("incomplete", 3)
    fetching.check_store()


def test_a_clear_reason_has_no_message(server: Any, fetching: Any, picture: Any) -> None:
    """A stored picture, and a failure whose reason is clear, have no message."""
    fetching.add_pictures([server.serve("/a", picture(1)), server.serve("/b", status=404)])
    fetching.run()
    assert fetching.rows("select distinct message from fetches") == [(None,)]


PHOTOGRAPH = Image.fromarray(np.random.default_rng(3).integers(0, 255, (60, 80, 3), dtype=np.uint8))
JPEG = saved(PHOTOGRAPH, "JPEG")
PNG = saved(PHOTOGRAPH, "PNG")
HEIC = saved(PHOTOGRAPH, "HEIF")
ODD = {
    "a JPEG without its end": (JPEG[:-2], "jpeg"),
    "a JPEG that is cut off": (JPEG[:-20], "corrupt"),
    "a JPEG with a broken list of pictures": (
        JPEG[:2] + b"\xff\xe2\0\x10MPF\0MM\0*\0\0\0\x09\0\3" + JPEG[2:], "jpeg",
    ),
    "a PNG with a wrong checksum": (PNG[:33] + struct.pack(">I4s4sI", 4, b"gAMA", b"1234", 5) + PNG[33:], "png"),
    "a PNG that is cut off": (PNG[:-60], "corrupt"),
    "a HEIC": (HEIC, "heic"),
    "a HEIC with a trailer": (HEIC + b"SEFT trailer", "heic"),
    "a HEIC that is cut off": (HEIC[:-1], "corrupt"),
}  # fmt: skip


def test_an_odd_picture_is_stored_if_browsers_show_it(server: Any, fetching: Any) -> None:
    """A picture that browsers show completely is stored byte for byte; one that is cut off in its pixels is corrupt."""
    urls = {name: server.serve(f"/{number}", body) for number, (name, (body, _)) in enumerate(ODD.items())}
    fetching.add_pictures(list(urls.values()))
    fetching.run()
    rows = """select picture_url, coalesce(reason, format), width, height, message
              from fetches left join pictures using (sha256)"""
    results = {url: row for url, *row in fetching.rows(rows)}
    for name, (_, expected) in ODD.items():
        kind, width, height, message = results[urls[name]]
        assert (name, kind) == (name, expected)
        if expected == "corrupt":
            assert message.startswith("The picture is cut off or damaged")
        else:
            assert (width, height, message) == (80, 60, None)
    stored = {body for body, expected in ODD.values() if expected != "corrupt"}
    assert set(fetching.stored_files().values()) == stored
