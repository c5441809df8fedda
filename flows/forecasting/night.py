"""Forecasts in a run: whether a model is stored, and the candidate pictures of the settings."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.errors import SettingsError
from flows.forecasting.lanes import local_lanes
from flows.forecasting.planned_time import read_planned_time
from flows.forecasting.stored import stored_measures
from flows.settings import Settings
from tasks.forecast.recording import CandidateJob
from tasks.forecast.task import forecast
from tasks.run import Run


def write_forecasts(run: Run, settings: Settings) -> None:
    """Run the stage `forecast` where a model is stored; without one nothing happens, and the run has no such stage."""
    if measures := stored_measures(settings):
        forecast(run, measures, candidate_job(settings), local_lanes(settings), return_state=True)


def candidate_job(settings: Settings) -> CandidateJob | None:
    """The candidate pictures of `[forecast]`; None without a folder.

    Raises `SettingsError` without a planned time, which `read_settings` does not accept.
    """
    chosen = settings.forecast
    if chosen.candidates is None:
        return None
    if chosen.at is None:
        raise SettingsError("[forecast]: set at beside candidates.")
    posted_at = read_planned_time(chosen.at, settings.rank.time_zone, datetime.now(UTC))
    return CandidateJob(chosen.candidates, chosen.source, chosen.account, posted_at, chosen.kind)
