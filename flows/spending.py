"""What was sent to servers and what it has cost, for `likelens status`."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from classifiers.registry import REMOTE_KINDS
from flows.settings import ClassifierSettings, Settings
from warehouse.home import Home
from warehouse.records.charges import charge_totals_since, count_to_send

_SCHEMA = {
    "classifier": pl.String,
    "spent": pl.Int64,
    "unknown": pl.Int64,
    "left": pl.Int64,
    "left_today": pl.Int64,
    "price_per_1000": pl.Float64,
    "cost": pl.Float64,
    "waiting": pl.Int64,
}


def monthly_spending(settings: Settings) -> pl.DataFrame:
    """Return a row for each classifier that sends pictures: pictures sent and left this month (UTC), price and cost.

    `spent` counts a picture once for each model that it was sent to; `unknown` is how many of these may not
    have been billed; `waiting` counts the pictures that are pending.
    """
    now = datetime.now(UTC)
    rows = [row for lane in settings.classifiers if (row := _row(settings.home, lane, now)) is not None]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _row(home: Home, settings: ClassifierSettings, now: datetime) -> dict[str, object] | None:
    if settings.kind not in REMOTE_KINDS:
        return None
    # The clients of the servers, which take half a second to import.
    from tasks.tag.budget_tracker import budgets
    from tasks.tag.stage import local_lane, remote_options

    options = remote_options(settings.options)
    assert options is not None, "REMOTE_KINDS has the kinds of the stage tag"
    lane = local_lane(home, settings.name, options)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    sums = [one for one in charge_totals_since(home.lake, month) if one.classifier == lane.name]
    limits = {one.name: one for one in budgets(home.lake, lane, now)}
    costs = [one.cost for one in sums if one.cost is not None]
    return {
        "classifier": lane.name,
        "spent": sum(one.spent for one in sums),
        "unknown": sum(one.unknown for one in sums),
        "left": limits["monthly"].left if "monthly" in limits else None,
        "left_today": limits["daily"].left if "daily" in limits else None,
        "price_per_1000": None if lane.price is None else lane.price * 1000,
        "cost": sum(costs) if costs else None,
        "waiting": sum(count_to_send(home.lake, lane.name, lane.version, lane.models)),
    }
