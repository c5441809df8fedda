"""Stored files to pixels: every kind of picture that a page may have, and files that are not pictures."""

from __future__ import annotations

import io
import resource
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from classifiers.errors import UnreadablePicture
from classifiers.formats import FORMATS, MAX_PIXELS
from classifiers.pictures import PictureFile

MEGABYTE = 1024 * 1024

# pytest resets the warning filters for each test, so those that the module sets do not apply.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


def gradient(width: int = 48, height: int = 32) -> Image.Image:
    down, across = np.indices((height, width))
    return Image.fromarray(np.stack([across * 5, down * 7, across + down], axis=-1).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(image: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, "PNG", exif=exif)


def pixels(data: bytes, folder: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    (folder / "picture").write_bytes(data)
    return np.asarray(PictureFile(folder / "picture").rgb())


class TestKinds:
    @pytest.mark.parametrize("kind", [*FORMATS, "MPO"])
    def test_every_format_is_decoded(self, kind: str, tmp_path: Path) -> None:
        """Every accepted format is decoded to an image that can be resized and copied."""
        (tmp_path / "picture").write_bytes(encoded(gradient(), kind))
        image = PictureFile(tmp_path / "picture").rgb()
        assert (image.mode, image.size) == ("RGB", (48, 32))
        assert image.resize((7, 5)).copy().tobytes()

    def test_lossless_pixels_are_unchanged(self, tmp_path: Path) -> None:
        """Pixels that were stored without loss are unchanged."""
        assert np.array_equal(pixels(encoded(gradient(), "PNG"), tmp_path), np.asarray(gradient()))

    def test_cmyk_shows_its_colours(self, tmp_path: Path) -> None:
        """A CMYK photograph, as print shops store it, shows its colours and not their negative."""
        red = Image.new("RGB", (16, 16), (220, 20, 30)).convert("CMYK")
        found = pixels(encoded(red, "JPEG"), tmp_path)[8, 8].astype(int)
        assert np.abs(found - (220, 20, 30)).max() < 12

    def test_a_transparent_palette_entry_is_white(self, tmp_path: Path) -> None:
        """The transparent entry of a palette becomes white, the others keep their colour."""
        image = Image.new("P", (2, 1))
        image.putpalette([0, 0, 0, 10, 200, 30])
        image.putdata([0, 1])
        found = pixels(encoded(image, "PNG", transparency=0), tmp_path)
        assert found.tolist() == [[[255, 255, 255], [10, 200, 30]]]

    def test_half_transparent_pixels_are_half_white(self, tmp_path: Path) -> None:
        """Transparent pixels become white, and half transparent ones half white."""
        image = Image.new("RGBA", (3, 1))
        image.putdata([(200, 0, 0, 255), (200, 0, 0, 0), (200, 0, 0, 128)])
        found = pixels(encoded(image, "PNG"), tmp_path)[0].astype(int)
        assert np.abs(found - [[200, 0, 0], [255, 255, 255], [227, 127, 127]]).max() <= 1

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
    def test_black_and_white_survive_every_mode(self, mode: str, tmp_path: Path) -> None:
        """Black and white stay black and white in every mode of a PNG."""
        image = Image.new("RGB", (4, 4), "white")
        image.paste((0, 0, 0), (0, 0, 2, 4))
        found = pixels(encoded(image.convert(mode), "PNG"), tmp_path)
        assert (found[:, :2] == 0).all()
        assert (found[:, 2:] == 255).all()

    @pytest.mark.parametrize(("top", "shown"), [(65535, 255), (32896, 128), (200, 0)])
    def test_sixteen_bit_grey_keeps_its_tones(self, top: int, shown: int, tmp_path: Path) -> None:
        """A 16-bit grey picture keeps its tones, including dark ones."""
        levels = np.linspace(0, top, 64).astype(np.uint16).reshape(8, 8)
        found = pixels(encoded(Image.fromarray(levels), "PNG"), tmp_path)
        assert found[0, 0].tolist() == [0, 0, 0]
        assert found[-1, -1].tolist() == [shown] * 3
        assert np.abs(found[..., 0].astype(int) - levels / 257.0).max() <= 1

    @pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
    def test_floating_grey_keeps_its_tones(self, white: float, tmp_path: Path) -> None:
        """A grey picture of floats keeps its tones, whichever value is white."""
        levels = np.array([[0.0, white / 2.0, white, np.nan]], dtype=np.float32)
        found = pixels(encoded(Image.fromarray(levels), "TIFF"), tmp_path)
        assert np.abs(found[0, :, 0] - [0.0, 127.5, 255.0, 0.0]).max() <= 0.5

    def test_an_animation_is_its_first_frame(self, tmp_path: Path) -> None:
        """An animated GIF is decoded to its first frame."""
        first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
        data = encoded(first, "GIF", save_all=True, append_images=[second], duration=50)
        assert (pixels(data, tmp_path) == (255, 0, 0)).all()

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_orientation_comes_back_upright(self, orientation: int, tmp_path: Path) -> None:
        """A picture with any EXIF orientation is turned upright."""
        upright = gradient()
        undo = [None, None, 0, 3, 1, 5, 2, 6, 4][orientation]  # the inverse, as an Image.Transpose
        stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
        assert np.array_equal(pixels(turned(stored, orientation), tmp_path), np.asarray(upright))

    @pytest.mark.parametrize("orientation", [0, 9, 255])
    def test_an_invalid_orientation_is_ignored(self, orientation: int, tmp_path: Path) -> None:
        """A picture with an invalid orientation is not turned."""
        assert np.array_equal(pixels(turned(gradient(), orientation), tmp_path), np.asarray(gradient()))

    def test_broken_metadata_does_not_matter(self, tmp_path: Path) -> None:
        """A picture with good pixels and broken EXIF data is decoded."""
        data = encoded(gradient(), "JPEG", exif=b"Exif\0\0MM\0*\0\xff\xff\xff\x00\x07")
        assert pixels(data, tmp_path).shape == (32, 48, 3)

    def test_a_picture_is_stretched_to_the_models_size(self, tmp_path: Path) -> None:
        """A picture for a model has the model's size, and its edges are not cropped."""
        image = Image.new("RGB", (90, 30), "white")
        image.paste((255, 0, 0), (0, 0, 30, 30))
        image.save(tmp_path / "wide.png")
        found = PictureFile(tmp_path / "wide.png").rgb_array(width=30, height=60)
        assert found.shape == (60, 30, 3)
        assert found.dtype == np.uint8
        assert (found[:, :9] == (255, 0, 0)).all()
        assert (found[:, 11:] == 255).all()


class TestRefused:
    @pytest.mark.parametrize(
        "data",
        [b"", b"<html><body>Not found</body></html>", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ",
         encoded(gradient(), "EPS"), encoded(gradient(), "TGA")],
        ids=["empty", "page", "jpeg-start", "gif-start", "webp-start", "postscript", "tga"],
    )  # fmt: skip
    def test_a_file_that_is_not_a_picture_is_unreadable(self, data: bytes, tmp_path: Path) -> None:
        """A file that is not a picture, or of a format that no gallery shows, is unreadable; PostScript is never run."""
        with pytest.raises(UnreadablePicture):
            pixels(data, tmp_path)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
    def test_a_truncated_file_is_unreadable(self, kind: str, tmp_path: Path) -> None:
        """A download that was cut off half-way is unreadable, not a picture with a grey half."""
        data = encoded(gradient(300, 200), kind)
        with pytest.raises(UnreadablePicture):
            pixels(data[: len(data) // 2], tmp_path)

    @pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 10_000), (MAX_PIXELS + 1, 1)])
    def test_a_huge_picture_is_refused_by_its_header(self, size: tuple[int, int], tmp_path: Path) -> None:
        """A small file that unpacks to a huge picture is refused by its header, before it uses memory."""
        header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
        body = zlib.compress(bytes(10 * MEGABYTE), 9)
        chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
        data = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
            for kind, part in chunks
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(UnreadablePicture, match="limit"):
            pixels(data, tmp_path)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024  # in KiB

    def test_a_missing_file_is_not_unreadable(self, tmp_path: Path) -> None:
        """A file that can't be opened is not a broken picture: it may be available in the next run."""
        with pytest.raises(FileNotFoundError):
            PictureFile(tmp_path / "gone.jpg").rgb()


SAMPLES = [
    *(encoded(gradient(), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF", "HEIF")),
    turned(gradient(), 6),
    encoded(gradient().convert("CMYK"), "JPEG"),
    encoded(gradient().convert("P"), "GIF", save_all=True, append_images=[gradient().convert("P")]),
]


class TestHostile:
    quick = settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )

    @quick
    @given(data=st.binary(max_size=300), start=st.sampled_from([b"", *(data[:24] for data in SAMPLES)]))
    def test_any_bytes_are_a_picture_or_unreadable(self, data: bytes, start: bytes, tmp_path: Path) -> None:
        """Any bytes, also after the start of a picture, give a picture or `UnreadablePicture`."""
        self.read(start + data, tmp_path)

    @quick
    @given(data=st.sampled_from(SAMPLES), cut=st.floats(0, 1))
    def test_any_truncation_is_a_picture_or_unreadable(self, data: bytes, cut: float, tmp_path: Path) -> None:
        """A picture that is cut off anywhere gives a picture or `UnreadablePicture`."""
        self.read(data[: int(len(data) * cut)], tmp_path)

    @quick
    @given(
        data=st.sampled_from(SAMPLES),
        changes=st.dictionaries(st.floats(0, 1), st.integers(0, 255), max_size=12),
    )
    def test_any_damage_is_a_picture_or_unreadable(
        self, data: bytes, changes: dict[float, int], tmp_path: Path
    ) -> None:
        """A picture with damaged bytes gives a picture or `UnreadablePicture`."""
        damaged = bytearray(data)
        for where, value in changes.items():
            # Most of the data that a decoder trusts is at the start.
            damaged[int((len(data) - 1) * where**3)] = value
        self.read(bytes(damaged), tmp_path)

    @staticmethod
    def read(data: bytes, folder: Path) -> None:
        """Read the file, and check the result: an RGB image within the limit, or a reason of one line."""
        (folder / "picture").write_bytes(data)
        try:
            image = PictureFile(folder / "picture").rgb()
        except UnreadablePicture as error:
            assert len(str(error).strip().splitlines()) == 1  # noqa: PT017 - any other exception is an error
        else:
            assert image.mode == "RGB"
            assert 0 < image.width * image.height <= MAX_PIXELS
            array = np.asarray(image)
            assert (array.dtype, array.shape) == (np.uint8, (image.height, image.width, 3))


@pytest.mark.parametrize("error", [ValueError("two\nlines"), RuntimeError()], ids=["lines", "empty"])
def test_the_reason_of_an_unreadable_picture_is_one_line(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts with the type of the decoder's error, which may have no message, or one of several lines."""

    def fail(image: Image.Image) -> Image.Image:
        raise error

    monkeypatch.setattr("classifiers.pictures._upright_rgb", fail)
    with pytest.raises(UnreadablePicture, match=rf"^{type(error).__name__}: [^\n]*$"):
        pixels(encoded(gradient(), "PNG"), tmp_path)


def test_many_threads_can_decode_at_once(tmp_path: Path) -> None:
    """Many threads can decode pictures at once, and the program's warning filters are unchanged."""
    gradient().save(tmp_path / "picture.png")
    with warnings.catch_warnings():
        before = list(warnings.filters)
        with ThreadPoolExecutor(8) as pool:
            sizes = list(pool.map(lambda _: PictureFile(tmp_path / "picture.png").rgb().size, range(400)))
        assert warnings.filters == before
    assert set(sizes) == {(48, 32)}
