"""What the stored forecast models say about themselves."""

from __future__ import annotations

from flows.settings import Settings
from tasks.forecast.storage import has_model, read_info
from tasks.forecast_model import ForecastInfo, Measure

MEASURES: tuple[Measure, ...] = ("likes", "comments")


def stored_measures(settings: Settings) -> list[Measure]:
    """The measures with a stored model, also one that can't be read."""
    return [measure for measure in MEASURES if has_model(settings.home, measure)]


def stored_infos(settings: Settings) -> list[ForecastInfo]:
    """What the stored models say about themselves; one that is missing or can't be read is left out."""
    return [info for measure in MEASURES if (info := read_info(settings.home, measure)) is not None]
