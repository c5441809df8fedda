"""Measures of colour."""

from __future__ import annotations

import numpy as np

from classifiers.visual.pixels import Pixels


def saturation(pixels: Pixels) -> float:
    """How strong the colours are: the mean HSV saturation, each pixel weighted by its value, 0 to 1.

    S = (max - min) / max and V = max of red, green and blue (Smith, A. R. (1978), "Color gamut transform pairs",
    SIGGRAPH). Weighted by V, it is the sum of (max - min) over the sum of max. Without weights, the noise of nearly
    black pixels would count as strong colour.
    """
    red, green, blue = np.moveaxis(pixels.rgb, -1, 0)
    most = int(np.maximum(np.maximum(red, green), blue).sum(dtype=np.int64))
    least = int(np.minimum(np.minimum(red, green), blue).sum(dtype=np.int64))
    return (most - least) / max(most, 1)


def share_of(pixels: Pixels, name: str) -> float:
    """The fraction of the picture's area with a colour that people call `name`, 0 to 1 (`naming.py`)."""
    return pixels.colour_shares[name]


def main_share(pixels: Pixels) -> float:
    """The fraction of the picture's area with its most frequent colour name, 0 to 1 (`naming.py`)."""
    return max(pixels.colour_shares.values())
