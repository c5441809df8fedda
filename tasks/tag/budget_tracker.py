"""The budgets of a lane: pictures sent per day and per month, counted in the ledger, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tasks.tag.lane import Lane
from warehouse.records.charges import spent_since
from warehouse.storage.lake import Lake

UNLIMITED = 2**62
"""Pictures that a lane without a budget may send."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of pictures per day or per month, how much of it is spent, and the day on which it resets."""

    name: str
    limit: int
    spent: int
    resets_on: date

    @property
    def left(self) -> int:
        """How many pictures may still be sent."""
        return max(0, self.limit - self.spent)


def budgets(lake: Lake, lane: Lane, now: datetime) -> list[Budget]:
    """The lane's budgets, with what the ledger counts as spent now. A lane that costs nothing may have none."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today.replace(day=1)
    next_month = (first + timedelta(days=32)).replace(day=1).date()
    found = []
    if (limit := lane.options.monthly_limit) is not None:
        found.append(Budget("monthly", limit, spent_since(lake, lane.name, first), next_month))
    if lane.options.daily_budget is not None:
        spent = spent_since(lake, lane.name, today)
        found.append(Budget("daily", lane.options.daily_budget, spent, today.date() + timedelta(days=1)))
    return found


class BudgetTracker:
    """What a run may still send. It reads the ledger at the start and at each new day."""

    def __init__(
        self, lake: Lake, lane: Lane, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._lake = lake
        self._lane = lane
        self._clock = clock
        self._read()

    def refresh(self) -> None:
        """Start a new day, if there is one. Everything reserved must be in the ledger by then."""
        if self._clock().date() != self._day:
            self._read()

    def _read(self) -> None:
        now = self._clock()
        self._day = now.date()
        self._budgets = budgets(self._lake, self._lane, now)
        self._reserved = 0

    def left(self) -> int:
        """How many pictures may be sent now."""
        tightest = self._tightest
        return UNLIMITED if tightest is None else max(0, tightest.left - self._reserved)

    def reserve(self, pictures: int) -> None:
        """Count pictures that are about to be sent."""
        self._reserved += pictures

    def release(self, pictures: int, sent_at: datetime) -> None:
        """Uncount pictures that were not billed. Those of another day don't count for today."""
        if sent_at.date() == self._day:
            self._reserved -= pictures

    def exhausted_message(self) -> str:
        """The message for a budget of which nothing is left."""
        budget = self._tightest
        if budget is None:
            return ""
        return (
            f"The {budget.name} budget of {budget.limit:,} pictures is used up. It resets on {budget.resets_on}."
            f" To send more before that, raise {budget.name}_budget in the settings."
        )

    @property
    def _tightest(self) -> Budget | None:
        return min(self._budgets, key=lambda one: one.left, default=None)
