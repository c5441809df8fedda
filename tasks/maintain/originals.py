"""Smaller copies of old pictures: `[store] originals_days`.

    a copy is written beside the original, and reaches the disk
    the picture's row gets the copy's path and hash
    the original is deleted

So a kill loses nothing: before the row changes the original is used, and after it the copy; a file that no row names is
removed by `warehouse.upkeep.picture_files.remove_leftovers`. The picture is still known by the hash of its original.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PIL import Image

from classifiers.cores import cores
from classifiers.errors import UnreadablePicture
from classifiers.pictures import PictureFile, PictureSource
from warehouse.disk_space import require_free_space
from warehouse.home import Home
from warehouse.records.pending import StoredPicture
from warehouse.schema.picture_tables import Picture
from warehouse.schema.utc import without_zone
from warehouse.upkeep.picture_files import has_its_bytes

logger = logging.getLogger(__name__)

LONGEST_SIDE = 768
QUALITY = 80
"""WebP's quality."""
STORE_PICTURES = 1_000
"""Pictures whose rows are stored at once."""

_OLD = f"""
    from pictures where reduced_at is null and fetched_at < $1 and greatest(width, height) > {LONGEST_SIDE}"""


@dataclass(frozen=True, slots=True)
class Reduction:
    """The number of replaced originals, and the bytes that this saved."""

    copies: int = 0
    saved: int = 0


def reduce_originals(home: Home, fetched_before: datetime, progress: Callable[[int, int], None]) -> Reduction:
    """Replace the pictures that were fetched before then by smaller copies. Raises `DiskFull`."""
    values = [without_zone(fetched_before)]
    total, done, result = home.lake.count(f"select count(*) {_OLD}", values), 0, Reduction()
    if not total:
        return result
    query = f"select * {_OLD}"
    with home.lake.reader(query) as reader, ThreadPoolExecutor(cores()) as threads:
        rows = reader.execute(query, values)
        while pictures := Picture.fetch(rows, STORE_PICTURES):
            require_free_space(home.folder)
            reduced = [row for row in threads.map(partial(_reduce, home), pictures) if row is not None]
            home.lake.upsert(reduced)
            originals = {picture.sha256: picture.path for picture in pictures}
            replaced = [row for row in reduced if row.copy_sha256 is not None]
            home.picture_files.delete(originals[row.sha256] for row in replaced)
            saved = sum(row.bytes - (row.copy_bytes or 0) for row in replaced)
            result = Reduction(result.copies + len(replaced), result.saved + saved)
            done += len(pictures)
            progress(done, total)
            logger.info("%d of %d pictures reduced", done, total)
    return result


def _reduce(home: Home, picture: Picture) -> Picture | None:
    """The picture's new row with its copy written; None if its file is missing or damaged, and stays as it is."""
    if not has_its_bytes(home, StoredPicture(picture.sha256, picture.path)):
        return None
    now = datetime.now(UTC)
    try:
        copy = encode_copy(home.picture_files.source(picture.path))
    except UnreadablePicture:
        return replace(picture, reduced_at=now)
    if len(copy) >= picture.bytes:
        return replace(picture, reduced_at=now)
    path = str(Path(picture.path).with_name(f"{picture.sha256}.small.webp"))
    home.picture_files.put(path, copy, durable=True)
    digest = hashlib.sha256(copy).hexdigest()
    return replace(picture, path=path, copy_sha256=digest, copy_bytes=len(copy), reduced_at=now)


def encode_copy(source: PictureSource) -> bytes:
    """The picture as a WebP with `LONGEST_SIDE`, upright, without any other byte of the original."""
    original = PictureFile(source).rgb(LONGEST_SIDE)
    scale = LONGEST_SIDE / max(original.size)
    size = max(1, round(original.width * scale)), max(1, round(original.height * scale))
    copy = original.resize(size, Image.Resampling.LANCZOS)
    # Pillow copies the original's comment and colour profile into the new file.
    copy.info = {}
    buffer = io.BytesIO()
    copy.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()
