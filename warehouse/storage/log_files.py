"""The files of a Delta table's log: their names, and the data files that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

LOG = "_delta_log"
LAST_CHECKPOINT = "_last_checkpoint"
_VERSIONED = re.compile(r"(\d{20})\.(json|checkpoint(\.\d{10}\.\d{10})?\.parquet)")


def version_of(name: str) -> int | None:
    """The version that a file of the log belongs to; None for another file."""
    found = _VERSIONED.fullmatch(name)
    return int(found[1]) if found else None


def commit_name(version: int) -> str:
    """The name of the log's file that commits a version."""
    return f"{version:020d}.json"


def is_commit(name: str) -> bool:
    """Whether the file commits a version; the others are checkpoints."""
    return version_of(name) is not None and name.endswith(".json")


def checkpoint_version(last_checkpoint: bytes) -> int:
    """The version of the last checkpoint, from the bytes of the file that names it."""
    return int(json.loads(last_checkpoint)["version"])


def list_log(table: Path) -> dict[str, int]:
    """The files of a table's log with their versions."""
    log = table / LOG
    if not log.is_dir():
        return {}
    versions = {file.name: version_of(file.name) for file in log.iterdir()}
    return {name: version for name, version in versions.items() if version is not None}


def added_files(commit: bytes) -> list[str]:
    """The names of the data files that a commit adds."""
    actions = (json.loads(line) for line in commit.splitlines() if line.strip())
    return [action["add"]["path"] for action in actions if "add" in action]


@dataclass(slots=True)
class NamedFiles:
    """The data files of a table's newest version, and when others were removed, in ms since 1970."""

    current: set[str] = field(default_factory=set)
    removed: dict[str, int] = field(default_factory=dict)

    def apply(self, action: dict[str, Any]) -> None:
        """Follow an action of the log."""
        if add := action.get("add"):
            self.current.add(add["path"])
            self.removed.pop(add["path"], None)
        if remove := action.get("remove"):
            self.current.discard(remove["path"])
            self.removed[remove["path"]] = int(remove.get("deletionTimestamp") or 0)


def read_named_files(table: Path) -> NamedFiles:
    """What the table's log names, from its newest checkpoint on."""
    named, versions = NamedFiles(), list_log(table)
    checkpoints = [version for name, version in versions.items() if not is_commit(name)]
    start = max(checkpoints, default=-1)
    for name in sorted(versions):
        if not is_commit(name) and versions[name] == start:
            for action in pq.read_table(table / LOG / name, columns=["add", "remove"]).to_pylist():
                named.apply(action)
    for name in sorted(versions):
        if is_commit(name) and versions[name] > start:
            for action in _actions(table / LOG / name):
                named.apply(action)
    return named


def _actions(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_bytes().splitlines():
        if line.strip():
            yield json.loads(line)
