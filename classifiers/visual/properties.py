"""The table of properties: which measure gives which label, and from where on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from classifiers.visual import colour, composition, detail, light
from classifiers.visual.naming import NAMES
from classifiers.visual.pixels import Pixels


@dataclass(frozen=True, slots=True)
class Side:
    """A label, the value of the measure from which on it holds, and the value where it holds fully.

    `full` lies above `holds` for a label of high values, below it for one of low values.
    """

    label: str
    holds: float
    full: float

    def score(self, value: float) -> float | None:
        """0.5 at `holds`, rising in a straight line to 1 at `full` and beyond; None where it does not hold.

        nan, a measure that says nothing, holds nowhere.
        """
        way = (value - self.holds) / (self.full - self.holds)
        return min(0.5 + 0.5 * way, 1.0) if way >= 0.0 else None


@dataclass(frozen=True, slots=True)
class Property:
    """A measure and its labels; `otherwise` is the label, with score 1, where none of the sides holds."""

    measure: Callable[[Pixels], float]
    sides: tuple[Side, ...]
    otherwise: str | None = None

    def labels(self, pixels: Pixels) -> Iterator[tuple[str, float]]:
        """The labels that hold, with their scores (0.5 to 1)."""
        value = self.measure(pixels)
        held = [(side.label, score) for side in self.sides if (score := side.score(value)) is not None]
        if not held and self.otherwise is not None:
            held.append((self.otherwise, 1.0))
        yield from held


def _coloured(name: str) -> Property:
    # From a quarter of the area on, a colour is among the first that a person would name.
    return Property(partial(colour.share_of, name=name), (Side(name, holds=0.25, full=0.75),))


# The limits were set by eye on photographs, so that ordinary ones lie between the sides. Whoever moves
# one, or changes a measure, raises `VERSION` in `classifier.py`.
PROPERTIES: tuple[Property, ...] = (
    # Photographs lie around L* 45; a snow field has 85, a night scene 15.
    Property(light.lightness, (Side("light", holds=60.0, full=85.0), Side("dark", holds=35.0, full=15.0))),
    # 0.29 is that of levels spread evenly from black to white.
    Property(
        light.contrast,
        (Side("high contrast", holds=0.28, full=0.42), Side("low contrast", holds=0.11, full=0.04)),
    ),
    Property(
        colour.saturation,
        (Side("high saturation", holds=0.55, full=0.85), Side("low saturation", holds=0.22, full=0.05)),
    ),
    # Not symmetric: skin, wood and soil make the ordinary photograph a little warm.
    Property(light.warmth, (Side("warm", holds=0.15, full=0.40), Side("cool", holds=-0.05, full=-0.25))),
    *(_coloured(name) for name in NAMES),
    # About two thirds: all that is left is then about half of it.
    Property(colour.main_share, (Side("single dominant colour", holds=0.65, full=0.95),)),
    Property(composition.background_space, (Side("much background space", holds=0.33, full=0.80),)),
    # Gravel, grass and brickwork have 0.09 to 0.13; half of a smooth picture's tiles are hardly uneven.
    Property(
        detail.texture, (Side("textured", holds=0.07, full=0.12), Side("smooth", holds=0.015, full=0.004))
    ),
    # In focus, photographs have 1.4 to 2.4; blurred by a pixel here (four in 1080), 0.5 to 0.7.
    Property(
        detail.edge_sharpness, (Side("sharp", holds=1.5, full=2.2), Side("soft", holds=0.75, full=0.35))
    ),
    # Within 5 % a picture passes for square. Fully portrait is 4:5, the longest that Instagram showed.
    Property(
        composition.elongation,
        (Side("landscape", holds=1.05, full=1.5), Side("portrait", holds=1 / 1.05, full=0.8)),
        otherwise="square",
    ),
)
