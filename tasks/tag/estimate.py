"""What a run would send and what it would cost. Nothing is sent, and the service gets no request."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.tag.budget_tracker import UNLIMITED, budgets
from tasks.tag.lane import Lane
from warehouse.home import Home
from warehouse.records.charges import count_to_send


@dataclass(frozen=True, slots=True)
class Estimate:
    """For one model: pending pictures, how many of them the budgets allow now, the requests, and the cost.

    `cost` is in the currency of `price_per_1000`; None where the settings have no price.
    """

    classifier: str
    model: str
    waiting: int
    would_send: int
    requests: int
    cost: float | None


def estimate(home: Home, lane: Lane) -> list[Estimate]:
    """An estimate for each model of a lane. It is an upper limit: unreadable files are not sent."""
    pending = count_to_send(home.lake, lane.name, lane.version, lane.models)
    left = min((one.left for one in budgets(home.lake, lane, datetime.now(UTC))), default=UNLIMITED)
    return [
        Estimate(
            lane.name,
            model.model_id,
            waiting=count,
            would_send=share,
            requests=math.ceil(share / lane.options.batch),
            cost=None if lane.price is None else share * lane.price,
        )
        for model, count, share in zip(lane.models, pending, _split(pending, left), strict=True)
    ]


def _split(pending: list[int], left: int) -> list[int]:
    """How many pictures each model gets of what is left: the models take turns, as in a run."""
    shares = [0] * len(pending)
    while left > 0 and (unfinished := [n for n, count in enumerate(pending) if count > shares[n]]):
        step = max(1, min(left // len(unfinished), *(pending[n] - shares[n] for n in unfinished)))
        for n in unfinished:
            more = min(step, left)
            shares[n] += more
            left -= more
    return shares
