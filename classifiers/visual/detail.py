"""Measures of detail. They read the downsized picture: what a viewer sees in a feed.

A pixel here is about four of a picture 1080 pixels wide, so fine grain and slight focus errors do not count. This
is intended: copies of one picture in several sizes get the same labels, and a picture is soft only if it looks
soft without magnification.
"""

from __future__ import annotations

import math

import numpy as np

from classifiers.visual.pixels import Pixels

# The clearest edges are the steepest tenth of the pixels …
_EDGE_PERCENTILE = 90.0
# … with at least this slope, in luma per pixel; below is only noise and shading.
_MIN_EDGE_SLOPE = 0.01


def texture(pixels: Pixels) -> float:
    """How rough the picture looks: the median over its tiles of the standard deviation of luma, 0 to 0.5.

    First-order texture statistics (Haralick, R. M. (1979), "Statistical and structural approaches to texture",
    Proc. IEEE 67(5)). With the median, the outlines of one object do not make a smooth picture rough. A change of
    colour at the same luma does not count.
    """
    return float(np.median(pixels.tile_deviations))


def edge_sharpness(pixels: Pixels) -> float:
    """How crisp the clearest edges are, whatever their contrast: 0 to about 3, in 1/pixel.

    The square root of the energy of the Laplacian over the energy of the gradient, both of luma, on the steepest
    tenth of the pixels. Each is a focus measure (Pertuz, S. et al. (2013), "Analysis of focus measure operators for
    shape-from-focus", Pattern Recognition 46(5)) that also grows with contrast. In their quotient contrast cancels
    out, so that fog does not count as blur. It is about 1/(1.4 s) for an edge blurred by a Gaussian of s pixels.
    Only the steepest pixels are used, so that a subject in focus counts as sharp before any background. nan if
    there is no edge.
    """
    around = np.pad(pixels.luma, 1, mode="edge")
    left, right = around[1:-1, :-2], around[1:-1, 2:]
    above, below = around[:-2, 1:-1], around[2:, 1:-1]
    slope = ((right - left) ** 2 + (below - above) ** 2) / 4.0
    steep = slope >= max(float(np.percentile(slope, _EDGE_PERCENTILE)), _MIN_EDGE_SLOPE**2)
    if not steep.any():
        return math.nan
    bend = (left + right + above + below - 4.0 * pixels.luma)[steep]
    return math.sqrt(float((bend**2).sum(dtype=np.float64)) / float(slope[steep].sum(dtype=np.float64)))
