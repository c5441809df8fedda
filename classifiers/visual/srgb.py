"""The colour space sRGB, in which pictures are stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMINANCE_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of red, green and blue in luminance: ITU-R BT.709-6, item 3.2; sRGB has the same primaries."""


def decode(levels: NDArray[np.number]) -> NDArray[np.float64]:
    """Linear light (0 to 1) of sRGB `levels` (0 to 255), element by element: IEC 61966-2-1."""
    encoded = np.asarray(levels, dtype=np.float64) / 255.0
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


LINEAR = decode(np.arange(256)).astype(np.float32)
"""Linear light of each 8-bit level: float32 of shape (256,)."""


def oklch(rgb: NDArray[np.number]) -> NDArray[np.float64]:
    """Lightness (0 to 1), chroma (0 to about 0.32) and hue (0 to 360 degrees) of sRGB colours in Oklab.

    Takes levels from 0 to 255, shape (..., 3), and returns the same shape. Ottosson, B. (2020), "A perceptual color
    space for image processing"; also in CSS Color Module Level 4. One range of its hues covers what people call
    blue, unlike those of HSV and CIELAB.
    """
    roots = np.cbrt(decode(rgb) @ _TO_CONES.T)
    lightness, green_red, blue_yellow = np.moveaxis(roots @ _TO_LAB.T, -1, 0)
    chroma = np.hypot(green_red, blue_yellow)
    hue = np.degrees(np.arctan2(blue_yellow, green_red)) % 360.0
    return np.stack([lightness, chroma, hue], axis=-1)


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
