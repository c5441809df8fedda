"""Checks of the stored rows: publish stops when one fails, so that the last good database stays.

A publish checks the rows that were stored since the last one, against all rows: a row can be wrong only when it is
new. Without a time, all rows are checked. Files of the lake never change, so the new
rows are those of the new files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from warehouse.database.check_limits import CheckLimits
from warehouse.database.check_queries import (
    CheckResult,
    StoredRows,
    check_counts,
    check_failed_pictures,
    check_freshness,
    check_keys,
    check_references,
    check_vectors,
)
from warehouse.storage.damage import detect_damage
from warehouse.storage.lake import Lake
from warehouse.storage.lake_reader import open_connection


def check_lake(lake: Lake, limits: CheckLimits, since: datetime | None = None) -> tuple[CheckResult, ...]:
    """Check the rows that were stored since then; without a time, all rows."""
    with detect_damage(lake.folder), open_connection() as connection:
        stored = StoredRows(lake, connection, since)
        return (
            check_keys(stored),
            check_references(stored),
            check_counts(stored, limits.max_count),
            check_vectors(stored),
            check_freshness(stored, limits.max_age_days),
            check_failed_pictures(stored, limits.max_failed_share),
        )


def problems_of(results: Sequence[CheckResult]) -> list[str]:
    """A sentence for each problem."""
    return [problem for result in results for problem in result.problems]


def checks_as_json(results: Sequence[CheckResult]) -> str:
    """The results for `runs.counts`: rows and problems of each check."""
    values = {one.name: {"rows": one.rows, "problems": len(one.problems)} for one in results}
    return json.dumps({"checks": values})


def describe_checks(counts: str | None) -> str:
    """The results in `runs.counts` in one line; empty where a row has none."""
    checks = json.loads(counts or "{}").get("checks", {})
    passed = [name for name, one in checks.items() if not one["problems"]]
    failed = [name for name in checks if name not in passed]
    parts = [f"failed: {', '.join(failed)}"] if failed else []
    parts += [f"passed: {', '.join(passed)}"] if passed else []
    return f"Checks {'; '.join(parts)}." if parts else ""
