"""How much of Instagram's rate limits is used, by the response headers, and the resulting wait.

Sources: Meta's page on rate limits. X-App-Usage and X-Page-Usage hold percentages. X-Business-Use-Case-Usage
holds a list of these for each business, with the minutes until requests are accepted again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.scrape.values.json_text import items, read_object

PERCENTAGES = ("call_count", "total_cputime", "total_time")
MAX_PERCENT = 95
"""Wait from this percentage of a limit on."""
WAIT_SECONDS = 300.0
"""The limits are for a moving hour; after this wait a part of it is free again."""
REGAIN = "estimated_time_to_regain_access"


def pause_seconds(headers: Mapping[str, str]) -> float:
    """Seconds to wait before the next request; 0 while the limits are far. Invalid headers are ignored."""
    if minutes := regain_minutes(headers):
        return minutes * 60
    used = (_number(usage.get(name)) for usage in _usages(headers) for name in PERCENTAGES)
    return WAIT_SECONDS if max(used, default=0.0) >= MAX_PERCENT else 0.0


def regain_minutes(headers: Mapping[str, str]) -> float:
    """Minutes until requests are accepted again, as the headers say; otherwise 0."""
    return max((_number(usage.get(REGAIN)) for usage in _usages(headers)), default=0.0)


def _usages(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for name in ("x-app-usage", "x-page-usage"):
        yield read_object(headers.get(name, ""))
    for usages in read_object(headers.get("x-business-use-case-usage", "")).values():
        yield from (usage for usage in items(usages) if isinstance(usage, dict))


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e6 else 0.0
