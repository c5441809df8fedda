"""Invented likes and comments, with effects planted that a ranking should find.

NONE OF THESE NUMBERS WAS MEASURED: nobody liked or discussed these pictures, and the numbers say nothing about what
people like. The planted effects, beside random noise:

- likes: the subject (`LIKED`: cats most, coins least), and light pictures `LIGHT_PICTURES` times as many
- comments: the subject, and another one (`DISCUSSED`: rockets most); the light does not matter
"""

from __future__ import annotations

import random

TYPICAL_LIKES = 900
TYPICAL_COMMENTS = 16
NOISE = 0.2  # standard deviation of the counts' logarithm

LIKED = {"cat": 2.4, "flower": 1.7, "pagoda": 1.3, "coffee": 0.9, "photographer": 0.7, "coins": 0.45}
DISCUSSED = {"rocket": 4.0, "astronaut": 2.2, "motorcycle": 1.5, "cat": 0.8, "flower": 0.6}

LIGHT_ABOVE = 0.5  # mean grey value, 0 to 1
LIGHT_PICTURES = 1.8


def likes(subject: str, lightness: float, rng: random.Random) -> float:
    """Invent the final likes of a post with this subject and mean grey value (0 to 1)."""
    light = LIGHT_PICTURES if lightness > LIGHT_ABOVE else 1.0
    return TYPICAL_LIKES * LIKED.get(subject, 1.0) * light * rng.lognormvariate(0, NOISE)


def comments(subject: str, rng: random.Random) -> float:
    """Invent the final number of comments of a post with this subject."""
    return TYPICAL_COMMENTS * DISCUSSED.get(subject, 1.0) * rng.lognormvariate(0, NOISE)


def share_of_final(newer: int, run: int) -> float:
    """Return the share of its final counts that a post has in a run, with `newer` posts after it.

    The share grows with both: fast while the post is new, then by a hundredth per run. The first run is 0; raises
    `ValueError` for a number below.
    """
    if run < 0:
        raise ValueError(f"run {run}: the first run is 0")
    return float((1 - 0.35 * 0.75 ** (newer + run)) * (1 + 0.01 * run))
