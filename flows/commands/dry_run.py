"""`--dry-run` of `likelens run` and `likelens relabel`: how many pictures would be sent, and for how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from flows.commands.output import show
from flows.settings import ClassifierSettings, SettingsError, read_settings
from tasks.tag.estimate import Estimate, estimate
from tasks.tag.stage import known_lane, paid_options
from warehouse.home import Home

_SCHEMA = {
    "classifier": pl.String,
    "model": pl.String,
    "waiting": pl.Int64,
    "would_send": pl.Int64,
    "requests": pl.Int64,
    "cost": pl.Float64,
}


def dry_run(config: Path, classifier: str | None) -> int:
    """Tell what the stored pictures would cost, of one classifier or of all. Sends nothing, and needs no key."""
    settings = read_settings(config)
    lanes = [lane for lane in settings.classifiers if classifier in (None, lane.name)]
    if not lanes and classifier is not None:
        raise SettingsError(f"{settings.file} has no classifier {classifier!r}.")
    settings.home.prepare()
    found = [one for lane in lanes for one in _estimates(settings.home, lane)]
    if not found:
        print("None of it costs money: no picture would be sent away.")
        return 0
    show(pl.DataFrame([asdict(one) for one in found], schema=_SCHEMA), title="What a run would send now")
    print(_in_words(found))
    return 0


def _estimates(home: Home, lane: ClassifierSettings) -> list[Estimate]:
    options = paid_options(lane.options)
    return [] if options is None else estimate(home, known_lane(home, lane.name, options))


def _in_words(found: Sequence[Estimate]) -> str:
    pictures = sum(one.would_send for one in found)
    told = f"{pictures:,} pictures would be sent and billed, of the pictures that are stored now."
    if any(one.would_send < one.waiting for one in found):
        told += " The budgets hold the rest back."
    if all(one.cost is None for one in found):
        return told + " Set price_per_1000 to see what it costs."
    return told + f" They would cost {sum(one.cost or 0.0 for one in found):,.2f}."
