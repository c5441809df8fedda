"""What travels between the driver and a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from classifiers.protocol import Label
from warehouse.pictures.files import PictureFiles
from warehouse.records.pending import StoredPicture


@dataclass(frozen=True, slots=True)
class LaneModel:
    """The classifier of a lane, as a worker loads it. `copies` is a folder with LiteRT copies of Keras models."""

    kind: str
    name: str
    options: BaseModel
    copies: Path | None = None


@dataclass(frozen=True, slots=True)
class LabelItem:
    """Pictures to label: some batches of the model.

    Where workers see the `files` of the home, they read them; else `data` has the bytes of the pictures. `version` and
    `packages` are those of the driver, for workers that join later.
    """

    model: LaneModel
    version: str
    packages: Mapping[str, str]
    files: PictureFiles
    pictures: tuple[StoredPicture, ...]
    data: tuple[bytes, ...] | None = None


@dataclass(slots=True)
class LabelledItem:
    """The result of an item, in the order of its pictures.

    `labelled` are those with labels, whose embeddings, shape (pictures, dimensions), are there if the classifier stores
    some. `unreadable` are hashes with messages. `problem` is a sentence if the worker can't label any.
    """

    labelled: list[str] = field(default_factory=list)
    labels: list[list[Label]] = field(default_factory=list)
    embeddings: NDArray[np.float16] | None = None
    unreadable: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WorkerModel:
    """What a worker has loaded; or a sentence why it can't."""

    version: str = ""
    embedding_version: str | None = None
    batch_size: int = 1
    problem: str = ""


def halve(item: LabelItem) -> tuple[LabelItem, ...]:
    """The two halves of an item; none for a single picture."""
    middle = len(item.pictures) // 2
    if not middle:
        return ()
    return tuple(
        replace(item, pictures=item.pictures[part], data=None if item.data is None else item.data[part])
        for part in (slice(middle), slice(middle, None))
    )
