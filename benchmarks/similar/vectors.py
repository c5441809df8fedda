"""Generated embeddings: clusters in 64 dimensions, spread over 1,280 with noise, and no number below 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 1280
HIDDEN_DIMENSIONS = 64
CLUSTERS = 2000
BLOCK = 16_384
SEED = 1


def clustered_vectors(count: int) -> Iterator[NDArray[np.float16]]:
    """Embeddings in blocks of `BLOCK`, the same for each call."""
    chance = np.random.default_rng(SEED)
    mix = chance.standard_normal((HIDDEN_DIMENSIONS, DIMENSIONS), np.float32) / HIDDEN_DIMENSIONS**0.5
    centres = chance.standard_normal((CLUSTERS, HIDDEN_DIMENSIONS), np.float32)
    for start in range(0, count, BLOCK):
        rows = min(BLOCK, count - start)
        hidden = centres[chance.integers(0, CLUSTERS, rows)]
        hidden = hidden + 0.6 * chance.standard_normal(hidden.shape, np.float32)
        values = hidden @ mix + 0.3 * chance.standard_normal((rows, DIMENSIONS), np.float32)
        yield np.maximum(values, 0).astype(np.float16)
