"""Settings: `likelens.toml`, read once at the start of a run into one frozen object.

Every mistake in the file is told at once, with the line of the table it is in and what would be right.
The rooms never see this object; they get plain values from it. This is the only module that reads the
environment (`LIKELENS_HOME`) for settings.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifiers.registry import KINDS
from tasks.errors import BadSource
from tasks.scrape.model import SOURCE_NAME, Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.sources import SOURCE_KINDS, settings_model
from warehouse.authors import Keeping
from warehouse.home import Home
from warehouse.rankings import MEASURES, Question, Statistic

Model = TypeVar("Model", bound=BaseModel)
_NAME = re.compile(SOURCE_NAME)

DEFAULT_FILE = "likelens.toml"
_EXAMPLE = """    [[sources]]
    name = "instagram"
    kind = "gallery"
    profile = "imgrum"
    url = "http://www.imgrum.net/user/instagram/25025320"

    [[classifiers]]
    name = "visual"
    kind = "visual\""""


class SettingsError(Exception):
    """The settings can't be used; the text says what is wrong and what to do."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScrapeSettings(_Table):
    """The table `[scrape]`."""

    delay_seconds: float = Field(default=5.0, ge=0, le=3600)
    refresh_days: int = Field(default=14, ge=0)
    full_days: float = Field(default=7.0, ge=0)
    comments: bool = True
    comment_authors: Keeping = "hashed"
    contact: str = Field(default="", max_length=200, pattern=r"^[\x21-\x7e]*$")


class FetchSettings(_Table):
    """The table `[fetch]`."""

    concurrency: int = Field(default=32, ge=1, le=1000)
    per_host: int = Field(default=32, ge=1, le=1000)
    allow_private_hosts: tuple[str, ...] = ()


class RankSettings(_Table):
    """`[rank]`: what the report shows, and what `likelens rank` answers unless it is asked otherwise."""

    statistic: Statistic = "mean"
    top: int = Field(default=10, ge=1, le=1000)
    min_posts: int = Field(default=1, ge=1)
    group: bool = False


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """One `[[classifiers]]`: its name, its kind, and that kind's options with whole paths."""

    name: str
    kind: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class Settings:
    """All of a settings file."""

    file: Path
    home: Home
    sources: tuple[Source, ...]
    classifiers: tuple[ClassifierSettings, ...]
    scrape: ScrapeSettings
    fetch: FetchSettings
    rank: RankSettings
    note: str | None = None


def read_settings(file: Path) -> Settings:
    """Read a settings file. Raises `SettingsError`, which names every mistake in it."""
    given = _parse(file)
    mistakes: list[str] = []
    known = ["home", "note", "sources", "scrape", "fetch", "rank", "classifiers"]
    mistakes += [_unknown(key, known, "") for key in given if key not in known]
    settings = Settings(
        file=file,
        home=Home(_home(given, file, mistakes)),
        sources=tuple(_sources(given, file, mistakes)),
        classifiers=tuple(_classifiers(given, file, mistakes)),
        scrape=_table(ScrapeSettings, given.get("scrape", {}), "[scrape]", mistakes) or ScrapeSettings(),
        fetch=_table(FetchSettings, given.get("fetch", {}), "[fetch]", mistakes) or FetchSettings(),
        rank=_table(RankSettings, given.get("rank", {}), "[rank]", mistakes) or RankSettings(),
        note=_text(given, "note", mistakes),
    )
    if mistakes:
        raise SettingsError(f"The settings {file} can't be used:\n" + "\n".join(f"  - {m}" for m in mistakes))
    return settings


def scrape_options(settings: Settings, *, full: bool = False) -> ScrapeOptions:
    """How the sources are read, from the settings; with `full` to their ends."""
    chosen = settings.scrape
    return ScrapeOptions(
        Politeness(chosen.delay_seconds, chosen.contact),
        chosen.refresh_days,
        chosen.full_days,
        full,
        chosen.comments,
        chosen.comment_authors,
    )


def questions(settings: Settings) -> tuple[Question, ...]:
    """The rankings that every run makes: each classifier by likes, comments and count."""
    chosen = settings.rank
    return tuple(
        Question(lane.name, by, chosen.statistic, chosen.top, None, chosen.min_posts, chosen.group)
        for lane in settings.classifiers
        for by in MEASURES
    )


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"There is no settings file {file}. Name one with --config, or begin with these lines:\n\n{_EXAMPLE}\n\n"
            "or see the whole run on an invented gallery first: likelens demo"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings {file} can't be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings {file} are not TOML: {error}. Mend that line.") from error


def _home(given: Mapping[str, Any], file: Path, mistakes: list[str]) -> Path:
    if from_environment := os.environ.get("LIKELENS_HOME"):
        return Path(from_environment).expanduser().absolute()
    home = _text(given, "home", mistakes) or "data"
    return (file.absolute().parent / Path(home).expanduser()).resolve()


def _text(given: Mapping[str, Any], key: str, mistakes: list[str]) -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        mistakes.append(f"{key}: write a text in quotes")
        return None
    return value


def _sources(given: Mapping[str, Any], file: Path, mistakes: list[str]) -> Iterator[Source]:
    tables = _tables(given, "sources", mistakes)
    if not tables and not mistakes:
        mistakes.append(f"there is no [[sources]]; begin with:\n\n{_EXAMPLE}\n")
    _check_names(tables, "sources", mistakes)
    for where, table in _numbered(tables, "sources"):
        kind = table.get("kind")
        if kind not in SOURCE_KINDS:
            mistakes.append(_wrong_kind(where, kind, list(SOURCE_KINDS)))
            continue
        settings = _table(settings_model(kind), table, where, mistakes)
        if settings is not None:
            try:
                yield settings.open(file.absolute().parent)
            except BadSource as error:
                mistakes.append(f"{where}: {error}")


def _classifiers(given: Mapping[str, Any], file: Path, mistakes: list[str]) -> Iterator[ClassifierSettings]:
    tables = _tables(given, "classifiers", mistakes)
    _check_names(tables, "classifiers", mistakes)
    for where, table in _numbered(tables, "classifiers"):
        kind = table.get("kind")
        if kind not in KINDS:
            mistakes.append(_wrong_kind(where, kind, list(KINDS)))
            continue
        rest = {key: value for key, value in table.items() if key not in ("name", "kind")}
        options = _table(KINDS[kind], rest, where, mistakes)
        if options is not None:
            yield ClassifierSettings(table.get("name", ""), kind, _with_whole_paths(options, file))


def _with_whole_paths(options: BaseModel, file: Path) -> BaseModel:
    folder = file.absolute().parent
    paths = {key: folder / value.expanduser() for key, value in options if isinstance(value, Path)}
    return options.model_copy(update=paths)


def _tables(given: Mapping[str, Any], key: str, mistakes: list[str]) -> list[dict[str, Any]]:
    value = given.get(key, [])
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    mistakes.append(f"{key}: write each as a table of its own, under [[{key}]]")
    return []


def _numbered(tables: list[dict[str, Any]], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, table in enumerate(tables, start=1):
        name = table.get("name")
        yield f"[[{key}]] {number}" + (f" ({name})" if name else ""), table


def _check_names(tables: list[dict[str, Any]], key: str, mistakes: list[str]) -> None:
    names = [table.get("name") for table in tables]
    for where, table in _numbered(tables, key):
        name = table.get("name")
        if not isinstance(name, str):
            mistakes.append(f"{where}: give it a name")
            continue
        if not _NAME.fullmatch(name):
            mistakes.append(f"{where}: a name has letters, digits, '_', '-' and '.' only")
        if names.count(name) > 1 and names.index(name) == tables.index(table):
            mistakes.append(
                f"[[{key}]]: the name {name!r} stands {names.count(name)} times; names are unique"
            )


def _table(model: type[Model], given: Any, where: str, mistakes: list[str]) -> Model | None:
    try:
        return model.model_validate(given, strict=False)
    except ValidationError as error:
        mistakes.extend(_mistake(model, where, one) for one in error.errors())
        return None


def _mistake(model: type[BaseModel], where: str, error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"][:1])
    if error["type"] == "extra_forbidden":
        return _unknown(key, list(model.model_fields), where)
    if error["type"] == "missing":
        return f"{where}: the key {key} is missing"
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {key} = {error['input']!r}: {said}" if key else f"{where}: {said}"


def _unknown(key: str, known: list[str], where: str) -> str:
    close = [name for name in known if name.startswith(key) or key.startswith(name)]
    close += difflib.get_close_matches(key, known, n=1)
    hint = (
        f"did you mean {close[0]}?"
        if close
        else f"known keys: {', '.join(known)}"
        if known
        else "it has no keys"
    )
    return f"{where + ': ' if where else ''}unknown key {key}; {hint}"


def _wrong_kind(where: str, kind: object, known: list[str]) -> str:
    if kind is None:
        return f"{where}: the key kind is missing; it is one of {', '.join(known)}"
    return f"{where}: there is no kind {kind!r}; it is one of {', '.join(known)}"
