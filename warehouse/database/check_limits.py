"""The limits of the checks, apart from the checks: the settings have them."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MAX_COUNT = 10_000_000_000
"""More likes than there are people: a field that is not a count was read."""


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Limits of the settings. None: not checked."""

    max_count: int = DEFAULT_MAX_COUNT
    max_failed_share: float | None = None
    max_age_days: float | None = None
