"""Candidate pictures: the files of a folder, and their order by forecast, with how much of it is noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from tasks.errors import BadInput
from tasks.forecast_model import Forecast

MAX_CANDIDATES = 500
CERTAIN = 0.8
"""How often the first picture has to get more than another one to stand out, as the intervals of 80 %."""
_DEVIATIONS = 2 * NormalDist().inv_cdf(0.9)
"""Standard deviations between the ends of an 80 % interval."""


@dataclass(frozen=True, slots=True)
class RankedPicture:
    """A candidate and its place. `first_wins` is how often (0 to 1) the first picture gets more than this one.

    Pictures with the same forecast share a rank.
    """

    rank: int
    file: Path
    forecast: Forecast
    first_wins: float


def list_candidates(folder: Path) -> list[Path]:
    """The files of a folder by name, without hidden ones and folders.

    Raises `BadInput` if it is no folder, has no file, or more than `MAX_CANDIDATES`.
    """
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}. Name a folder of candidate pictures.")
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    except OSError as error:
        raise BadInput(f"The folder {folder} can't be read ({error.strerror}). Name another one.") from error
    if not files:
        raise BadInput(
            f"The folder {folder} has no files. Put candidate pictures into it, or name another one."
        )
    if len(files) > MAX_CANDIDATES:
        raise BadInput(
            f"The folder {folder} has {len(files):,} files, and at most {MAX_CANDIDATES} are ranked. Name a folder with"
            " fewer."
        )
    return files


def rank_candidates(forecasts: Sequence[tuple[Path, Forecast]]) -> list[RankedPicture]:
    """The candidates with a forecast and its interval, the highest median first; equal ones by their names."""
    known = [(file, one) for file, one in forecasts if None not in (one.median, one.low, one.high)]
    known.sort(key=lambda pair: (-float(pair[1].median or 0), pair[0].name))
    ranked: list[RankedPicture] = []
    for place, (file, one) in enumerate(known, 1):
        same = ranked and ranked[-1].forecast.median == one.median
        ranked.append(
            RankedPicture(
                ranked[-1].rank if same else place, file, one, probability_of_more(known[0][1], one)
            )
        )
    return ranked


def probability_of_more(first: Forecast, other: Forecast) -> float:
    """How often a post with the first forecast gets more than one with the other, 0 to 1.

    Both are taken as normal in log(1 + count), and independent, with the deviations that their 80 % intervals have.
    """
    values = (first.median, first.low, first.high, other.median, other.low, other.high)
    median, low, high, other_median, other_low, other_high = (
        math.log1p(max(0.0, one or 0.0)) for one in values
    )
    spread = math.hypot((high - low) / _DEVIATIONS, (other_high - other_low) / _DEVIATIONS)
    if spread == 0:
        return 0.5 if median == other_median else float(median > other_median)
    return NormalDist().cdf((median - other_median) / spread)


def describe_order(ranked: Sequence[RankedPicture], measure: str) -> str:
    """One or two sentences: whether the order says something, or is within the noise. Empty with one picture."""
    if len(ranked) < 2:
        return ""
    last = ranked[-1]
    if last.rank == 1:
        return (
            "All pictures have the same forecast: nothing that the classifiers see in them moves it."
            " Choose by other reasons."
        )
    worse = [one for one in ranked[1:] if one.first_wins >= CERTAIN]
    pairs = f"{100 * last.first_wins:.0f} of 100"
    if not worse:
        return (
            f"The order is within the noise: the first picture would get more {measure} than the last one in {pairs} pairs"
            " of posts, and 50 is a coin. Choose by other reasons."
        )
    if len(worse) == len(ranked) - 1:
        return f"The first picture stands out: it gets more {measure} than each other one in 80 of 100 pairs or more."
    near = len(ranked) - 1 - len(worse)
    return (
        f"The first {near + 1} pictures are within the noise of each other. The first one gets more {measure} than each of the"
        f" last {len(worse)} in 80 of 100 pairs or more."
    )
