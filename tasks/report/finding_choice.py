"""The choice of the findings among the rows of the rankings by lift, and how far the nearest one is from certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf, log
from statistics import NormalDist

from tasks.report.lift_wording import MAX_Q, differs_for_certain, direction
from warehouse.ranking.label_overlap import NamedLabel, Overlaps

MAX_FINDINGS = 7
MIN_FINDINGS = 3
MAX_HINTS = 2
"""Hints fill up to `MIN_FINDINGS`; beside certain findings there are at most `MAX_HINTS` more."""
MAX_BEST, MAX_WORST = {"likes": 3, "comments": 2}, 1
"""How many certain findings there are of labels that get more than usual, by measure, and of labels that get less."""
MAX_OVERLAP = 0.5
"""Two labels that share more of their posts, and differ in the same direction, are one finding."""
MAX_COMPARED = 10
"""Candidates of each measure and direction, the strongest, that are compared for overlap."""
MAX_MORE_POSTS = 1000
"""No sentence promises that more posts than these will do."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A row of a ranking by lift, and what a sentence needs beside it.

    `tested` labels of its ranking have a q. `grouped` is that of the ranking, `version` that of the classifier.
    """

    classifier: str
    version: str | None
    measure: str
    grouped: bool
    tested: int
    label: str
    posts: int
    lift: float
    low: float
    high: float
    q: float | None

    @property
    def direction(self) -> int:
        """1 for more than usual, -1 for less, 0 where the interval includes 1."""
        return direction(self.low, self.high)

    @property
    def is_certain(self) -> bool:
        """Whether the label differs for certain, by the rule of the charts."""
        return differs_for_certain(self.low, self.high, self.q)

    @property
    def strength(self) -> float:
        """How far the nearer end of the interval is from 1, as a ratio; more is stronger, for both directions."""
        if self.direction < 0:
            return 1 / self.high if self.high > 0 else inf
        return self.low

    @property
    def named(self) -> NamedLabel:
        """The label, for its overlap with others."""
        return NamedLabel(self.classifier, self.label, self.grouped)

    @property
    def missing_posts(self) -> float:
        """About how many more posts with the label would make it certain, if its lift stays as it is.

        The half width of the interval of log(lift) shrinks with the square root of the number of posts. It has to be
        smaller than the lift's own distance from 1, also at the level that the correction for `tested` labels needs at
        most (Bonferroni's), so posts * (z / z95 * half width / |log(lift)|)² are enough. Infinite for a lift of 1.
        """
        if not (self.lift > 0 and self.low > 0 and self.lift != 1):
            return inf
        corrected = -NormalDist().inv_cdf(MAX_Q / 2 / max(1, self.tested))
        half_width = log(self.high / self.low) / 2
        needed = self.posts * (corrected / NormalDist().inv_cdf(0.975) * half_width / log(self.lift)) ** 2
        return max(1, ceil(needed - self.posts))


def choose_rows(
    rows: Sequence[LabelRow], read_overlaps: Callable[[Sequence[NamedLabel]], Overlaps]
) -> list[LabelRow]:
    """Certain rows by measure, the best before the worst, then hints; at most `MAX_FINDINGS`.

    A row is left out if a stronger one of the same measure and direction has mostly the same posts.
    """
    # Each row is judged once: there may be thousands, of all labels.
    groups: defaultdict[tuple[bool, str, int], list[LabelRow]] = defaultdict(list)
    for row in rows:
        groups[row.is_certain, row.measure, row.direction].append(row)
    parts = {
        (certain, measure, way): _strongest(groups[certain, measure, way])
        for certain in (True, False)
        for measure in MAX_BEST
        for way in (1, -1)
    }
    overlaps = read_overlaps(list(dict.fromkeys(row.named for part in parts.values() for row in part)))
    chosen: list[LabelRow] = []
    for (certain, measure, way), part in parts.items():
        if certain:
            chosen += _different(part, chosen, overlaps, MAX_BEST[measure] if way > 0 else MAX_WORST)
    hints = [row for (certain, *_), part in parts.items() if not certain for row in part]
    room = max(MIN_FINDINGS - len(chosen), min(MAX_HINTS, MAX_FINDINGS - len(chosen)))
    hints.sort(key=lambda row: (row.measure != "likes", -row.strength))
    return chosen + _different(hints, chosen, overlaps, room)


def nearest_to_certain(rows: Iterable[LabelRow]) -> LabelRow | None:
    """The row that fewest more posts would make certain; None if each needs more than `MAX_MORE_POSTS`."""
    nearest = min(rows, key=lambda row: (row.missing_posts, row.measure != "likes"), default=None)
    return nearest if nearest is not None and nearest.missing_posts <= MAX_MORE_POSTS else None


def _strongest(rows: Sequence[LabelRow]) -> list[LabelRow]:
    return sorted(rows, key=lambda row: -row.strength)[:MAX_COMPARED]


def _different(
    rows: Sequence[LabelRow], chosen: Sequence[LabelRow], overlaps: Overlaps, most: int
) -> list[LabelRow]:
    found: list[LabelRow] = []
    for row in rows:
        others = [
            one for one in (*chosen, *found) if one.measure == row.measure and one.direction == row.direction
        ]
        if len(found) < most and not any(_say_the_same(row, other, overlaps) for other in others):
            found.append(row)
    return found


def _say_the_same(row: LabelRow, other: LabelRow, overlaps: Overlaps) -> bool:
    return row.label == other.label or overlaps.share(row.named, other.named) > MAX_OVERLAP
