"""Compare two classifiers: how they agree, and what each costs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import click
import polars as pl

from flows.completion import complete
from flows.errors import SettingsError
from flows.options import with_config, with_format
from flows.output import Format, show
from flows.settings import read_settings
from warehouse.overview import comparing
from warehouse.overview.comparing import Comparison
from warehouse.ranking.measures import RUN_BY, By
from warehouse.ranking.rankings import classifiers_with_labels

Part = Literal["pairs", "labels", "pictures", "worth"]
PARTS: tuple[Part, ...] = get_args(Part)
_HASH_CHARACTERS = 16


@click.command(help=__doc__)
@with_config
@click.option(
    "--classifier",
    "classifiers",
    shell_complete=complete("classifier"),
    multiple=True,
    required=True,
    help="One of the two; give it twice.",
)
@click.option("--by", type=click.Choice(RUN_BY), default="likes", show_default=True, help="What to rank by.")
@click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="Number of names and pictures."
)
@click.option(
    "--part", type=click.Choice(PARTS), help="One table only.  [default: all; as CSV or JSON, labels]"
)
@with_format
def compare(
    config: Path, classifiers: tuple[str, ...], by: By, top: int, part: Part | None, form: Format
) -> int:
    if len(classifiers) != 2 or len(set(classifiers)) != 2:
        raise SettingsError("Name two classifiers to compare: --classifier A --classifier B.")
    home = read_settings(config).home
    known = classifiers_with_labels(home)
    if missing := [name for name in classifiers if name not in known]:
        raise SettingsError(
            f"No picture has labels of {missing[0]!r} yet. Classifiers with labels: {', '.join(known) or 'none'}."
        )
    one, other = classifiers
    comparison = comparing.compare(home, one, other, by, top)
    if form != "table":
        show(_frames(comparison)[part or "labels"], form)
        return 0
    titles = _titles(one, other, by)
    for name, frame in _short_frames(comparison, top).items():
        if part in (None, name):
            show(frame, title=titles[name])
    return 0


def _frames(comparison: Comparison) -> dict[Part, pl.DataFrame]:
    return {part: getattr(comparison, part) for part in PARTS}


def _short_frames(comparison: Comparison, top: int) -> dict[Part, pl.DataFrame]:
    frames = _frames(comparison)
    frames["labels"] = frames["labels"].head(top).drop("posts", "other_posts")
    short_hash = pl.col("sha256").str.head(_HASH_CHARACTERS)
    frames["pictures"] = frames["pictures"].with_columns(short_hash).drop("path")
    return frames


def _titles(one: str, other: str, by: By) -> dict[Part, str]:
    return {
        "pairs": f"How often {one} and {other} name the same thing in a picture",
        "labels": f"Names and their ranks by {by}: {one} first, {other} as other",
        "pictures": "Pictures in which they have the fewest names in common, the surest first",
        "worth": "What each costs, and how much of the differences in likes its labels explain",
    }
