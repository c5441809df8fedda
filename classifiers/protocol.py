"""What a classifier is: it prepares pictures one by one and labels them in batches.

The two steps are separate, so that decoding (threads, no shared state) and the model (one caller, full batches)
run at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from classifiers.pictures import PictureFile

PreparedPicture = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Box:
    """A region's edges, as fractions (0 to 1) of the picture's width (x) and height (y)."""

    x0: float
    y0: float
    x1: float
    y1: float


class Label(NamedTuple):
    """One thing that a picture shows.

    `score` is 0 to 1. `rank` is 1 for the best label of its region. `region` 0 is the complete picture and has
    no box. A tuple, because a GPU makes 100,000 labels a second and a dataclass takes three times as long.
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

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """Turn one stored picture into the input of `label`. Several threads call it at once.

        Other classifiers share the `picture`, which decodes its file once for all. Raises `UnreadablePicture` if
        the file can't be decoded.
        """
        ...

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Label up to `batch_size` prepared pictures, in their order.

        One thread at a time calls it, unless the classifier is `ConcurrentClassifier`.
        """
        ...


@runtime_checkable
class GroupedClassifier(Protocol):
    """A classifier that knows plain words for its labels: 'cat' for 'tabby' and 'tiger cat'."""

    groups: Mapping[str, str]
    """The word for each label that has one."""


@runtime_checkable
class ConcurrentClassifier(Protocol):
    """A classifier whose `label` several threads may call at once, each with its own batch."""

    callers: int
    """How many threads make it faster."""


@runtime_checkable
class EmbeddingClassifier(Protocol):
    """A classifier that gives each picture's embedding in the same pass as its labels."""

    embedding_version: str | None
    """Version of the embeddings: the model and its preparation, without class names, words and limits.

    None: the settings do not ask for embeddings, and `label` is called as for other classifiers.
    """

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        """The labels of `label`, and the embeddings of the pictures, shape (pictures, dimensions)."""
        ...


@runtime_checkable
class VectorClassifier(Protocol):
    """A classifier that labels stored embeddings, so that new words or classes need no pass over the pictures."""

    vectors_of: tuple[str, str]
    """Classifier and version of the embeddings that it reads: those of its own model, or of its backbone."""

    def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
        """Label embeddings, shape (pictures, dimensions). A pass over the pictures gives the same labels."""
        ...


@runtime_checkable
class BackboneClassifier(VectorClassifier, Protocol):
    """A classifier that was fitted on the embeddings of another one, its backbone."""

    when_backbone_changed: str
    """A sentence with what to do if the backbone's embeddings have another version now."""


class Loader(Protocol):
    """The function `load` of a kind, which makes a classifier from its options."""

    def __call__(self, name: str, options: Any) -> Classifier:
        """Load the classifier called `name`. Raises `ClassifierUnavailable` if it can't run here."""
        ...
