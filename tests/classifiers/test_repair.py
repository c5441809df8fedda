"""Odd picture files: a file that browsers show completely is decoded, and one with missing pixels is refused."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from classifiers.errors import UnreadablePicture
from classifiers.formats import MAX_PIXELS
from classifiers.pictures import decode_rgb, inspect_image
from classifiers.repair.orientation import exif_block

# pytest resets the warning filters for each test, so those that the module sets do not apply.
pytestmark = pytest.mark.filterwarnings("ignore")
JUNK = bytes(range(1, 200))


def photograph(width: int = 120, height: int = 88) -> Image.Image:
    """Noise on a slope: no part of it looks like filling."""
    down, across = np.indices((height, width))
    chance = np.random.default_rng(5)
    slope = np.stack([across * 2, down * 2, 255 - across - down // 2], axis=-1)
    return Image.fromarray(np.clip(slope + chance.normal(0, 20, slope.shape), 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(decode_rgb(data))


def is_refused(data: bytes) -> bool:
    try:
        decode_rgb(data)
    except UnreadablePicture:
        return True
    return False


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def chunk(kind: bytes, content: bytes, checksum: int | None = None) -> bytes:
    right = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum or right)


def bad_chunk(kind: bytes, content: bytes) -> bytes:
    return chunk(kind, content, 0x12345678)


JPEG = encoded(photograph(), "JPEG")
PNG = encoded(photograph(), "PNG")
WEBP = encoded(photograph(), "WEBP", exif=b"Exif\0\0" + exif_block(1), icc_profile=JUNK)
HEADER = PNG.index(b"IDAT") - 4

JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_rows": 1},
    "progressive with restart markers": {"progressive": True, "restart_marker_blocks": 5},
    "full colour": {"subsampling": 0, "quality": 95},
    "own tables": {"optimize": True, "quality": 40},
}


class TestJpegWithoutEnd:
    @pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
    @pytest.mark.parametrize("kind", ["RGB", "L", "CMYK"])
    def test_a_missing_end_marker_costs_nothing(self, kind: str, options: dict[str, Any]) -> None:
        """A JPEG in which only the end marker is missing, or half of it, has the pixels of the complete file."""
        data = encoded(photograph().convert(kind), "JPEG", **options)
        expected = pixels(data)
        for cut in (1, 2):
            assert np.array_equal(pixels(data[:-cut]), expected)

    @pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
    def test_a_file_cut_off_in_its_pixels_is_refused(self, options: dict[str, Any]) -> None:
        """A JPEG that is cut off anywhere in its pixels is refused, not filled with grey."""
        data = encoded(photograph(), "JPEG", **options)
        expected = pixels(data)
        for cut in (*range(3, 40), 100, len(data) // 3, len(data) // 2):
            assert is_refused(data[:-cut]) or np.array_equal(pixels(data[:-cut]), expected)
        assert is_refused(data[:-12]) and is_refused(data[: len(data) // 2])

    @pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
    def test_a_file_cut_off_at_a_marker_is_refused(self, options: dict[str, Any]) -> None:
        """A JPEG that is cut off exactly before a restart marker or another scan is refused."""
        data = encoded(photograph(), "JPEG", **options)
        first = data.index(b"\xff\xda")
        markers = [*range(0xD0, 0xD8), 0xDA, 0xC4]
        places = [
            place for place in range(first + 2, len(data) - 2)
            if data[place] == 0xFF and data[place + 1] in markers
        ]  # fmt: skip
        assert all(is_refused(data[:place]) for place in places)

    def test_zeros_after_the_data_are_not_pixels(self) -> None:
        """Zeros after a truncated download are not pixels; after a complete picture they do no harm."""
        half = len(JPEG) // 2
        assert is_refused(JPEG[:half] + bytes(half))
        assert np.array_equal(pixels(JPEG[:-2] + bytes(5000)), pixels(JPEG))

    def test_a_jpeg_that_declares_too_many_pixels_is_refused(self) -> None:
        """A JPEG that declares more pixels than the limit is refused before it is decoded several times."""
        frame = JPEG.index(b"\xff\xc0") + 5
        large = JPEG[:frame] + struct.pack(">HH", 60_000, 60_000) + JPEG[frame + 4 : -2]
        with pytest.raises(UnreadablePicture, match="limit"):
            decode_rgb(large)


JPEG_METADATA = {
    "EXIF that is none": segment(0xE1, b"Exif\0\0" + JUNK),
    "EXIF that breaks off": segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\x40"),
    "EXIF with a wrong offset": segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    "an empty EXIF": segment(0xE1, b"Exif\0\0"),
    "a profile in pieces that miss": segment(0xE2, b"ICC_PROFILE\0\x02\x09" + JUNK),
    "a profile's beginning": segment(0xE2, b"ICC_PROFILE\0"),
    "XMP that is none": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + JUNK),
    "a broken list of pictures": segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\0\x03" + JUNK),
    "a short JFIF": segment(0xE0, b"JFIF\0"),
    "a short Adobe": segment(0xEE, b"Adobe"),
    "broken Photoshop data": segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\xff\xff\xff\xff" + JUNK),
    "a segment of no length in front": b"\xff\xe5\0\2" * 50,
    "bytes between segments": segment(0xE5, b"") + b"\0\0 some bytes \0",
    "thirty megabytes": segment(0xE7, bytes(65_000)) * 480,
}


@pytest.mark.parametrize("metadata", JPEG_METADATA.values(), ids=JPEG_METADATA)
def test_broken_jpeg_metadata_costs_nothing(metadata: bytes) -> None:
    """A JPEG with broken, short or large metadata is decoded, with and without its end marker."""
    data = JPEG[:2] + metadata + JPEG[2:]
    assert np.array_equal(pixels(data), pixels(JPEG))
    assert np.array_equal(pixels(data[:-2]), pixels(JPEG))


@pytest.mark.parametrize("kind", ["CMYK", "RGB", "L"])
def test_the_colour_coding_is_kept_without_metadata(kind: str) -> None:
    """The segments that define the colour coding stay when the other metadata is removed."""
    data = encoded(photograph().convert(kind), "JPEG")
    broken = data[:2] + JPEG_METADATA["a broken list of pictures"] + data[2:-2]
    assert np.array_equal(pixels(broken), pixels(data))


PNG_METADATA = {
    "a text with a wrong checksum": bad_chunk(b"tEXt", b"Comment\0hello"),
    "a time with a wrong checksum": bad_chunk(b"tIME", bytes(7)),
    "a gamma with a wrong checksum": bad_chunk(b"gAMA", bytes(4)),
    "a short gamma": chunk(b"gAMA", b"\0"),
    "a short density": chunk(b"pHYs", b"\0"),
    "a profile that is none": chunk(b"iCCP", b"x\0\0" + JUNK),
    "a large profile": chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(30_000_000))),
    "a large text": chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(30_000_000))),
    "many large texts": chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(900_000))) * 90,
    "a text that is none": chunk(b"zTXt", b"x\0\0" + JUNK),
    "a broken language": chunk(b"iTXt", b"x\0\1\0\xff\0\xff\0" + JUNK),
    "EXIF that is none": chunk(b"eXIf", JUNK),
    "an animation of no frames": chunk(b"acTL", bytes(8)),
    "frames out of order": chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", bytes(26)),
    "a chunk of no meaning": chunk(b"abCd", JUNK),
}


@pytest.mark.parametrize("metadata", PNG_METADATA.values(), ids=PNG_METADATA)
@pytest.mark.parametrize("is_behind", [False, True])
def test_broken_png_metadata_costs_nothing(metadata: bytes, is_behind: bool) -> None:
    """A PNG with wrong checksums or sizes in other chunks, before or after its pixels, is decoded."""
    place = len(PNG) - 12 if is_behind else HEADER
    assert np.array_equal(pixels(PNG[:place] + metadata + PNG[place:]), pixels(PNG))


def test_png_exif_with_a_wrong_checksum_is_ignored() -> None:
    """EXIF with a wrong checksum does not turn the picture."""
    data = PNG[:HEADER] + bad_chunk(b"eXIf", exif_block(6)) + PNG[HEADER:]
    assert np.array_equal(pixels(data), pixels(PNG))


@pytest.mark.parametrize("cut", [4, 8, 12])
def test_a_png_without_its_last_chunk_is_complete(cut: int) -> None:
    """A PNG whose empty last chunk is missing or cut off is complete."""
    assert np.array_equal(pixels(PNG[:-cut]), pixels(PNG))


@pytest.mark.parametrize("cut", [40, 300, len(PNG) // 2])
def test_a_png_cut_off_in_its_pixels_is_refused(cut: int) -> None:
    """A PNG that is cut off in its pixels is refused, also with metadata that is removed."""
    assert is_refused(PNG[:-cut])
    assert is_refused(PNG[:HEADER] + PNG_METADATA["a large text"] + PNG[HEADER:-cut])


@pytest.mark.parametrize("place", [20, HEADER - 2])
def test_a_png_with_a_damaged_header_is_refused(place: int) -> None:
    """A wrong checksum of a chunk that decides the pixels is damage."""
    assert is_refused(PNG[:place] + bytes([PNG[place] ^ 1]) + PNG[place + 1 :])


class TestWebp:
    @pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
    def test_a_file_cut_off_after_its_pixels_is_complete(self, part: float) -> None:
        """A WebP that is cut off after its pixels is complete."""
        place = WEBP.index(b"EXIF")
        assert np.array_equal(pixels(WEBP[: place + int(part * (len(WEBP) - place))]), pixels(WEBP))

    @pytest.mark.parametrize("size", [0, 20, 2**32 - 1])
    def test_a_wrong_file_size_costs_nothing(self, size: int) -> None:
        """A wrong file size in the header, as streaming programs write it, does no harm."""
        assert np.array_equal(pixels(WEBP[:4] + size.to_bytes(4, "little") + WEBP[8:]), pixels(WEBP))

    def test_a_webp_cut_off_in_its_pixels_is_refused(self) -> None:
        """A WebP that is cut off in its pixels is refused."""
        end = WEBP.index(b"EXIF")
        assert all(is_refused(WEBP[:place]) for place in (end - 1, end - 50, end // 2))

    def test_a_truncated_animation_shows_its_first_frame(self) -> None:
        """An animation that is cut off in a later frame shows its first frame."""
        first = Image.new("RGB", (40, 30), "red")
        frames = [photograph(40, 30), Image.new("RGB", (40, 30), "blue")]
        data = encoded(first, "WEBP", save_all=True, append_images=frames, lossless=True)
        assert (pixels(data[: len(data) * 2 // 3]) == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_shows_its_first_frame(kind: str) -> None:
    """An animation is decoded to its first frame."""
    first = Image.new("RGB", (16, 16), "red")
    later = [Image.new("RGB", (16, 16), "blue"), photograph(16, 16)]
    data = encoded(first, kind, save_all=True, append_images=later)
    assert np.abs(pixels(data).astype(int) - (255, 0, 0)).max() < 6


class TestHeic:
    @pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix", b"miaf"])
    @pytest.mark.parametrize("options", [{}, {"tile_size": 64}], ids=["one piece", "tiles"])
    def test_a_heic_file_is_decoded_under_each_brand(self, options: dict[str, Any], brand: bytes) -> None:
        """A HEIC photograph, as phones save it, has the photographed pixels, under each of its brands."""
        data = encoded(photograph(), "HEIF", quality=95, **options)
        found = pixels(data[:8] + brand + data[12:]).astype(int)
        assert found.shape == (88, 120, 3)
        assert np.abs(found - np.asarray(photograph()).astype(int)).mean() < 12

    @pytest.mark.parametrize("options", [{}, {"tile_size": 64}], ids=["one piece", "tiles"])
    def test_a_truncated_heic_file_is_refused(self, options: dict[str, Any]) -> None:
        """A truncated HEIC file is refused, not shown with grey tiles; bytes after its end do no harm."""
        data = encoded(photograph(), "HEIF", **options)
        assert all(is_refused(data[: int(len(data) * part)]) for part in (0.1, 0.3, 0.7, 0.97, 0.999))
        assert np.array_equal(pixels(data + JUNK), pixels(data))

    @pytest.mark.parametrize("mode", ["RGB;16", "L;16"])
    def test_ten_bits_keep_their_tones(self, mode: str) -> None:
        """A HEIC file with ten bits per colour keeps its tones in eight."""
        image = photograph() if mode.startswith("RGB") else photograph().convert("L")
        wide = np.asarray(image).astype(np.uint16) * 257
        buffer = io.BytesIO()
        pillow_heif.from_bytes(mode, image.size, wide.tobytes()).save(buffer, quality=95)
        found = pixels(buffer.getvalue()).astype(int)
        assert np.abs(found - np.asarray(image.convert("RGB")).astype(int)).mean() < 12

    @pytest.mark.parametrize("orientation", [1, 3, 6, 8])
    def test_a_heic_file_is_turned_only_once(self, orientation: int) -> None:
        """A HEIC picture is upright after its own properties, and EXIF does not turn it again."""
        image = Image.new("RGB", (64, 48), "white")
        image.paste((255, 0, 0), (0, 0, 32, 24))
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(image, "HEIF", exif=exif.tobytes(), quality=95)
        expected = pixels(encoded(image, "PNG", exif=exif)).astype(int)
        found = pixels(data).astype(int)
        assert found.shape == expected.shape
        assert np.abs(found - expected).mean() < 8
        assert inspect_image(data).orientation == 1

    def test_a_heic_file_that_declares_too_many_pixels_is_refused(self) -> None:
        """A HEIC file that declares a picture, tile or thumbnail above the limit is refused by its header."""
        data = bytearray(encoded(photograph(), "HEIF"))
        place = data.index(b"ispe") + 8
        data[place : place + 8] = struct.pack(">II", 60_000, 60_000)
        with pytest.raises(UnreadablePicture, match="limit"):
            decode_rgb(bytes(data))

    def test_a_stream_larger_than_declared_is_refused(self) -> None:
        """A coded picture larger than the declared size is refused, and uses no memory."""
        data = bytearray(encoded(Image.new("RGB", (512, 512)), "HEIF"))
        place = data.index(b"ispe") + 8
        data[place : place + 8] = struct.pack(">II", 64, 64)
        assert is_refused(bytes(data))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_broken_metadata_in_boxes_costs_nothing(kind: str) -> None:
    """A HEIC or AVIF picture with broken EXIF, or with metadata cut off after it, is decoded."""
    exif = Image.Exif()
    exif[0x010F] = "a maker's name " * 20
    data = encoded(photograph(), kind, exif=exif.tobytes())
    place = data.rindex(b"MM\0*" if b"MM\0*" in data else b"II*\0", 0, data.index(b"a maker's"))
    assert np.array_equal(pixels(data[:place] + b"junk" + data[place + 4 :]), pixels(data))
    if kind == "HEIF":
        assert place > data.index(b"mdat") + 100
        assert np.array_equal(pixels(data[: place + 50]), pixels(data))


ORIENTED: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda data: data[:2] + JPEG_METADATA["a broken list of pictures"] + data[2:-2],
    "PNG": lambda data: data.replace(b"IDAT", b"IDAT", 1)[:-12] + PNG_METADATA["a short gamma"],
    "WEBP": lambda data: data + b"more behind it",
}


@pytest.mark.parametrize("kind", ORIENTED)
def test_orientation_is_kept(kind: str) -> None:
    """A rewritten file keeps its EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(photograph(), kind, exif=exif)
    found = pixels(ORIENTED[kind](data))
    assert found.shape == (120, 88, 3)
    assert np.array_equal(found, pixels(data))


def test_a_rewritten_file_is_not_sound(tmp_path: Path) -> None:
    """A file that had to be rewritten is reported as one that other programs may refuse."""
    assert inspect_image(JPEG).is_sound
    assert not inspect_image(JPEG[:-2]).is_sound
    assert inspect_image(JPEG[:-2]).width == 120


def test_the_pixel_limit_holds_for_rewritten_files() -> None:
    """The pixel limit holds for rewritten files too."""
    header = struct.pack(">IIBBBBB", MAX_PIXELS, 2, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + PNG_METADATA["a short gamma"] + chunk(b"IDAT", zlib.compress(bytes(999)))
    with pytest.raises(UnreadablePicture, match="limit"):
        decode_rgb(PNG[:8] + body + chunk(b"IEND", b""))
