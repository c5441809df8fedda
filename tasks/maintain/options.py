"""How a home folder is maintained."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.database.check_limits import CheckLimits


@dataclass(frozen=True, slots=True)
class MaintainOptions:
    """What the settings and the command say; `originals_days` None: originals stay."""

    history_days: int
    originals_days: int | None
    check_all_pictures: bool
    limits: CheckLimits
