"""HEIC and AVIF files (ISO/IEC 14496-12 and 23008-12): checked and stripped before a native library reads them.

libheif fills tiles that are cut off with grey and only warns, reads metadata once for each picture that it
describes, and takes the size of every picture in the file from the file. So sizes and places are checked here.
Boxes keep their length; what is left out is renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from classifiers.formats import MAX_PIXELS

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
GENERAL_BRANDS = frozenset({b"mif1", b"msf1", b"mif2", b"miaf", b"MiHE", b"MiHB", b"MiHA"})
"""Brands of files of either kind; the compatible brands say which."""
_OPENED_AS = {"HEIF": b"heic", "AVIF": b"avif"}
_METADATA = frozenset({b"Exif", b"mime", b"uri "})
_FILE_OFFSET = 0
_MAX_BRANDS = 64
MAX_BOX_BYTES = 1024 * 1024
"""Of a box that is read here. libheif takes 1,000 items, which need some 50 kB."""
MAX_EXTENTS = 64
"""Of one item; libheif takes 32."""


class BrokenBoxes(ValueError):
    """The boxes of the file lead to bytes that it does not have, or can't be read."""


def kind_of(head: bytes) -> str | None:
    """`HEIF` or `AVIF`, as Pillow names them, from the first bytes of a file; None for other files, videos too."""
    if head[4:8] != b"ftyp":
        return None
    major = head[8:12]
    size = min(int.from_bytes(head[:4], "big"), 16 + 4 * _MAX_BRANDS)
    compatible = {head[place : place + 4] for place in range(16, min(size, len(head) - 3), 4)}
    for brands, kind in ((AVIF_BRANDS, "AVIF"), (HEIF_BRANDS, "HEIF")):
        if major in brands or (major in GENERAL_BRANDS and brands & compatible):
            return kind
    return None


def prepared(data: bytes) -> bytes:
    """A HEIC or AVIF file as it may be opened: known by its major brand, and without metadata.

    Other files are returned as they are. Turned and mirrored pictures say so in properties, which stay. Of a HEIC
    file, raises `BrokenBoxes` where bytes of its picture are missing, and Pillow's `DecompressionBombError` where
    it has a picture, a tile or a thumbnail of more than `MAX_PIXELS`.
    """
    kind = kind_of(data[: 16 + 4 * _MAX_BRANDS])
    if kind is None:
        return data
    file = bytearray(data)
    file[8:12] = _OPENED_AS[kind]
    try:
        meta = _read_meta(data)
    except BrokenBoxes:
        if kind == "AVIF":
            return bytes(file)  # libavif checks all this itself
        raise
    if kind == "HEIF":
        if max(meta.sizes, default=0) > MAX_PIXELS:
            raise Image.DecompressionBombError(f"{max(meta.sizes)} pixels are over the limit")
        _check_places(meta, len(data))
    for place in meta.metadata:
        file[place : place + 4] = b"free"
    return bytes(file)


@dataclass(slots=True)
class _Meta:
    """What the box `meta` says: the primary item, where items lie, and what they are made of."""

    primary: int = 0
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    made_of: dict[int, list[int]] = field(default_factory=dict)
    metadata: list[int] = field(default_factory=list)
    """Where in the file the types of metadata items, and of their references to pictures, stand."""
    sizes: list[int] = field(default_factory=list)


def _read_meta(data: bytes) -> _Meta:
    meta = _Meta()
    for kind, start, end in _boxes(data, 0, len(data), may_be_cut=True):
        if kind == b"meta":
            for inner, inner_start, inner_end in _boxes(data, start + 4, end):
                if (read := _READERS.get(inner)) is None:
                    continue
                if inner_end - inner_start > MAX_BOX_BYTES:
                    raise BrokenBoxes(f"the box {inner!r} is too long")
                read(meta, data, inner_start, inner_end)
            return meta
    raise BrokenBoxes("it has no box 'meta'")


def _boxes(
    data: bytes, start: int, end: int, *, may_be_cut: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Each box's type, and where its content begins and ends."""
    place = start
    while place + 8 <= end:
        size, kind, header = _whole(data, place, 4), data[place + 4 : place + 8], 8
        if size == 1:
            size, header = _whole(data, place + 8, 8), 16
        stop = end if size == 0 else place + size
        if stop < place + header or (stop > end and not may_be_cut):
            raise BrokenBoxes(f"the box {kind!r} is longer than what holds it")
        yield kind, place + header, min(stop, end)
        place = stop


def _whole(data: bytes, place: int, size: int) -> int:
    part = data[place : place + size]
    if len(part) < size:
        raise BrokenBoxes("a box breaks off")
    return int.from_bytes(part, "big")


def _read_primary(meta: _Meta, data: bytes, start: int, _: int) -> None:
    meta.primary = _whole(data, start + 4, 2 if data[start] == 0 else 4)


def _read_places(meta: _Meta, data: bytes, start: int, _: int) -> None:
    """`iloc` (ISO/IEC 14496-12, 8.11.3)."""
    version, sizes = data[start], _whole(data, start + 4, 2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    id_size = 4 if version == 2 else 2
    count, place = _whole(data, start + 6, id_size), start + 6 + id_size
    for _item in range(count):
        item, place = _whole(data, place, id_size), place + id_size
        method = 0
        if version in (1, 2):
            method, place = _whole(data, place, 2) & 15, place + 2
        base, place = _whole(data, place + 2, base_size), place + 2 + base_size
        extents, place = _whole(data, place, 2), place + 2
        if extents > MAX_EXTENTS:
            raise BrokenBoxes("an item lies in too many pieces")
        for _extent in range(extents):
            place += index_size
            offset, place = _whole(data, place, offset_size), place + offset_size
            length, place = _whole(data, place, length_size), place + length_size
            if method == _FILE_OFFSET:
                meta.extents.setdefault(item, []).append((base + offset, length))


def _read_references(meta: _Meta, data: bytes, start: int, end: int) -> None:
    """`iref` (8.11.12): `dimg` from a picture to its tiles, `cdsc` from metadata to a picture."""
    id_size = 2 if data[start] == 0 else 4
    for kind, inner, _ in _boxes(data, start + 4, end):
        if kind == b"cdsc":
            meta.metadata.append(inner - 4)
        elif kind == b"dimg":
            source, count = _whole(data, inner, id_size), _whole(data, inner + id_size, 2)
            first = inner + id_size + 2
            tiles = (_whole(data, first + number * id_size, id_size) for number in range(count))
            meta.made_of.setdefault(source, []).extend(tiles)


def _read_items(meta: _Meta, data: bytes, start: int, end: int) -> None:
    """`iinf` and its `infe` (8.11.6): which items are metadata. libheif refuses the file where one is cut off."""
    count_size = 2 if data[start] == 0 else 4
    for kind, inner, _ in _boxes(data, start + 4 + count_size, end):
        if kind == b"infe" and data[inner] in (2, 3):
            place = inner + 4 + (2 if data[inner] == 2 else 4) + 2
            if data[place : place + 4] in _METADATA:
                meta.metadata.append(place)


def _read_properties(meta: _Meta, data: bytes, start: int, end: int) -> None:
    for kind, inner, inner_end in _boxes(data, start, end):
        if kind == b"ipco":
            for name, place, _ in _boxes(data, inner, inner_end):
                if name == b"ispe":
                    meta.sizes.append(_whole(data, place + 4, 4) * _whole(data, place + 8, 4))


_READERS = {
    b"pitm": _read_primary,
    b"iinf": _read_items,
    b"iloc": _read_places,
    b"iref": _read_references,
    b"iprp": _read_properties,
}


def _check_places(meta: _Meta, size: int) -> None:
    """Raise `BrokenBoxes` where the primary picture, or what it is made of, is not all in the file."""
    seen: set[int] = set()
    left = [meta.primary]
    while left:
        if (item := left.pop()) in seen:
            continue
        seen.add(item)
        left += meta.made_of.get(item, [])
        if any(offset + length > size for offset, length in meta.extents.get(item, [])):
            raise BrokenBoxes("the file is cut off in its picture")
