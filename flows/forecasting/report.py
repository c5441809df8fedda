"""What the report shows of forecasts: the stored models, and the candidate pictures of the settings."""

from __future__ import annotations

from flows.forecasting.stored import stored_infos
from flows.settings import Settings
from tasks.report.forecast.content import ForecastSettings


def report_forecasts(settings: Settings) -> ForecastSettings | None:
    """What the section 'Forecast' is made from; None without a stored model."""
    infos = stored_infos(settings)
    if not infos:
        return None
    chosen = settings.forecast
    return ForecastSettings(
        tuple(infos), chosen.candidates, chosen.source, chosen.account, settings.rank.time_zone
    )
