"""A downsized picture, and values that several measures share, computed once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifiers.visual import naming, srgb

Plane = NDArray[np.float32]

TILE = 8
"""Side in pixels of the squares for texture: 1/32 of the longer side of a picture."""


class Pixels:
    """One picture of at least one pixel: `rgb` is uint8 of shape (height, width, 3), sRGB."""

    def __init__(self, rgb: NDArray[np.uint8]) -> None:
        """Hold `rgb` without a copy; values are computed on first use."""
        self.rgb = rgb

    @cached_property
    def luma(self) -> Plane:
        """Y' of BT.709 on the gamma-encoded levels, 0 to 1: shape (height, width)."""
        plane: Plane = self.rgb.astype(np.float32) @ (srgb.LUMINANCE_WEIGHTS / np.float32(255.0))
        return plane

    @cached_property
    def luminance(self) -> Plane:
        """Y, the linear light relative to white, 0 to 1: shape (height, width)."""
        plane: Plane = srgb.LINEAR[self.rgb] @ srgb.LUMINANCE_WEIGHTS
        return plane

    @cached_property
    def tile_deviations(self) -> Plane:
        """Standard deviation of luma in each square of `TILE` pixels: shape (rows, columns) of tiles.

        If the picture ends inside a tile, it is mirrored there.
        """
        height, width = self.luma.shape
        padded = np.pad(self.luma, ((0, -height % TILE), (0, -width % TILE)), mode="symmetric")
        tiles = padded.reshape(padded.shape[0] // TILE, TILE, padded.shape[1] // TILE, TILE)
        plane: Plane = tiles.std(axis=(1, 3))
        return plane

    @cached_property
    def colour_shares(self) -> dict[str, float]:
        """The fraction of the picture's area (0 to 1) with each name in `naming.NAMES`."""
        indices = naming.name_indices(self.rgb).ravel()
        counts = np.bincount(indices, minlength=len(naming.NAMES)) / indices.size
        return dict(zip(naming.NAMES, counts.tolist(), strict=True))
