"""`likelens compare`: two classifiers side by side, from the published database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from flows.commands.output import Format, show
from flows.settings import SettingsError, read_settings
from warehouse.comparing import Comparison
from warehouse.comparing import compare as answer
from warehouse.rankings import By, classifiers_with_labels

Part = Literal["pairs", "labels", "pictures", "worth"]
PARTS: tuple[Part, ...] = get_args(Part)
_SHORT = 16
"""Characters of a hash that a person needs to see."""


def compare(
    config: Path, classifiers: Sequence[str], by: By, top: int, part: Part | None, form: Format
) -> int:
    """Show how two classifiers agree. Raises `SettingsError` when it is not two with labels."""
    if len(classifiers) != 2 or len(set(classifiers)) != 2:
        raise SettingsError("Name two classifiers to compare: --classifier A --classifier B.")
    home = read_settings(config).home
    known = classifiers_with_labels(home)
    if missing := [name for name in classifiers if name not in known]:
        raise SettingsError(
            f"No picture has labels of {missing[0]!r} yet. Classifiers with labels: {', '.join(known) or 'none'}."
        )
    one, other = classifiers
    found = answer(home, one, other, by, top)
    if form != "table":
        show(_frames(found)[part or "labels"], form)
        return 0
    titles = _titles(one, other, by)
    for name, frame in _for_people(found, top).items():
        if part in (None, name):
            show(frame, title=titles[name])
    return 0


def _frames(found: Comparison) -> dict[Part, pl.DataFrame]:
    return {"pairs": found.pairs, "labels": found.labels, "pictures": found.pictures, "worth": found.worth}


def _for_people(found: Comparison, top: int) -> dict[Part, pl.DataFrame]:
    frames = _frames(found)
    frames["labels"] = frames["labels"].head(top).drop("posts", "other_posts")
    frames["pictures"] = frames["pictures"].with_columns(pl.col("sha256").str.head(_SHORT)).drop("path")
    return frames


def _titles(one: str, other: str, by: By) -> dict[Part, str]:
    return {
        "pairs": f"How often {one} and {other} name the same thing in a picture",
        "labels": f"What they name, and its place in the ranking by {by}: {one} first, {other} as other",
        "pictures": "Pictures in which they name the least in common, the surest first",
        "worth": "What each costs, and how much of the differences in likes its labels explain",
    }
