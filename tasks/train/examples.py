"""The pictures to learn from, each with its class: of folders, of a table, or stored in the home folder."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tasks.errors import BadInput
from tasks.train.table import read_table
from warehouse.home import Home
from warehouse.overview.labelled_pictures import pictures_with_label, pictures_without_labels
from warehouse.pictures.files import PictureSource

MAX_PICTURES = 20_000
"""Pictures in all classes together: comparing them with each other takes a minute then."""
MAX_OTHERS = 2_000
"""Stored pictures without the label that become the no-pictures when none are named."""
MAX_NAMED = 3
"""Pictures that a message names."""
THREADS = 8
"""Files that are read at once: in an object store each one takes a request."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture file, its class, the SHA-256 of its bytes, and where to read these."""

    file: Path
    name: str
    sha256: str
    source: PictureSource


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pictures to learn from: a table, or folders and labels for yes and no."""

    table: Path | None = None
    yes: tuple[Path, ...] = ()
    no: tuple[Path, ...] = ()
    yes_labels: tuple[str, ...] = ()
    no_labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Examples:
    """The pictures, the classes, the one that becomes a label (None: all do), and what was left out."""

    pictures: list[Example]
    classes: tuple[str, ...]
    yes: str | None
    copies: int = 0
    unreadable: list[Path] = field(default_factory=list)


def collect_examples(home: Home, name: str, choice: Choice) -> Examples:
    """The chosen pictures, each file's bytes once, for the category `name`. Raises `BadInput`."""
    yes, no = name, no_class(name)
    if choice.table is not None:
        pairs = list(read_table(choice.table))
        found = dict.fromkeys(one for _, one in pairs)
        rename = {"yes": yes, "no": no} if set(found) <= {"yes", "no"} else {}
        pairs = [(file, rename.get(one, one)) for file, one in pairs]
        found = dict.fromkeys(one for _, one in pairs)
        is_yes_no = set(found) == {yes, no}
        classes = (no, yes) if is_yes_no else tuple(sorted(found))
        return _without_copies(home, pairs, classes, yes if is_yes_no else None)
    pairs = [(file, yes) for file in _files(choice.yes)]
    pairs += [(file, no) for file in _files(choice.no)]
    pairs += [(file, yes) for file in _labelled(home, choice.yes_labels)]
    pairs += [(file, no) for file in _labelled(home, choice.no_labels)]
    if choice.yes_labels and not (choice.no or choice.no_labels):
        stored = pictures_without_labels(home, choice.yes_labels, MAX_OTHERS)
        pairs += [(home.folder / path, no) for path in stored]
    return _without_copies(home, pairs, (no, yes), yes)


def no_class(name: str) -> str:
    """The name of the class of the pictures that do not show the category."""
    return f"no {name}"


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"There is no folder {folder}. Set --yes and --no to folders with pictures.")
        found = [
            file
            for file in sorted(folder.rglob("*"))
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        ]
        if not found:
            raise BadInput(f"The folder {folder} is empty. Put pictures into it.")
        yield from found


def _labelled(home: Home, labels: Sequence[str]) -> Iterator[Path]:
    for label in labels:
        stored = pictures_with_label(home, label, MAX_PICTURES)
        if not stored:
            raise BadInput(
                f'No stored picture has the label {label!r}. `likelens sql "select distinct label from current_labels"`'
                " lists the labels."
            )
        yield from (home.folder / path for path in stored)


def _without_copies(
    home: Home, pairs: Sequence[tuple[Path, str]], classes: tuple[str, ...], yes: str | None
) -> Examples:
    """Each file's bytes once. Raises `BadInput` if the same bytes are in two classes."""
    if len(pairs) > MAX_PICTURES:
        raise BadInput(f"There are {len(pairs):,} pictures; the most are {MAX_PICTURES:,}. Leave some out.")
    first: dict[str, Example] = {}
    examples = Examples([], classes, yes)
    twice = []
    sources = [home.picture_files.source_of(file) for file, _ in pairs]
    with ThreadPoolExecutor(THREADS) as threads:
        digests = list(threads.map(_hash, sources))
    for (file, name), source, digest in zip(pairs, sources, digests, strict=True):
        if digest is None:
            examples.unreadable.append(file)
        elif digest not in first:
            first[digest] = Example(file, name, digest, source)
            examples.pictures.append(first[digest])
        elif first[digest].name == name:
            examples.copies += 1
        else:
            twice.append(f"  {first[digest].file} ({first[digest].name}) and {file} ({name})")
    if twice:
        more = f"\n  and {len(twice) - MAX_NAMED} more" if len(twice) > MAX_NAMED else ""
        lines = "\n".join(twice[:MAX_NAMED])
        raise BadInput(f"The same picture is in two classes. Remove it from one:\n{lines}{more}")
    return examples


def _hash(source: PictureSource) -> str | None:
    try:
        if not isinstance(source, Path):
            return hashlib.sha256(source.read_bytes()).hexdigest()
        if not source.is_file():  # a pipe or a device may have no end
            return None
        with source.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def count_by_class(examples: Sequence[Example], classes: Sequence[str]) -> dict[str, int]:
    """The number of pictures of each class."""
    counts = Counter(one.name for one in examples)
    return {name: counts[name] for name in classes}
