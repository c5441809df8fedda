"""The pictures that may be posted next, in the order of their forecasts, as the last night wrote these."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from tasks.errors import BadInput
from tasks.forecast_model import Forecast
from tasks.picture_order import RankedPicture, describe_order, list_candidates, rank_candidates
from tasks.report.forecast.content import Candidate, CandidateOrder, ForecastSettings
from tasks.report.names import shorten
from tasks.report.wording import full_date, number
from tasks.thumbnails import thumbnail
from warehouse.overview.candidate_forecasts import CandidateForecast, candidate_forecasts

MAX_SHOWN = 24
_MAX_NAME_EMS = 24


def order_candidates(
    database: duckdb.DuckDBPyConnection, settings: ForecastSettings, now: datetime
) -> CandidateOrder | None:
    """The files of the folder that have a forecast, by likes, or by comments without a model of likes.

    None without any: no folder, no forecast of it for a time after `now`, or all of its pictures are posted.
    """
    if settings.candidates is None:
        return None
    for measure in ("likes", "comments"):
        rows = candidate_forecasts(database, measure, now, settings.account, settings.source)
        if rows:
            files = _files_by_hash(settings.candidates)
            found = {files[one.sha256]: one for one in rows if one.sha256 in files}
            return _order(found, measure, settings.time_zone) if found else None
    return None


def _order(found: dict[Path, CandidateForecast], measure: str, time_zone: str) -> CandidateOrder:
    ranked = rank_candidates([(file, _as_forecast(one)) for file, one in found.items()])
    more = len(ranked) - MAX_SHOWN
    return CandidateOrder(
        measure,
        tuple(
            filter(
                None,
                [
                    _describe_plan(next(iter(found.values())), measure, time_zone),
                    describe_order(ranked, measure),
                ],
            )
        ),
        tuple(_candidate(one, first=index == 0) for index, one in enumerate(ranked[:MAX_SHOWN])),
        f"{number(more)} more get less; likelens forecast shows all." if more > 0 else "",
    )


def _describe_plan(one: CandidateForecast, measure: str, time_zone: str) -> str:
    at = one.posted_at.astimezone(ZoneInfo(time_zone))
    return (
        f"As {'an' if one.kind == 'image' else 'a'} {one.kind} of {shorten(one.account, 30)} on {at:%A}, {full_date(at.date())},"
        f" {at:%H:%M} ({time_zone}). The account's usual is {number(one.usual)} {measure}. The forecasts were made on"
        f" {full_date(one.made_at.date())}."
    )


def _candidate(one: RankedPicture, *, first: bool) -> Candidate:
    forecast = one.forecast
    return Candidate(
        one.rank,
        shorten(one.file.name, _MAX_NAME_EMS) or "(no name)",
        thumbnail(one.file),
        number(forecast.median),
        f"{number(forecast.low)} to {number(forecast.high)}",
        "" if first else f"{100 * one.first_wins:.0f} of 100",
    )


def _as_forecast(one: CandidateForecast) -> Forecast:
    return Forecast(
        usual=one.usual, usual_low=None, usual_high=None, median=one.median, low=one.low, high=one.high
    )


def _files_by_hash(folder: Path) -> dict[str, Path]:
    """The files by the SHA-256 of their bytes; empty if the folder is gone or has too many."""
    try:
        files: Sequence[Path] = list_candidates(folder)
    except BadInput:
        return {}
    found: dict[str, Path] = {}
    for file in files:
        try:
            with file.open("rb") as stream:
                found.setdefault(hashlib.file_digest(stream, "sha256").hexdigest(), file)
        except OSError:
            # It was removed or can't be read: it has no forecast that could be shown.
            continue
    return found
