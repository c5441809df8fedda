"""The name that people give to a colour: one of twelve."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from classifiers.visual.srgb import oklch

Plane = NDArray[np.float64]

NAMES = (
    "black", "grey", "white", "red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown",
)  # fmt: skip
"""The basic colour terms of English (Berlin, B. and Kay, P. (1969), "Basic Color Terms"), and cyan.
Without brown, wood, fur and soil would have to be called orange."""

# Where each name ends in the hue circle of Oklab (degrees). These edges, and the limits below, are where the
# responses in the XKCD colour survey (2010; 222,500 sessions) change from one name to the next. Of its 486 shades
# whose names end in one of these twelve, nine of ten get that name here.
_HUES = (
    (8.0, "pink"), (35.0, "red"), (75.0, "orange"), (113.0, "yellow"), (167.0, "green"), (205.0, "cyan"),
    (287.0, "blue"), (334.0, "purple"), (360.0, "pink"),
)  # fmt: skip

_GREY_CHROMA = 0.035  # people see less chroma than this as grey
_PALE_CHROMA = 0.05  # in a nearly white tone, less than this
_PALE = 0.92
_BLACK = 0.27  # a colourless tone below this lightness is black (sRGB level 38)
_WHITE = 0.90  # a colourless tone above this lightness is white (sRGB level 221)
_TOO_DARK = 0.18  # below this lightness even a strong colour is black

_VIVID = 0.13  # colours with less chroma are dull
# Brown is a dark or dull red, orange or yellow, below these lightnesses: dull, vivid.
_BROWN_BELOW = {"red": (0.60, 0.0), "orange": (0.72, 0.58), "yellow": (0.80, 0.72)}
_OLIVE_HUE = 100.0  # from this hue on, a dark yellow is green

_PINK_FROM = (0.60, 0.68)  # from these lightnesses on, a red is pink: dull, vivid
_MAROON_BELOW = 0.50  # below this lightness, a pink is red, or purple if it is bluish
_BLUISH_PINK = 330.0

_STEPS = 32


def name_indices(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The index in `NAMES` of each pixel's colour: sRGB of shape (..., 3) to indices of shape (...).

    Uses a table of 32 steps per channel (a step is 8 of 256 levels).
    """
    red, green, blue = np.moveaxis(rgb >> 3, -1, 0)
    indices: NDArray[np.uint8] = _table()[red, green, blue]
    return indices


@cache
def _table() -> NDArray[np.uint8]:
    levels = np.arange(_STEPS) * (256 // _STEPS) + 256 // _STEPS // 2
    return _name_colours(oklch(np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)))


def _name_colours(colours: Plane) -> NDArray[np.uint8]:
    lightness, chroma, hue = np.moveaxis(colours, -1, 0)
    names = _name_hues(hue)
    _rename_browns(names, lightness, chroma, hue)
    _rename_pinks(names, lightness, chroma, hue)
    colourless = (chroma < _GREY_CHROMA) | ((chroma < _PALE_CHROMA) & (lightness > _PALE))
    tones = np.searchsorted([_BLACK, _WHITE], lightness).astype(np.uint8)  # the first three names
    return np.where(colourless | (lightness < _TOO_DARK), tones, names)


def _name_hues(hue: Plane) -> NDArray[np.uint8]:
    ends = [end for end, _ in _HUES[:-1]]
    indices = np.array([NAMES.index(name) for _, name in _HUES], dtype=np.uint8)
    return indices[np.searchsorted(ends, hue, side="right")]


def _rename_browns(names: NDArray[np.uint8], lightness: Plane, chroma: Plane, hue: Plane) -> None:
    for name, (dull, vivid) in _BROWN_BELOW.items():
        dark = (names == NAMES.index(name)) & (lightness < np.where(chroma < _VIVID, dull, vivid))
        names[dark] = NAMES.index("brown")
        names[dark & (hue >= _OLIVE_HUE)] = NAMES.index("green")


def _rename_pinks(names: NDArray[np.uint8], lightness: Plane, chroma: Plane, hue: Plane) -> None:
    dull, vivid = _PINK_FROM
    light = (names == NAMES.index("red")) & (lightness >= np.where(chroma < _VIVID, dull, vivid))
    dark = (names == NAMES.index("pink")) & (lightness < _MAROON_BELOW)
    names[light] = NAMES.index("pink")
    names[dark] = NAMES.index("red")
    names[dark & (hue >= _BLUISH_PINK)] = NAMES.index("purple")
