"""Drawings of the last report, so that a chart that has not changed is not drawn again.

A file's name is a hash of all that its drawing depends on: the specification and the version of vl-convert. Names of
runs and days in a chart are no part of a drawing, because a chart is drawn without its texts (`short_texts.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from importlib.metadata import version
from pathlib import Path

from warehouse.file_writing import replace_file

_folder: ContextVar[tuple[Path, set[str]] | None] = ContextVar("drawn_charts", default=None)


@contextmanager
def reuse_drawings(folder: Path) -> Iterator[None]:
    """Store drawings in `folder`, and take those that are there. At the end it has those of this report alone."""
    used: set[str] = set()
    token = _folder.set((folder, used))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        _folder.reset(token)
    for file in folder.iterdir():
        if file.name not in used:
            file.unlink(missing_ok=True)


def begin_once(source: str, kind: str, begin: Callable[[], Callable[[], bytes]]) -> Callable[[], bytes]:
    """A function for the drawing of `source`: from a stored file of this `kind`, else the result of `begin`, stored."""
    found = _folder.get()
    if found is None:
        return begin()
    folder, used = found
    key = f"{version('vl-convert-python')}\n{kind}\n{source}"
    name = f"{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()}.{kind}"
    used.add(name)
    try:
        stored = (folder / name).read_bytes()
    except FileNotFoundError:
        return partial(_finish, folder / name, begin())
    return lambda: stored


def draw_once(source: str, kind: str, draw: Callable[[], bytes]) -> bytes:
    """The bytes that `draw` makes from `source`, from a stored file of this `kind` if there is one."""
    return begin_once(source, kind, lambda: draw)()


def _finish(file: Path, wait: Callable[[], bytes]) -> bytes:
    drawn = wait()
    replace_file(file, drawn)
    return drawn
