"""Check and strip HEIC and AVIF files (ISO/IEC 14496-12 and 23008-12) before a native library reads them.

libheif fills truncated tiles with grey and only warns, reads metadata once per picture that it describes, and
trusts the picture sizes that the file declares. So sizes and offsets are checked here. Boxes keep their length;
a removed one is renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from classifiers.formats import MAX_PIXELS

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
GENERAL_BRANDS = frozenset({b"mif1", b"msf1", b"mif2", b"miaf", b"MiHE", b"MiHB", b"MiHA"})
"""Brands of files of either format; the compatible brands decide."""
_MAIN_BRANDS = {"HEIF": b"heic", "AVIF": b"avif"}
_METADATA = frozenset({b"Exif", b"mime", b"uri "})
_FILE_OFFSET = 0
_MAX_BRANDS = 64
MAX_BOX_BYTES = 1024 * 1024
"""Limit for a box that is read here. libheif accepts 1,000 items, which take about 50 kB."""
MAX_EXTENTS = 64
"""Limit per item; libheif accepts 32."""


class BrokenBoxes(ValueError):
    """The boxes of the file can't be read, or refer to bytes that it does not have."""


def kind_of(head: bytes) -> str | None:
    """The format `HEIF` or `AVIF` by the first bytes of a file; None for other files, including videos."""
    if head[4:8] != b"ftyp":
        return None
    major = head[8:12]
    size = min(int.from_bytes(head[:4], "big"), 16 + 4 * _MAX_BRANDS)
    compatible = {head[offset : offset + 4] for offset in range(16, min(size, len(head) - 3), 4)}
    for brands, kind in ((AVIF_BRANDS, "AVIF"), (HEIF_BRANDS, "HEIF")):
        if major in brands or (major in GENERAL_BRANDS and brands & compatible):
            return kind
    return None


def prepare_boxes(data: bytes) -> bytes:
    """A HEIC or AVIF file with a major brand that Pillow knows, and without metadata; other files unchanged.

    Rotation and mirroring are properties, which stay. For a HEIC file, raises `BrokenBoxes` if bytes of its picture
    are missing, and Pillow's `DecompressionBombError` if a picture, tile or thumbnail exceeds `MAX_PIXELS`.
    """
    kind = kind_of(data[: 16 + 4 * _MAX_BRANDS])
    if kind is None:
        return data
    file = bytearray(data)
    file[8:12] = _MAIN_BRANDS[kind]
    try:
        meta = _read_meta(data)
    except BrokenBoxes:
        if kind == "AVIF":
            return bytes(file)  # libavif does these checks itself
        raise
    if kind == "HEIF":
        if max(meta.sizes, default=0) > MAX_PIXELS:
            raise Image.DecompressionBombError(f"{max(meta.sizes)} pixels are over the limit")
        _check_extents(meta, len(data))
    for offset in meta.metadata:
        file[offset : offset + 4] = b"free"
    return bytes(file)


@dataclass(slots=True)
class _Meta:
    """Content of the box `meta`: the primary item, where items lie, and their tiles."""

    primary: int = 0
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    tiles: dict[int, list[int]] = field(default_factory=dict)
    metadata: list[int] = field(default_factory=list)
    """File offsets of the types of metadata items, and of their references to pictures."""
    sizes: list[int] = field(default_factory=list)


def _read_meta(data: bytes) -> _Meta:
    meta = _Meta()
    for kind, start, end in _boxes(data, 0, len(data), may_be_cut=True):
        if kind == b"meta":
            for inner, inner_start, inner_end in _boxes(data, start + 4, end):
                if (read_box := _READERS.get(inner)) is None:
                    continue
                if inner_end - inner_start > MAX_BOX_BYTES:
                    raise BrokenBoxes(f"the box {inner!r} is too long")
                read_box(meta, data, inner_start, inner_end)
            return meta
    raise BrokenBoxes("it has no box 'meta'")


def _boxes(
    data: bytes, start: int, end: int, *, may_be_cut: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Each box's type, and the start and end of its content."""
    offset = start
    while offset + 8 <= end:
        size, kind, header = _read_int(data, offset, 4), data[offset + 4 : offset + 8], 8
        if size == 1:
            size, header = _read_int(data, offset + 8, 8), 16
        stop = end if size == 0 else offset + size
        if stop < offset + header or (stop > end and not may_be_cut):
            raise BrokenBoxes(f"the box {kind!r} is longer than its parent")
        yield kind, offset + header, min(stop, end)
        offset = stop


def _read_int(data: bytes, offset: int, size: int) -> int:
    part = data[offset : offset + size]
    if len(part) < size:
        raise BrokenBoxes("a box is cut off")
    return int.from_bytes(part, "big")


def _read_primary(meta: _Meta, data: bytes, start: int, _: int) -> None:
    meta.primary = _read_int(data, start + 4, 2 if data[start] == 0 else 4)


def _read_extents(meta: _Meta, data: bytes, start: int, _: int) -> None:
    """`iloc` (ISO/IEC 14496-12, 8.11.3)."""
    version, sizes = data[start], _read_int(data, start + 4, 2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    id_size = 4 if version == 2 else 2
    count, position = _read_int(data, start + 6, id_size), start + 6 + id_size
    for _item in range(count):
        item, position = _read_int(data, position, id_size), position + id_size
        method = 0
        if version in (1, 2):
            method, position = _read_int(data, position, 2) & 15, position + 2
        base, position = _read_int(data, position + 2, base_size), position + 2 + base_size
        extents, position = _read_int(data, position, 2), position + 2
        if extents > MAX_EXTENTS:
            raise BrokenBoxes("an item has too many extents")
        for _extent in range(extents):
            position += index_size
            offset, position = _read_int(data, position, offset_size), position + offset_size
            length, position = _read_int(data, position, length_size), position + length_size
            if method == _FILE_OFFSET:
                meta.extents.setdefault(item, []).append((base + offset, length))


def _read_references(meta: _Meta, data: bytes, start: int, end: int) -> None:
    """`iref` (8.11.12): `dimg` from a picture to its tiles, `cdsc` from metadata to a picture."""
    id_size = 2 if data[start] == 0 else 4
    for kind, inner, _ in _boxes(data, start + 4, end):
        if kind == b"cdsc":
            meta.metadata.append(inner - 4)
        elif kind == b"dimg":
            source, count = _read_int(data, inner, id_size), _read_int(data, inner + id_size, 2)
            first = inner + id_size + 2
            tiles = (_read_int(data, first + number * id_size, id_size) for number in range(count))
            meta.tiles.setdefault(source, []).extend(tiles)


def _read_items(meta: _Meta, data: bytes, start: int, end: int) -> None:
    """`iinf` and its `infe` (8.11.6): which items are metadata. libheif refuses the file if one is cut off."""
    count_size = 2 if data[start] == 0 else 4
    for kind, inner, _ in _boxes(data, start + 4 + count_size, end):
        if kind == b"infe" and data[inner] in (2, 3):
            offset = inner + 4 + (2 if data[inner] == 2 else 4) + 2
            if data[offset : offset + 4] in _METADATA:
                meta.metadata.append(offset)


def _read_properties(meta: _Meta, data: bytes, start: int, end: int) -> None:
    for kind, inner, inner_end in _boxes(data, start, end):
        if kind == b"ipco":
            for name, offset, _ in _boxes(data, inner, inner_end):
                if name == b"ispe":
                    meta.sizes.append(_read_int(data, offset + 4, 4) * _read_int(data, offset + 8, 4))


_READERS = {
    b"pitm": _read_primary,
    b"iinf": _read_items,
    b"iloc": _read_extents,
    b"iref": _read_references,
    b"iprp": _read_properties,
}


def _check_extents(meta: _Meta, size: int) -> None:
    """Raise `BrokenBoxes` unless the primary picture and its tiles lie completely in the file."""
    seen: set[int] = set()
    remaining = [meta.primary]
    while remaining:
        if (item := remaining.pop()) in seen:
            continue
        seen.add(item)
        remaining += meta.tiles.get(item, [])
        if any(offset + length > size for offset, length in meta.extents.get(item, [])):
            raise BrokenBoxes("the file is cut off in its picture")
