"""Measures of light."""

from __future__ import annotations

import numpy as np

from classifiers.visual.pixels import Pixels

# Below this mean level (of 255) the colour of the light is the sensor's noise.
_MIN_LEVEL = 16.0


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
