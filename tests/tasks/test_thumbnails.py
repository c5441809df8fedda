"""Thumbnails: small square WebPs with only the pixels of the original, or None."""

from __future__ import annotations

import base64
import io

from PIL import Image

from tasks.thumbnails import PREFIX, Thumbnails, thumbnail
from warehouse.home import Home


def decoded(uri: str) -> Image.Image:
    """The picture in a data URI."""
    assert uri.startswith(PREFIX)
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(PREFIX))))


def test_thumbnail_is_the_middle_of_the_picture(tmp_path):
    """A wide picture is cropped to its middle square, not scaled to a square."""
    picture = Image.new("RGB", (300, 100), "red")
    picture.paste("blue", (100, 0, 200, 100))
    picture.save(tmp_path / "wide.png")
    small = decoded(thumbnail(tmp_path / "wide.png", side=50))
    assert small.format == "WEBP"
    assert small.size == (50, 50)
    red, _, blue = small.getpixel((3, 3))
    assert blue > 200
    assert red < 60


def test_a_thumbnail_has_160_pixels_by_default(tmp_path):
    """Smaller pictures are enlarged, so that all have the same size."""
    Image.new("L", (20, 40)).save(tmp_path / "small.png")
    assert decoded(thumbnail(tmp_path / "small.png")).size == (160, 160)


def test_a_thumbnail_has_no_metadata_of_the_original(tmp_path):
    """Comments, EXIF and other metadata of the original file do not reach the page."""
    exif = Image.Exif()
    exif[0x010E] = "<script>description</script>"
    Image.new("RGB", (200, 200)).save(
        tmp_path / "full.jpg", comment=b"<script>comment</script>", exif=exif, icc_profile=b"<script>profile"
    )
    small = base64.b64decode(thumbnail(tmp_path / "full.jpg").removeprefix(PREFIX))
    assert b"script" not in small
    assert b"script" in (tmp_path / "full.jpg").read_bytes()


def test_an_unreadable_picture_has_no_thumbnail(tmp_path):
    """A broken, empty or missing file gives None."""
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (tmp_path / "empty.jpg").touch()
    assert [thumbnail(tmp_path / name) for name in ("broken.jpg", "empty.jpg", "missing.jpg")] == [None] * 3


def test_a_thumbnail_is_made_once(tmp_path):
    """A later page takes the stored one, without the picture's file; a picture that can't be read stores none."""
    home = Home(tmp_path)
    Image.new("RGB", (300, 200), "red").save(tmp_path / "red.png")
    pictures = {"ab" * 32: "red.png", "cd" * 32: "missing.png"}
    first = Thumbnails(home).sources(pictures.items())
    (tmp_path / "red.png").unlink()
    assert Thumbnails(home).sources(pictures.items()) == first
    assert decoded(first["ab" * 32]).size == (160, 160)
    assert first["cd" * 32] is None
    stored = [str(file.relative_to(home.thumbnails)) for file in home.thumbnails.rglob("*") if file.is_file()]
    assert stored == [f"ab/{'ab' * 32}-160-q72.webp"]
