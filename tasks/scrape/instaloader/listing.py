"""The JSON files of a folder and the folders in it, in an order that stays the same from run to run.

Of each folder only the names are held in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from tasks.scrape.files.pictures import inside

COMMENTS = "_comments.json"
_ENDINGS = (".json", ".json.xz")


@dataclass(frozen=True, slots=True)
class Listed:
    """A JSON file: its stem, and the names of all files beside it. `problem`: it can't be read, and why."""

    file: Path
    stem: str
    beside: frozenset[str]
    cursor: str
    problem: str | None = None


def json_files(root: Path) -> Iterator[Listed]:
    """The JSON files but those with comments. Raises `OSError` for the root itself."""
    for folder in sorted(_folders(root), key=str):
        yield from _in(folder, root)


def is_behind(listed: Listed, after: str | None) -> bool:
    """Whether a file comes behind a cursor; all do where there is none."""
    return after is None or _place(listed.cursor) > _place(after)


def _folders(root: Path) -> Iterator[Path]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        yield folder
        try:
            # A link to a folder is not followed: what it leads to inside is read there, and nothing outside is.
            with os.scandir(folder) as entries:
                waiting += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            if folder == root:
                raise


def _in(folder: Path, root: Path) -> Iterator[Listed]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names only: a folder may hold a million files
    except OSError as error:
        yield _problem(
            folder, root, f"can't be listed ({error.strerror}); give its owner's user the right to"
        )
        return
    beside = frozenset(names)
    for name in names:
        stem = _stem(name)
        if stem is None or _is_comments(name, beside):
            continue
        file = folder / name
        real = inside(file, root)
        if real is None:
            yield _problem(file, root, "is a link that leads out of the folder, or nowhere; it was left out")
        elif real.is_file():
            yield Listed(file, stem, beside, _cursor(file, root))


def _stem(name: str) -> str | None:
    return next((name.removesuffix(ending) for ending in _ENDINGS[::-1] if name.endswith(ending)), None)


def _is_comments(name: str, beside: frozenset[str]) -> bool:
    stem = name.removesuffix(COMMENTS)
    return stem != name and any(f"{stem}{ending}" in beside for ending in _ENDINGS)


def _problem(file: Path, root: Path, why: str) -> Listed:
    return Listed(file, "", frozenset(), _cursor(file, root), why)


def _cursor(file: Path, root: Path) -> str:
    return quote(os.fsencode(file.relative_to(root)))


def _place(cursor: str) -> tuple[str, str]:
    """A cursor as a value that sorts as the files are walked."""
    folder, _, name = os.fsdecode(unquote_to_bytes(cursor)).rpartition("/")
    return folder, name
