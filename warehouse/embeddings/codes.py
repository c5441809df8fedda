"""Short codes of embeddings: the signs of random projections.

The method is that of Charikar 2002, 'Similarity estimation techniques from rounding algorithms', section 3. Two vectors at the angle a differ in each bit with the probability a / pi. Before the projection a vector loses its own
mean, because features after a ReLU are not negative, and so no two of them are far apart. A code depends on nothing but
its vector: a new picture changes no other row.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from warehouse.embeddings.vectors import Vectors

BITS = 1024
COLUMNS = tuple(f"bits_{number}" for number in range(BITS // 64))
"""The columns of a code in the table `embedding_codes`, of 64 bits each."""
_SEED = 1024


def encode(vectors: Vectors) -> NDArray[np.int64]:
    """The codes of embeddings, shape (pictures, 16)."""
    values = vectors.astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    signs = values @ _projection(values.shape[1]) > 0
    return np.packbits(signs, axis=1, bitorder="little").view("<i8").astype(np.int64)


@lru_cache(maxsize=4)
def _projection(dimensions: int) -> NDArray[np.float32]:
    return np.random.default_rng(_SEED).standard_normal((dimensions, BITS), dtype=np.float32)
