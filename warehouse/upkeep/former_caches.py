"""Folders of caches that an earlier likelens made in a home folder and nothing reads any more."""

from __future__ import annotations

import shutil
from pathlib import Path

FORMER_CACHES = ("forecast/copies",)
"""Below the home folder: LiteRT copies of Keras models, which are in `litert` now."""


def remove_former_caches(folder: Path) -> tuple[int, int]:
    """Delete the former caches of a home folder; returns the number of their files and their bytes.

    A folder that is a symbolic link, or that can't be deleted, stays.
    """
    number = size = 0
    for name in FORMER_CACHES:
        cache = folder / name
        if cache.is_symlink() or not cache.is_dir():
            continue
        sizes = [file.lstat().st_size for file in cache.rglob("*") if not file.is_dir()]
        shutil.rmtree(cache, ignore_errors=True)
        if not cache.exists():
            number, size = number + len(sizes), size + sum(sizes)
    return number, size
