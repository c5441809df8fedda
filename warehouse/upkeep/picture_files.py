"""The files of the stored pictures: which are missing or damaged, and which belong to no row.

The caller holds the lock of the home folder, so no run stores a picture meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from pathlib import PurePosixPath

from warehouse.home import Home
from warehouse.records.pending import StoredPicture

SAMPLE = 1_000
"""Pictures whose bytes are compared with their hash, unless all are."""
READ_PICTURES = 2_000
THREADS = 4
REMOTE_THREADS = 32
_OUR_NAME = re.compile(r"([0-9a-f]{64})(?:\.small)?\.\w+")
HASH_LENGTH = 64
UNFINISHED = timedelta(days=1)
"""A run stores the row of a picture long before."""
MAX_NAMED = 1000
"""Paths of missing pictures that findings name: all are missing where the folder of pictures is."""
_HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class PictureFindings:
    """Pictures whose file is missing, or has other bytes than were stored; of `checked` pictures.

    `number_missing` is the number of all that are missing, and `missing` names at most `MAX_NAMED` of them.
    """

    checked: int
    number_missing: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


def check_pictures(home: Home, *, check_all: bool, progress: Callable[[int, int], None]) -> PictureFindings:
    """Look for every picture's file, and compare the bytes of a sample, or of all, with their hash."""
    number_missing, missing = 0, list[str]()
    for part in _parts(home):
        for path in _missing(home, part):
            number_missing += 1
            if number_missing <= MAX_NAMED:
                missing.append(path)
    total = home.lake.count("select count(*) from pictures")
    query = "select sha256, path, copy_sha256 from pictures"
    if not check_all:
        total = min(total, SAMPLE)
        query = f"{query} using sample reservoir({SAMPLE} rows)"
    damaged: list[str] = []
    checked = 0
    with ThreadPoolExecutor(REMOTE_THREADS if home.picture_files.is_remote else THREADS) as threads:
        for rows in home.lake.stream(query, [], READ_PICTURES):
            pictures = [StoredPicture(*row) for row in rows]
            for picture, is_good in zip(
                pictures, threads.map(lambda one: has_its_bytes(home, one), pictures), strict=True
            ):
                checked += 1
                if not is_good and home.picture_files.exists(picture.path):
                    damaged.append(picture.path)
            progress(checked, total)
    return PictureFindings(checked, number_missing, tuple(sorted(missing)), tuple(sorted(damaged)))


def has_its_bytes(home: Home, picture: StoredPicture) -> bool:
    """Whether the picture's file has the bytes that were stored."""
    return home.picture_files.has_hash(picture.path, picture.copy_sha256 or picture.sha256)


def remove_leftovers(home: Home, *, shared: bool = True) -> tuple[int, int]:
    """Delete picture files that no row names; returns their number and bytes.

    A run on another machine may store pictures now, whose rows follow some seconds later: so a file in an object store
    must be a day old, unless the caller knows that the store is not `shared` with a run.

    They are of killed runs: incomplete files, files that no row was stored for, and files whose smaller copy was
    stored. A file stays if its row names another file that is missing. Thumbnails of pictures without a row are deleted
    too, and not counted.
    """
    files, number, size = home.picture_files, 0, 0
    youngest = datetime.now(UTC) - UNFINISHED if files.is_remote and shared else None
    for prefix, known in _parts(home):
        paths = {picture.path for picture in known.values()}
        for path in files.paths(prefix):
            found = _OUR_NAME.fullmatch(PurePosixPath(path).name)
            if found is None or path in paths:
                continue
            picture = known.get(found[1])
            if picture is None or files.exists(picture.path):
                leftover = files.describe(path)
                if leftover is None or (youngest is not None and leftover.modified > youngest):
                    continue
                number, size = number + 1, size + leftover.bytes
                files.delete([path])
        _remove_thumbnails(home, prefix, known)
    files.clear_incoming()
    return number, size


def remove_old_thumbnails(home: Home) -> None:
    """Delete thumbnails of pictures that have no row any more: another machine has forgotten them."""
    for prefix, known in _parts(home):
        _remove_thumbnails(home, prefix, known)


_Part = tuple[str, dict[str, StoredPicture]]


def _parts(home: Home) -> Iterator[_Part]:
    """The stored pictures by hash, for each folder of pictures, named by the first two letters of the hashes.

    A query for each folder would read all hashes 256 times, and one for all would hold them in memory.
    """
    query = "select sha256, path, copy_sha256 from pictures where starts_with(sha256, ?) order by sha256"
    for letter in _HEX:
        rows = chain.from_iterable(home.lake.stream(query, [letter], READ_PICTURES))
        folders = groupby(rows, key=lambda row: row[0][:2])
        found = next(folders, None)
        for prefix in (f"{letter}{second}" for second in _HEX):
            if found is None or found[0] != prefix:
                yield prefix, {}
                continue
            yield prefix, {row[0]: StoredPicture(*row) for row in found[1]}
            found = next(folders, None)


def _remove_thumbnails(home: Home, prefix: str, known: dict[str, StoredPicture]) -> None:
    for file in home.thumbnails.glob(f"{prefix}/*"):
        # The name of an incomplete file begins with a dot.
        if file.name.lstrip(".")[:HASH_LENGTH] not in known:
            file.unlink(missing_ok=True)


def _missing(home: Home, part: _Part) -> Iterator[str]:
    prefix, known = part
    present = set(home.picture_files.paths(prefix))
    for picture in known.values():
        if picture.path not in present and not home.picture_files.exists(picture.path):
            yield picture.path
