"""Check the new rows, compact the lake, and replace the published database."""

from __future__ import annotations

from datetime import datetime

from warehouse.database.check_limits import CheckLimits
from warehouse.database.checks import check_lake, checks_as_json, problems_of
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.pending import count_posts
from warehouse.records.runs import StageResult, stage_runs
from warehouse.storage.lake import Lake


def publish_lake(home: Home, limits: CheckLimits, history_days: int) -> StageResult:
    """Publish the current tables. If a check fails, nothing is published, and the last database stays."""
    results = check_lake(home.lake, limits, last_check(home.lake))
    counts = checks_as_json(results)
    if problems := problems_of(results):
        message = "\n  - ".join([_advice(home), *problems])
        return StageResult("failed", failures=len(problems), message=message, counts=counts)
    home.lake.tidy(24 * history_days)
    publish(home)
    return StageResult("done", count_posts(home.lake), message=str(home.database), counts=counts)


def last_check(lake: Lake) -> datetime | None:
    """The end of the last publish or maintenance: all rows before it are checked. None if there is none."""
    done = stage_runs(lake, "stage in ('publish', 'maintain') and status in ('done', 'incomplete')")
    return max((row.ended_at for row in done if row.ended_at is not None), default=None)


def _advice(home: Home) -> str:
    what = f"{home.database} stays as it was" if home.database.exists() else "There is no database yet"
    return f"Nothing is published, because the stored rows are not right. {what}. What to do: docs/operations.md."
