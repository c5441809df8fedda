"""Scenes: groups of pictures that are nearly the same, such as copies in another size, crops, and series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.fitted import normalise

MIN_COSINE = 0.65
"""Embeddings with this cosine or more, of vectors from their mean, are near-duplicates: docs/measurements.md has figures."""
BLOCK = 1024
"""Rows that are compared at once: 80 MB for 20,000 pictures."""


def group_near_duplicates(vectors: NDArray[np.float32], min_cosine: float = MIN_COSINE) -> NDArray[np.int64]:
    """The group of each picture, numbered from 0, from embeddings of length 1, (pictures, dimensions).

    The mean is subtracted, because embeddings of some models all point the same way. Pictures are in one group if a
    chain of near-duplicates connects them (single linkage): a group may be too large, which makes a cross-validation
    stricter, and never looser.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    centred = normalise(vectors - vectors.mean(axis=0))
    rows, columns = [], []
    for start in range(0, len(centred), BLOCK):
        row, column = np.nonzero(centred[start : start + BLOCK] @ centred.T >= min_cosine)
        rows.append(row + start)
        columns.append(column)
    pairs = (np.concatenate(rows), np.concatenate(columns))
    size = (len(centred), len(centred))
    _, groups = connected_components(coo_array((np.ones(len(pairs[0]), bool), pairs), size), directed=False)
    return np.asarray(groups, np.int64)
