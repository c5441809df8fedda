"""How much of Instagram's limits is used up, by the headers that say so, and the pause that follows.

Sources: Meta's page on rate limits. X-App-Usage and X-Page-Usage have percentages. X-Business-Use-Case-Usage
has a list of such for each business, with the minutes until requests are answered again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

PERCENTAGES = ("call_count", "total_cputime", "total_time")
NEARLY_ALL = 95
"""From so many percent of a limit on we wait."""
WAIT_SECONDS = 300.0
"""The limits are for the last hour, moving on; after this pause part of it is free again."""
REGAIN = "estimated_time_to_regain_access"


def pause_seconds(headers: Mapping[str, str]) -> float:
    """Seconds to wait before the next request; 0 while the limits are far. Headers that make no sense ask for nothing."""
    usages = list(_usages(headers))
    minutes = max((_number(usage.get(REGAIN)) for usage in usages), default=0.0)
    if minutes > 0:
        return minutes * 60
    used = (_number(usage.get(name)) for usage in usages for name in PERCENTAGES)
    return WAIT_SECONDS if max(used, default=0.0) >= NEARLY_ALL else 0.0


def regain_minutes(headers: Mapping[str, str]) -> float:
    """Minutes until requests are answered again, as far as the headers tell; 0 where they don't."""
    return max((_number(usage.get(REGAIN)) for usage in _usages(headers)), default=0.0)


def _usages(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for name in ("x-app-usage", "x-page-usage"):
        found = _json(headers.get(name))
        if isinstance(found, dict):
            yield found
    cases = _json(headers.get("x-business-use-case-usage"))
    for usages in cases.values() if isinstance(cases, dict) else ():
        yield from (usage for usage in usages if isinstance(usage, dict)) if isinstance(usages, list) else ()


def _json(header: str | None) -> Any:
    try:
        return json.loads(header or "null")
    except (ValueError, RecursionError):
        return None


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e6 else 0.0
