"""The measures: functions from a picture to a number, with their sources.

They read the downsized picture: what a viewer sees in a feed. A pixel here is about four of a picture 1080 pixels
wide, so fine grain and slight focus errors do not count. This is intended: copies of one picture in several sizes
get the same labels, and a picture is soft only if it looks soft without magnification.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from classifiers.visual.pixels import Pixels

# Below this mean level (of 255) the colour of the light is the sensor's noise.
_MIN_LEVEL = 16.0
PLAIN_BELOW = 0.02
"""A tile is plain if the standard deviation of its luma is below this: five of 255 levels, about what the eye still
sees as a pattern and what noise leaves after downsizing."""
# The clearest edges are the steepest tenth of the pixels …
_EDGE_PERCENTILE = 90.0
# … with at least this slope, in luma per pixel; below is only noise and shading.
_MIN_EDGE_SLOPE = 0.01


def lightness(pixels: Pixels) -> float:
    """How light the picture is: the mean of CIE L* (CIE 15:2004) over its pixels, 0 to 100.

    L* = 116 f(Y) - 16 with f(Y) = Y^(1/3) above (6/29)^3 and Y / (3 (6/29)^2) + 4/29 below. Y is the linear
    luminance relative to white. Middle grey has L* 50 and reflects 18 % of the light.
    """
    luminance = pixels.luminance
    dark = luminance * (841.0 / 108.0) + 4.0 / 29.0
    root = np.where(luminance > (6.0 / 29.0) ** 3, np.cbrt(luminance), dark)
    return 116.0 * float(root.mean(dtype=np.float64)) - 16.0


def contrast(pixels: Pixels) -> float:
    """RMS contrast: the standard deviation of luma (BT.709, 0 to 1) over all pixels, 0 to 0.5.

    Peli, E. (1990), "Contrast in complex images", JOSA A 7(10): luminance scaled to 0..1 and not divided by its
    mean, so that dark pictures do not count as rich in contrast.
    """
    return float(pixels.luma.std(dtype=np.float64))


def warmth(pixels: Pixels) -> float:
    """The balance of red and blue light: (R - B) / (R + G + B) of the mean levels, -1 (blue) to 1 (red).

    The grey-world estimate of a picture's white balance (Buchsbaum, G. (1980), "A spatial processor model for object
    colour perception", J. Franklin Inst. 310): an average that is not grey shows the colour of the light, or of what
    fills the picture. Green counts in the denominator only, so that grass is not warm. A correlated colour
    temperature (McCamy 1992) is undefined for strong colours, which lie far from the black-body curve.
    """
    red, green, blue = pixels.rgb.mean(axis=(0, 1), dtype=np.float64)
    return float((red - blue) / max(red + green + blue, 3.0 * _MIN_LEVEL))


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


def elongation(pixels: Pixels) -> float:
    """Width over height of the upright picture.

    Measured on the downsized picture: with 256 pixels it is exact to 0.4 % for pictures up to twice as long as
    wide.
    """
    height, width = pixels.rgb.shape[:2]
    return float(width / height)


def background_space(pixels: Pixels) -> float:
    """The fraction of the picture that is background: plain tiles connected to the edge, 0 to 1.

    A tile is plain if its luma hardly varies (`PLAIN_BELOW`): clear sky, a wall, a table, paper, an area far out of
    focus. Plain tiles count if adjacent plain tiles connect them to the picture's edge, so that the plain inside
    of an object does not count.
    """
    return float(_connected_to_edge(pixels.tile_deviations < PLAIN_BELOW).mean())


def _connected_to_edge(plain: NDArray[np.bool_]) -> NDArray[np.bool_]:
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
