"""The JSON files of a folder and its subfolders, in an order that is the same in every run.

Only the names of one folder at a time are in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from tasks.scrape.files.local_files import resolve_inside

COMMENTS = "_comments.json"
_ENDINGS = (".json", ".json.xz")


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A JSON file: its stem, and the names of all files beside it. `problem` is why it can't be read."""

    file: Path
    stem: str
    siblings: frozenset[str]
    cursor: str
    problem: str | None = None


def json_files(root: Path) -> Iterator[FolderEntry]:
    """List the JSON files, without those of comments. Raises `OSError` for the root itself."""
    for folder in sorted(_folders(root), key=str):
        yield from _in(folder, root)


def stem_of(name: str) -> str | None:
    """The name of a JSON file without its ending; None for any other file."""
    return next((name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)), None)


def is_behind(entry: FolderEntry, after: str | None) -> bool:
    """Whether a file comes after a cursor; every file does where there is no cursor."""
    return after is None or _sort_key(entry.cursor) > _sort_key(after)


def _folders(root: Path) -> Iterator[Path]:
    pending = [root]
    while pending:
        folder = pending.pop()
        yield folder
        try:
            # Links to folders are not followed: a target inside the root is read there, and one outside is not.
            with os.scandir(folder) as entries:
                pending += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            if folder == root:
                raise


def _in(folder: Path, root: Path) -> Iterator[FolderEntry]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names only: a folder may hold a million files
    except OSError as error:
        yield _problem(folder, root, f"can't be listed ({error.strerror}); let your user read it")
        return
    siblings = frozenset(names)
    for name in names:
        stem = stem_of(name)
        if stem is None or _is_comments(name, siblings):
            continue
        file = folder / name
        real = resolve_inside(file, root)
        if real is None:
            yield _problem(
                file, root, "is a link to nothing, or to a file outside the folder; it was skipped"
            )
        elif real.is_file():
            yield FolderEntry(file, stem, siblings, _cursor(file, root))


def _is_comments(name: str, siblings: frozenset[str]) -> bool:
    stem = name.removesuffix(COMMENTS)
    return stem != name and any(f"{stem}{ending}" in siblings for ending in _ENDINGS)


def _problem(file: Path, root: Path, why: str) -> FolderEntry:
    return FolderEntry(file, "", frozenset(), _cursor(file, root), why)


def _cursor(file: Path, root: Path) -> str:
    return quote(os.fsencode(file.relative_to(root)))


def _sort_key(cursor: str) -> tuple[str, str]:
    """A cursor as a value that sorts in the order of the files."""
    folder, _, name = os.fsdecode(unquote_to_bytes(cursor)).rpartition("/")
    return folder, name
