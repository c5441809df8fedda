"""The table of properties: which measure gives which label, from which value on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from classifiers.visual import measures
from classifiers.visual.naming import NAMES
from classifiers.visual.pixels import Pixels


@dataclass(frozen=True, slots=True)
class Side:
    """A label, the value of the measure at which it begins to hold, and the value at which its score is 1.

    `full` is above `holds` for a label of high values, below it for a label of low values.
    """

    label: str
    holds: float
    full: float

    def score(self, value: float) -> float | None:
        """0.5 at `holds`, rising linearly to 1 at `full` and beyond; None if the label does not hold.

        With nan, the value of a measure that does not apply, no label holds.
        """
        fraction = (value - self.holds) / (self.full - self.holds)
        return min(0.5 + 0.5 * fraction, 1.0) if fraction >= 0.0 else None


@dataclass(frozen=True, slots=True)
class Property:
    """A measure and its labels; `otherwise` is the label, with score 1, if none of the sides holds."""

    measure: Callable[[Pixels], float]
    sides: tuple[Side, ...]
    otherwise: str | None = None

    def labels(self, pixels: Pixels) -> Iterator[tuple[str, float]]:
        """The labels that hold, with their scores (0.5 to 1)."""
        value = self.measure(pixels)
        scores = [(side.label, score) for side in self.sides if (score := side.score(value)) is not None]
        if not scores and self.otherwise is not None:
            scores.append((self.otherwise, 1.0))
        yield from scores


def _colour_property(name: str) -> Property:
    # From a quarter of the area on, a colour is among the first that people name.
    return Property(partial(measures.share_of, name=name), (Side(name, holds=0.25, full=0.75),))


# The limits were set by eye on photographs, so that ordinary ones lie between the sides. A change of a limit or a
# measure requires a new `VERSION` in `classifier.py`.
PROPERTIES: tuple[Property, ...] = (
    # Photographs have about L* 45; a snow field has 85, a night scene 15.
    Property(measures.lightness, (Side("light", holds=60.0, full=85.0), Side("dark", holds=35.0, full=15.0))),
    # Levels spread evenly from black to white have 0.29.
    Property(
        measures.contrast,
        (Side("high contrast", holds=0.28, full=0.42), Side("low contrast", holds=0.11, full=0.04)),
    ),
    Property(
        measures.saturation,
        (Side("high saturation", holds=0.55, full=0.85), Side("low saturation", holds=0.22, full=0.05)),
    ),
    # Not symmetric: skin, wood and soil make an ordinary photograph slightly warm.
    Property(measures.warmth, (Side("warm", holds=0.15, full=0.40), Side("cool", holds=-0.05, full=-0.25))),
    *(_colour_property(name) for name in NAMES),
    # About two thirds: all other colours together then have about half of it.
    Property(measures.main_share, (Side("single dominant colour", holds=0.65, full=0.95),)),
    Property(measures.background_space, (Side("much background space", holds=0.33, full=0.80),)),
    # Gravel, grass and brickwork have 0.09 to 0.13; half the tiles of a smooth picture are nearly uniform.
    Property(
        measures.texture, (Side("textured", holds=0.07, full=0.12), Side("smooth", holds=0.015, full=0.004))
    ),
    # Photographs in focus have 1.4 to 2.4; blurred by one pixel here (four of 1080), 0.5 to 0.7.
    Property(
        measures.edge_sharpness, (Side("sharp", holds=1.5, full=2.2), Side("soft", holds=0.75, full=0.35))
    ),
    # Within 5 % a picture counts as square. Fully portrait is 4:5, the longest format that Instagram showed.
    Property(
        measures.elongation,
        (Side("landscape", holds=1.05, full=1.5), Side("portrait", holds=1 / 1.05, full=0.8)),
        otherwise="square",
    ),
)
