"""`--dry-run` of `likelens run` and `likelens relabel`: how many pictures would be sent, and the cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from flows.output import show
from flows.settings import ClassifierSettings, find_classifier, read_settings
from tasks.tag.estimate import Estimate, estimate
from tasks.tag.stage import local_lane, remote_options
from warehouse.home import Home

_SCHEMA = {
    "classifier": pl.String,
    "model": pl.String,
    "waiting": pl.Int64,
    "would_send": pl.Int64,
    "requests": pl.Int64,
    "cost": pl.Float64,
}


def print_estimate(config: Path, classifier: str | None) -> int:
    """Print what the stored pictures would cost, for one classifier or for all. Sends nothing, needs no key."""
    settings = read_settings(config)
    lanes = settings.classifiers if classifier is None else [find_classifier(settings, classifier)]
    settings.home.prepare()
    estimates = [one for lane in lanes for one in _estimates(settings.home, lane)]
    if not estimates:
        print("A run costs nothing: no classifier sends pictures away.")
        return 0
    show(pl.DataFrame([asdict(one) for one in estimates], schema=_SCHEMA), title="What a run would send now")
    print(_summary(estimates))
    return 0


def _estimates(home: Home, lane: ClassifierSettings) -> list[Estimate]:
    options = remote_options(lane.options)
    return [] if options is None else estimate(home, local_lane(home, lane.name, options))


def _summary(estimates: Sequence[Estimate]) -> str:
    pictures = sum(one.would_send for one in estimates)
    is_free = all(one.cost == 0 for one in estimates)
    text = f"{pictures:,} of the stored pictures would be sent{'' if is_free else ' and billed'}."
    if any(one.would_send < one.waiting for one in estimates):
        text += " The budgets hold back the rest."
    if is_free:
        return f"{text} They would cost nothing."
    if all(one.cost is None for one in estimates):
        return text + " Set price_per_1000 to see the cost."
    known = sum(one.cost or 0.0 for one in estimates)
    if unpriced := sorted({one.classifier for one in estimates if one.cost is None and one.would_send}):
        names = ", ".join(unpriced)
        return text + f" They would cost {known:,.2f} without {names}: set price_per_1000 to see that cost."
    return text + f" They would cost {known:,.2f}."
