"""What a classifier is: something that prepares pictures one by one and labels them in batches.

The two halves are apart so that decoding (threads, no shared state) and the model (one caller, full
batches) can run at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from classifiers.pictures import PictureFile

Prepared = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Box:
    """A region's edges, as fractions (0 to 1) of the picture's width (x) and height (y)."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Label:
    """One thing that a picture shows.

    `score` is 0 to 1. `rank` is 1 for the best label of its region. `region` 0 is the whole picture
    and has no box.
    """

    label: str
    score: float
    rank: int
    label_id: str | None = None
    region: int = 0
    box: Box | None = None


class Classifier(Protocol):
    """A loaded classifier. Its labels depend on a picture's bytes and on `version` alone."""

    name: str
    version: str
    batch_size: int

    def prepare(self, picture: PictureFile) -> Prepared:
        """Make of one stored picture what `label` takes. Called from several threads at once.

        Other classifiers look at the same `picture`, which decodes once for all. Raises `UnreadablePicture` when
        the file can't be decoded.
        """
        ...

    def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
        """Label up to `batch_size` prepared pictures; the answer has their order.

        Called by one thread at a time, unless the classifier is `Concurrent`.
        """
        ...


@runtime_checkable
class Grouped(Protocol):
    """A classifier that knows plain words for its labels: 'cat' for 'tabby' and 'tiger cat'."""

    groups: Mapping[str, str]
    """The word for each label that has one."""


@runtime_checkable
class Concurrent(Protocol):
    """A classifier whose `label` may be called by several threads at once, each with a batch of its own."""

    callers: int
    """How many are worth it."""


class Loader(Protocol):
    """How a kind of classifier is made from its settings: the one function its file gives the registry."""

    def __call__(self, name: str, options: Any) -> Classifier:
        """Load the classifier called `name`. Raises `ClassifierUnavailable` when it can't run here."""
        ...
