"""The backbone's embedding of each picture: the stored one, or a new one of its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import UnreadablePicture, embedding_errors
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, EmbeddingClassifier, PreparedPicture
from tasks.train.examples import Example
from warehouse.embeddings.vectors import read_embeddings
from warehouse.storage.lake import Lake

READ_VECTORS = 4096


class BackboneModel(Classifier, EmbeddingClassifier, Protocol):
    """A classifier that gives embeddings."""


def embed_examples(
    lake: Lake | None,
    backbone: BackboneModel,
    examples: Sequence[Example],
    progress: Callable[[int, int], None],
) -> tuple[dict[str, NDArray[np.float16]], list[Path]]:
    """The embedding of each picture by its hash, and the files that can't be decoded.

    `progress` gets the number of embedded pictures and of all.
    """
    vectors = {} if lake is None else _stored(lake, backbone, examples)
    unreadable: list[Path] = []
    batch: list[tuple[str, PreparedPicture]] = []

    def embed() -> None:
        with embedding_errors(backbone.name):
            found = backbone.label_and_embed([prepared for _, prepared in batch])[1]
        finite = np.nan_to_num(found.astype(np.float16, copy=False), nan=0.0)
        vectors.update(zip((sha256 for sha256, _ in batch), finite, strict=True))
        batch.clear()
        progress(len(vectors) + len(unreadable), len(examples))

    for one in examples:
        if one.sha256 in vectors:
            continue
        try:
            batch.append((one.sha256, backbone.prepare(PictureFile(one.source))))
        except (UnreadablePicture, OSError):
            unreadable.append(one.file)
        if len(batch) == backbone.batch_size:
            embed()
    if batch:
        embed()
    return vectors, unreadable


def _stored(
    lake: Lake, backbone: BackboneModel, examples: Sequence[Example]
) -> dict[str, NDArray[np.float16]]:
    hashes = [one.sha256 for one in examples]
    version = str(backbone.embedding_version)
    found: dict[str, NDArray[np.float16]] = {}
    batches = read_embeddings(
        lake, backbone.name, version, "sha256 in (select unnest($1))", [hashes], READ_VECTORS
    )
    for batch in batches:
        found.update(zip(batch.hashes, batch.vectors, strict=True))
    return found
