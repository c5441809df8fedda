"""Settings: `likelens.toml`, read once at the start of a run into one frozen model.

An error lists every mistake in the file. The stages get plain values and never this model. `LIKELENS_HOME` and
`LIKELENS_CACHE` are the only variables of the environment that are settings.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from classifiers.registry import KINDS
from flows.cluster_settings import ClassifySettings, RunnerSettings
from flows.comment_settings import CommentSettings
from flows.docs_pages import SETTINGS
from flows.embeddings import complete_themes
from flows.errors import SettingsError
from flows.example_settings import EXAMPLE
from flows.forecasting.settings import ForecastSettings, check_forecast
from flows.home_settings import StorageSettings, home_variable, open_home
from flows.pool_settings import PoolSettings
from flows.serve.server import ServerSettings
from flows.settings_mistakes import describe_mistake, find_name_mistakes
from flows.time_slices import check_time_zone
from tasks.errors import BadSource
from tasks.maintain.options import MaintainOptions
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.sources import SOURCE_KINDS, settings_model
from warehouse.authors import AuthorPolicy
from warehouse.database.check_limits import DEFAULT_MAX_COUNT, CheckLimits
from warehouse.home import Home
from warehouse.ranking.measures import RUN_BY
from warehouse.ranking.plain_statistics import Statistic
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.storage.retention import KEEP_HOURS

DEFAULT_FILE = "likelens.toml"
MAX_DAYS = 36_500
"""A hundred years; dates this far in the past exist, and those of larger numbers do not."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScrapeSettings(_Table):
    """The table `[scrape]`."""

    delay_seconds: float = Field(default=5.0, ge=0, le=3600)
    refresh_days: int = Field(default=14, ge=0, le=MAX_DAYS)
    full_days: float = Field(default=7.0, ge=0, le=MAX_DAYS)
    quiet_days: int = Field(default=14, ge=1, le=MAX_DAYS)
    comments: bool = True
    comment_authors: AuthorPolicy = "hashed"
    contact: str = Field(default="", max_length=200, pattern=r"^[\x21-\x7e]*$")


class FetchSettings(RunnerSettings):
    """The table `[fetch]`. A runner without address and workers is the cluster of `[classify]`, if that has the same one."""

    concurrency: int = Field(default=32, ge=1, le=1000)
    per_host: int = Field(default=32, ge=1, le=1000)
    allow_private_hosts: tuple[str, ...] = ()


class RankSettings(_Table):
    """The table `[rank]`: the rankings of the report, and the defaults of `likelens rank`."""

    statistic: Statistic = "lift"
    top: int = Field(default=10, ge=1, le=1000)
    min_posts: int | None = Field(default=None, ge=1)
    group: bool = False
    time_zone: Annotated[str, AfterValidator(check_time_zone)] = "UTC"


class PublishSettings(_Table):
    """The table `[publish]`: what stops a publish."""

    max_count: int = Field(default=DEFAULT_MAX_COUNT, ge=1, le=2**63 - 1)
    max_failed_share: float | None = Field(default=None, gt=0, le=1)
    max_age_days: float | None = Field(default=None, gt=0, le=MAX_DAYS)


class StoreSettings(_Table):
    """The table `[store]`: how long old versions and originals stay."""

    history_days: int = Field(default=KEEP_HOURS // 24, ge=KEEP_HOURS // 24, le=MAX_DAYS)
    originals_days: int | None = Field(default=None, ge=1, le=MAX_DAYS)


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """One `[[classifiers]]`: its name, its kind, and the options of that kind with absolute paths."""

    name: str
    kind: str
    options: BaseModel


def _open_source(table: Any, info: ValidationInfo) -> Source:
    settings = settings_model(_kind_of(table, SOURCE_KINDS)).model_validate(table)
    try:
        return replace(settings.open(_folder(info)), kind=settings.kind)
    except BadSource as error:
        raise ValueError(str(error)) from error


def _read_classifier(table: Any, info: ValidationInfo) -> ClassifierSettings:
    kind = _kind_of(table, KINDS)
    options = KINDS[kind].model_validate({key: table[key] for key in table if key not in ("name", "kind")})
    paths = {key: _folder(info) / path.expanduser() for key, path in options if isinstance(path, Path)}
    return ClassifierSettings(table.get("name", ""), kind, options.model_copy(update=paths))


def _kind_of(table: Any, kinds: Collection[str]) -> str:
    """Check a table's kind against a registry: only the kinds that the settings name are imported."""
    if not isinstance(table, dict):
        raise PydanticCustomError("kind", "write a table")
    kind, known = table.get("kind"), ", ".join(kinds)
    if kind is None:
        raise PydanticCustomError("kind", f"the key kind is missing; it is one of {known}")
    if not isinstance(kind, str) or kind not in kinds:
        raise PydanticCustomError("kind", f"there is no kind {kind!r}; it is one of {known}")
    return kind


def _open_home(home: Any, info: ValidationInfo) -> Home:
    if not isinstance(home, str):
        raise PydanticCustomError("home", "write a text in quotes")
    # Absent where the table has mistakes of its own.
    storage = info.data.get("storage", StorageSettings())
    return open_home(home, storage, _folder(info))


def _folder(info: ValidationInfo) -> Path:
    assert isinstance(info.context, Path), "read_settings passes the file"
    return info.context.absolute().parent


class Settings(_Table):
    """A settings file; its paths are relative to the file."""

    _file: Path
    storage: StorageSettings = StorageSettings()
    # After the table, which says how an object store is reached.
    home: Annotated[Home, PlainValidator(_open_home)] = Field(default="data", validate_default=True)
    note: str | None = None
    sources: tuple[Annotated[Source, PlainValidator(_open_source)], ...] = ()
    scrape: ScrapeSettings = ScrapeSettings()
    comments: CommentSettings = CommentSettings()
    fetch: FetchSettings = FetchSettings()
    classify: ClassifySettings = ClassifySettings()
    rank: RankSettings = RankSettings()
    publish: PublishSettings = PublishSettings()
    store: StoreSettings = StoreSettings()
    server: ServerSettings = ServerSettings()
    pools: PoolSettings | None = None
    classifiers: Annotated[
        tuple[Annotated[ClassifierSettings, PlainValidator(_read_classifier)], ...],
        AfterValidator(complete_themes),
    ] = ()
    # After the classifiers, whose names it checks.
    forecast: Annotated[ForecastSettings, AfterValidator(check_forecast)] = ForecastSettings()

    def model_post_init(self, context: Any) -> None:
        """Remember the file, which is the context of the validation."""
        self._file = context

    @property
    def file(self) -> Path:
        """The settings file."""
        return self._file


def read_settings(file: Path, *, sources: bool = True) -> Settings:
    """Read a settings file. Raises `SettingsError`, which names every mistake in it.

    Without `sources` the result has none of them: opening them imports what reads pages, which takes longer than a
    query of what is stored.
    """
    return parse_settings(_read(file), file, sources=sources)


def parse_settings(text: str, file: Path, *, sources: bool = True) -> Settings:
    """Read settings from a text; `file` is where it lies, or will lie. Raises `SettingsError` as `read_settings`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The settings {file} are not TOML: {error}. Fix that line. See {SETTINGS}."
        ) from error
    if home := home_variable():
        given["home"] = home
    mistakes = list(find_name_mistakes(given))
    if not sources:
        given.pop("sources", None)
    try:
        settings = Settings.model_validate(given, context=file)
    except ValidationError as error:
        # `find_name_mistakes` describes the names of sources.
        errors = [one for one in error.errors() if one["loc"][2:] != ("name",)]
        mistakes += [describe_mistake(one, given, Settings) for one in errors]
    if mistakes:
        lines = "\n".join(f"  - {one.text}" for one in mistakes)
        pages = ", ".join(dict.fromkeys(one.page for one in mistakes))
        raise SettingsError(f"The settings {file} can't be used:\n{lines}\nSee {pages}.")
    return settings


def find_classifier(settings: Settings, name: str) -> ClassifierSettings:
    """Return the classifier with that name. Raises `SettingsError` when there is none."""
    for lane in settings.classifiers:
        if lane.name == name:
            return lane
    known = ", ".join(lane.name for lane in settings.classifiers) or "none"
    raise SettingsError(f"{settings.file} has no classifier {name!r}; it has: {known}.")


def scrape_options(settings: Settings, *, full: bool = False) -> ScrapeOptions:
    """Return how the sources are read; with `full` to their last pages."""
    scrape = settings.scrape
    return ScrapeOptions(
        Politeness(scrape.delay_seconds, scrape.contact),
        scrape.refresh_days,
        scrape.full_days,
        full,
        scrape.comments,
        scrape.comment_authors,
    )


def check_limits(settings: Settings) -> CheckLimits:
    """Return what stops a publish."""
    publish = settings.publish
    return CheckLimits(publish.max_count, publish.max_failed_share, publish.max_age_days)


def maintain_options(settings: Settings, *, all_pictures: bool) -> MaintainOptions:
    """Return how a home folder is maintained."""
    store = settings.store
    return MaintainOptions(store.history_days, store.originals_days, all_pictures, check_limits(settings))


def questions(settings: Settings) -> tuple[RankingQuery, ...]:
    """Return the rankings of every run: each classifier by likes, comments and count."""
    rank = settings.rank
    return tuple(
        RankingQuery(
            lane.name,
            by,
            rank.statistic,
            rank.top,
            None,
            rank.min_posts,
            rank.group,
            time_zone=rank.time_zone,
        )
        for lane in settings.classifiers
        for by in RUN_BY
    )


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"There is no settings file {file}. Name one with --config, write one with `likelens init`, or begin with"
            f" these lines:\n\n{EXAMPLE}\n\nTo see a run on an invented gallery first: likelens demo\nSee {SETTINGS}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings {file} can't be read: {error}. Save the file as UTF-8, and let your user read it. See"
            f" {SETTINGS}."
        ) from error
