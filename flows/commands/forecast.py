"""Forecast likes and comments: of a picture before it is posted, of a folder of candidates, and what it is worth."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
import duckdb

from flows.completion import complete
from flows.errors import SettingsError
from flows.forecasting.accounts import describe_few_posts, find_account
from flows.forecasting.picture_output import (
    name_files,
    notes_of,
    order_as_json,
    picture_as_json,
    print_order,
    print_picture,
)
from flows.forecasting.planned_time import EXAMPLES, read_planned_time
from flows.forecasting.planning import PictureForecast, Plan, forecast_pictures, label_candidates
from flows.forecasting.settings import Kind
from flows.forecasting.stored import MEASURES, stored_infos
from flows.options import with_config, with_format
from flows.output import CHECK_FORMATS, CheckFormat, write
from flows.settings import Settings, read_settings
from tasks.errors import BadInput
from tasks.forecast.storage import load_model
from tasks.forecast_model import ForecastModel, Measure
from tasks.picture_order import list_candidates, rank_candidates
from warehouse.published import published


def _with_formats(command: click.decorators.FC) -> click.decorators.FC:
    return with_format(command, CHECK_FORMATS)


@click.command(help=__doc__)
@with_config
@click.option(
    "--account",
    shell_complete=complete("account"),
    help="Account that would post it.  [default: the only one]",
)
@click.option(
    "--source", shell_complete=complete("source"), help="Source of the account, where several have it."
)
@click.option("--at", help=f"When it would be posted: {EXAMPLES.replace(chr(34), '')}.")
@click.option("--kind", type=click.Choice(get_args(Kind)), help="Kind of the post.  [default: image]")
@click.option(
    "--by", type=click.Choice(MEASURES), default="likes", show_default=True, help="Order of candidates."
)
@click.option("--train", is_flag=True, help="Train the models again first.")
@_with_formats
@click.argument("picture", required=False, type=click.Path(path_type=Path))
def forecast(
    config: Path,
    account: str | None,
    source: str | None,
    at: str | None,
    kind: str | None,
    by: Measure,
    train: bool,
    form: CheckFormat,
    picture: Path | None,
) -> int:
    settings = read_settings(config, sources=False)
    now = datetime.now(UTC)
    with published(settings.home) as database:
        if picture is None:
            _show_skill(settings, database, account, source, train=train, form=form)
            return 0
        if not picture.exists():
            raise SettingsError(
                f"There is no file or folder {picture}. Name a picture, or a folder of candidates."
            )
        chosen = settings.forecast
        plan = Plan(
            *find_account(database, account or chosen.account, source or chosen.source),
            kind or chosen.kind,
            read_planned_time(_time(at, chosen.at), settings.rank.time_zone, now),
        )
        if train:
            from flows.forecasting.training import train_models

            train_models(settings, database)
        models = [load_model(settings.home, measure) for measure in MEASURES]
        show = _show_order if picture.is_dir() else _show_picture
        show(settings, database, models, plan, picture, by, form, now)
    return 0


def _time(at: str | None, default: str | None) -> str:
    if (text := at or default) is None:
        raise SettingsError(f"Say when it would be posted: --at with {EXAMPLES}, or at in [forecast].")
    return text


def _show_skill(
    settings: Settings,
    database: duckdb.DuckDBPyConnection,
    account: str | None,
    source: str | None,
    *,
    train: bool,
    form: CheckFormat,
) -> None:
    # A picture needs none of these, and they take longer to import than its forecast.
    from flows.forecasting.skill_output import print_skill, print_skill_as_json
    from flows.forecasting.training import measure_accounts, train_models
    from warehouse.overview.forecast_scores import read_scores

    if account is not None:
        source, account = find_account(database, account, source)
    infos = stored_infos(settings)
    if train or len(infos) < len(MEASURES):
        infos = train_models(settings, database)
    settings.home.lake.create()  # adds the table of forecasts to the home folder of an older likelens
    scores = read_scores(settings.home.lake, account=account, source=source)
    qualities = measure_accounts(settings, database, infos, source, account) if source and account else {}
    if form == "json":
        print_skill_as_json(infos, scores, qualities)
    else:
        print_skill(infos, scores, qualities, account)


def _show_picture(
    settings: Settings,
    database: duckdb.DuckDBPyConnection,
    models: list[ForecastModel],
    plan: Plan,
    file: Path,
    by: Measure,
    form: CheckFormat,
    now: datetime,
) -> None:
    labelled = label_candidates(settings, database, models, [file])
    if reason := labelled[0].unreadable:
        raise BadInput(f"The file {file} can't be read as a picture ({reason}). Name another file.")
    [found] = forecast_pictures(database, models, plan, labelled, now)
    notes = _notes(database, models, plan, [found])
    if all(one.median is None for one in found.forecasts.values()):
        raise BadInput(" ".join([f"There is no forecast for {plan.account}.", *notes]))
    if form == "json":
        write(picture_as_json(found, plan, notes))
    else:
        print_picture(found, plan, notes, settings.rank.time_zone)


def _show_order(
    settings: Settings,
    database: duckdb.DuckDBPyConnection,
    models: list[ForecastModel],
    plan: Plan,
    folder: Path,
    by: Measure,
    form: CheckFormat,
    now: datetime,
) -> None:
    labelled = label_candidates(settings, database, models, list_candidates(folder))
    unreadable = [one.file for one in labelled if one.unreadable]
    readable = [one for one in labelled if not one.unreadable]
    if not readable:
        raise BadInput(
            f"No file in {folder} can be read as a picture ({name_files(unreadable)}). Name another folder."
        )
    pictures = forecast_pictures(database, models, plan, readable, now)
    ranked = rank_candidates([(one.file, one.forecasts[by]) for one in pictures])
    notes = _notes(database, models, plan, pictures)
    if unreadable:
        notes.append(f"No pictures, left out: {len(unreadable):,} ({name_files(unreadable)}).")
    if not ranked:
        raise BadInput(" ".join([f"There is no forecast of {by} for {plan.account}.", *notes]))
    if form == "json":
        write(order_as_json(ranked, pictures, by, plan, notes))
    else:
        print_order(ranked, pictures, by, plan, settings.rank.time_zone, notes)


def _notes(
    database: duckdb.DuckDBPyConnection,
    models: list[ForecastModel],
    plan: Plan,
    pictures: list[PictureForecast],
) -> list[str]:
    """What a user should know about these forecasts."""
    infos = {model.info.measure: model.info for model in models}
    return [*describe_few_posts(database, plan.source, plan.account), *notes_of(pictures, infos)]
