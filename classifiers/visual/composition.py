"""Measures of composition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.visual.pixels import Pixels

PLAIN_BELOW = 0.02
"""A tile looks plain when the standard deviation of its luma is below this: five of 255 levels, about
what the eye still makes out as a pattern and what noise leaves after downsizing."""


def elongation(pixels: Pixels) -> float:
    """Width over height of the upright picture.

    Taken from the downsized picture, whose sides are whole pixels: at 256 pixels it is true to 0.4 %
    for pictures up to twice as long as wide.
    """
    height, width = pixels.rgb.shape[:2]
    return float(width / height)


def background_space(pixels: Pixels) -> float:
    """Which part of the picture is background: plain tiles in one piece with the edge, 0 to 1.

    A tile is plain when its luma hardly varies (`PLAIN_BELOW`): clear sky, a wall, a table, paper, what
    is far out of focus. Plain tiles count when a way over plain tiles, side by side, leads to the
    picture's edge, so that the plain inside of an object does not count.
    """
    return float(_from_the_edge(pixels.tile_deviations < PLAIN_BELOW).mean())


def _from_the_edge(plain: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reached = plain.copy()
    reached[1:-1, 1:-1] = False
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= plain
        if np.array_equal(grown, reached):
            return reached
        reached = grown
