"""The table `[forecast]`: its folder of candidates, its account, and the stored models."""

from __future__ import annotations

from collections.abc import Iterator

from flows.docs_pages import FORECAST, table_page
from flows.errors import SettingsError
from flows.forecasting.accounts import find_account
from flows.forecasting.stored import MEASURES, stored_measures
from flows.preflight.findings import Finding
from flows.settings import Settings
from tasks.errors import BadInput
from tasks.forecast.storage import load_models
from tasks.forecast_model import ForecastInfo
from tasks.picture_order import list_candidates
from warehouse.errors import NotPublished, WarehouseError
from warehouse.published import published


def check_forecast(settings: Settings) -> Iterator[Finding]:
    """Check what the table names, and say which models there are; nothing where neither is used."""
    chosen = settings.forecast
    if chosen.candidates is not None:
        yield _check_candidates(settings)
    if chosen.account is not None or chosen.candidates is not None:
        yield from _check_account(settings)
    # Who uses no forecasts needs no models.
    measures = stored_measures(settings) if chosen.candidates is None else MEASURES
    models, problems = load_models(settings.home, measures)
    for model in models:
        yield _check_model(settings, model.info)
    for problem in problems:
        yield Finding(False, f"forecast: {problem}", FORECAST)


def _check_candidates(settings: Settings) -> Finding:
    folder = settings.forecast.candidates
    assert folder is not None
    try:
        files = list_candidates(folder)
    except BadInput as error:
        return Finding(False, f"[forecast] candidates: {error}", table_page("forecast"))
    return Finding(True, f"[forecast] candidates: {len(files):,} files in {folder}")


def _check_account(settings: Settings) -> Iterator[Finding]:
    chosen = settings.forecast
    try:
        with published(settings.home) as database:
            source, account = find_account(database, chosen.account, chosen.source)
    except NotPublished:
        return  # nothing is stored before the first run
    except WarehouseError as error:
        yield Finding(False, f"[forecast] account can't be looked up: {error}", table_page("forecast"))
    except SettingsError as error:
        yield Finding(False, f"[forecast] account: {error}", table_page("forecast"))
    else:
        yield Finding(True, f"[forecast] account: {account} of {source}")


def _check_model(settings: Settings, info: ForecastInfo) -> Finding:
    lanes = {lane.name for lane in settings.classifiers}
    if gone := [name for name in info.classifiers if name not in lanes]:
        return Finding(
            False,
            f"forecast of {info.measure}: trained on labels of {', '.join(gone)}, which the settings do not have any more."
            " Train again with `likelens forecast --train`",
            FORECAST,
        )
    return Finding(
        True, f"forecast of {info.measure}: {info.method}, {info.verdict}, trained {info.trained_at:%Y-%m-%d}"
    )
