"""The files of copies in a folder: `NAME.tflite`, and `NAME.tflite.json`, which has the hash of the model.

The description is written last, so that a model without it is none. A copy that failed its check has a description
with the reason, and no model.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

MODEL_ENDING = ".tflite"
ENDING = ".tflite.json"
MAX_BYTES = 600_000_000
"""Of a model. LiteRT and its working memory take about twice as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDescription:
    """What a copy is of, and what its labels need beside the model.

    `classifier` is the name in the settings, `version` and `embedding_version` are those of the Keras classifier, and
    `sha256` is of the model's file. `max_difference` is the largest between the Keras model and its copy, as
    `conversion.compare` measures it, and `speedup` how many times the copy's processor time the model takes, as
    `conversion.measure_speedup` does; 0 where its lane does not compute in float32. `problem` says why there is no model.
    """

    version: str
    classifier: str = ""
    embedding_version: str | None = None
    sha256: str = ""
    names: tuple[str, ...] = ()
    ids: tuple[str | None, ...] = ()
    max_difference: float = 0.0
    speedup: float = 0.0
    problem: str = ""


_DESCRIPTIONS = TypeAdapter(CopyDescription)


def read_description(folder: Path, name: str) -> CopyDescription | None:
    """The description of a copy; None if there is none, or it can't be read."""
    try:
        return _DESCRIPTIONS.validate_json((folder / f"{name}{ENDING}").read_bytes())
    except (OSError, ValidationError):
        return None


def read_copy(folder: Path, name: str) -> tuple[CopyDescription, bytes] | None:
    """A copy's description and model; None if one of them is missing or damaged."""
    description = read_description(folder, name)
    if description is None or description.problem:
        return None
    try:
        content = (folder / f"{name}{MODEL_ENDING}").read_bytes()
    except OSError:
        return None
    return (description, content) if hashlib.sha256(content).hexdigest() == description.sha256 else None


def write_copy(folder: Path, name: str, description: CopyDescription, content: bytes | None) -> None:
    """Write a copy in place of the one before; without `content` its model is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"{name}{MODEL_ENDING}"
    if content is None:
        model.unlink(missing_ok=True)
    else:
        _replace(model, content)
    _replace(folder / f"{name}{ENDING}", _DESCRIPTIONS.dump_json(description, indent=2) + b"\n")


def remove_others(folder: Path, names: Collection[str], versions: Collection[str]) -> int:
    """Remove the copies with neither such a name nor of such a version; returns how many."""
    removed = 0
    for name in list(_names(folder)):
        description = read_description(folder, name)
        if name not in names and (description is None or description.version not in versions):
            _remove(folder, name)
            removed += 1
    return removed


def remove_older(folder: Path, classifier: str, version: str) -> None:
    """Remove the copies of this classifier's other versions."""
    for name in list(_names(folder)):
        description = read_description(folder, name)
        if description and description.classifier == classifier and description.version != version:
            _remove(folder, name)


def _remove(folder: Path, name: str) -> None:
    (folder / f"{name}{ENDING}").unlink(missing_ok=True)
    (folder / f"{name}{MODEL_ENDING}").unlink(missing_ok=True)


def _names(folder: Path) -> Iterator[str]:
    found = {
        file.name.removesuffix(".json").removesuffix(MODEL_ENDING)
        for ending in (MODEL_ENDING, ENDING)
        for file in folder.glob(f"*{ending}")
    }
    yield from sorted(name for name in found if not name.startswith("."))


def _replace(file: Path, content: bytes) -> None:
    # A name of its own, because two machines may write it into a folder that they share.
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}.temporary")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
