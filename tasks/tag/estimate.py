"""What a run would send and what it would cost; nothing is sent, and nobody is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.tag.budget_tracker import budgets
from tasks.tag.lane import Lane
from warehouse.charges import Model, count_to_send
from warehouse.home import Home


@dataclass(frozen=True, slots=True)
class Estimate:
    """For one model: pictures that wait, those that the budgets let go now, in how many requests, for how much.

    `cost` is in the currency of `price_per_1000`; None where the settings name no price.
    """

    classifier: str
    model: str
    waiting: int
    would_send: int
    requests: int
    cost: float | None


def estimate(home: Home, lane: Lane) -> list[Estimate]:
    """An estimate for each model of a lane: at most so much, for files that can't be read are not sent."""
    waiting = count_to_send(home.lake, lane.name, lane.version, lane.models)
    left = min(one.left for one in budgets(home.lake, lane, datetime.now(UTC)))
    return [
        _of_model(lane, model, count, going)
        for model, count, going in zip(lane.models, waiting, _shared(waiting, left), strict=True)
    ]


def _shared(waiting: list[int], left: int) -> list[int]:
    """How many pictures of each model go when only so many may: they go side by side, as a run sends them."""
    going = [0] * len(waiting)
    while left > 0 and any(count > gone for count, gone in zip(waiting, going, strict=True)):
        open_ones = [n for n, count in enumerate(waiting) if count > going[n]]
        share = max(1, min(left // len(open_ones), *(waiting[n] - going[n] for n in open_ones)))
        for n in open_ones:
            more = min(share, left)
            going[n] += more
            left -= more
    return going


def _of_model(lane: Lane, model: Model, waiting: int, going: int) -> Estimate:
    cost = None if lane.price is None else going * lane.price
    return Estimate(lane.name, model.model_id, waiting, going, math.ceil(going / lane.options.batch), cost)
