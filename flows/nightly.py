"""The flows: `nightly` takes every account from its posts to charts, `relabel` runs one classifier again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import allow_failure, flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import SecretStr

from flows.futures import TASKS_AT_ONCE, wait_for
from flows.lanes import run_lanes
from flows.run_lifecycle import begun, conclude, has_posts
from flows.secrets import secret
from flows.settings import (
    DEFAULT_FILE,
    ClassifierSettings,
    Settings,
    SettingsError,
    questions,
    read_settings,
    scrape_options,
)
from tasks.errors import EXPECTED
from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.task import fetch
from tasks.publish.task import publish
from tasks.rank.task import rank
from tasks.report.task import report
from tasks.run import Run
from tasks.scrape.crawl.process import HALTED
from tasks.scrape.model import Source
from tasks.scrape.task import scrape
from tasks.user_agent import user_agent
from warehouse.runs import StageResult

TOLD_IN_WORDS: tuple[type[Exception], ...] = (SettingsError, *EXPECTED)


# The runner's type parameter is invariant in Prefect 3.8, so its own kind of runner does not fit its own decorator.
@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=TASKS_AT_ONCE))  # type: ignore[arg-type]
def nightly(config: str = DEFAULT_FILE, full: bool = False) -> State[Any]:
    """The whole run: scrape, fetch, classify or tag, publish, rank, report.

    `config` is the settings file; with `full` every source is read to its end. The state is Completed,
    Incomplete (also of type completed: published, but a source or lane is not), or Failed; its message says
    what is missing.
    """
    try:
        settings = read_settings(Path(config))
        with begun(settings) as run:
            scrape_all(run, settings, full=full)
            if has_posts(run):
                fetch(run, options(settings), return_state=True)
                run_lanes(run, settings.classifiers)
                publish_all(run, settings)
            return final_state(conclude(run))
    except TOLD_IN_WORDS as error:
        return Failed(message=str(error))


@flow(name="relabel")
def relabel(config: str = DEFAULT_FILE, classifier: str = "") -> State[Any]:
    """Run one classifier over the stored pictures that its version was not asked about, and publish."""
    try:
        settings = read_settings(Path(config))
        lane = lane_called(settings, classifier)
        with begun(settings, go_on=False) as run:
            run_lanes(run, [lane])
            publish_all(run, settings)
            return final_state(conclude(run))
    except TOLD_IN_WORDS as error:
        return Failed(message=str(error))


def scrape_all(run: Run, settings: Settings, *, full: bool = False) -> None:
    """Crawl the sources: different hosts at the same time, those on one host one after the other."""
    HALTED.clear()
    how = scrape_options(settings, full=full)
    last: dict[str, PrefectFuture[Any]] = {}
    futures = []
    for source in settings.sources:
        before: Any = [allow_failure(last[source.host])] if source.host in last else []
        last[source.host] = scrape.submit(
            run, source, how, _secret_of(source), wait_for=before, return_state=False
        )
        futures.append(last[source.host])
    wait_for(futures, HALTED.set)


def _secret_of(source: Source) -> SecretStr | None:
    token = secret(source.secret_name) if source.secret_name else None
    return None if token is None else SecretStr(token)


def publish_all(run: Run, settings: Settings) -> None:
    """The stages after labelling; the later ones need the database of the first."""
    if publish(run, return_state=True).is_completed():
        asked = questions(settings)
        rank(run, asked, return_state=True)
        report(run, asked, settings.note, return_state=True)


def options(settings: Settings) -> FetchOptions:
    """How pictures are fetched, from the settings."""
    fetch = settings.fetch
    folders = tuple(folder for source in settings.sources for folder in source.folders)
    allowed = frozenset(fetch.allow_private_hosts)
    named = user_agent(settings.scrape.contact)
    return FetchOptions(fetch.concurrency, allowed, Limits(), folders, fetch.per_host, named)


def lane_called(settings: Settings, name: str) -> ClassifierSettings:
    """The classifier with that name. Raises `SettingsError` when there is none."""
    for lane in settings.classifiers:
        if lane.name == name:
            return lane
    known = ", ".join(lane.name for lane in settings.classifiers) or "none"
    raise SettingsError(f"{settings.file} has no classifier {name!r}; it has: {known}.")


def final_state(ended: StageResult) -> State[Any]:
    """A run's end as Prefect shows it."""
    if ended.status == "failed":
        return Failed(message=ended.message)
    if ended.status == "incomplete":
        return Completed(name="Incomplete", message=ended.message)
    return Completed(message=f"{ended.items} posts seen")
