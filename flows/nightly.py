"""The flows: `nightly` runs every stage, `relabel` runs one classifier again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect import allow_failure, flow, tags
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import SecretStr

from flows.cluster_settings import choose_fetch_cluster
from flows.errors import EXPECTED_ERRORS
from flows.forecasting.night import write_forecasts
from flows.forecasting.report import report_forecasts
from flows.futures import MAX_PARALLEL_TASKS, wait_for
from flows.lanes import run_lanes
from flows.night_report import report_night
from flows.run_lifecycle import close_run, has_posts, open_run, take_over_parts
from flows.run_names import name_nightly, name_relabel, tag_run
from flows.secrets import secret
from flows.settings import (
    DEFAULT_FILE,
    Settings,
    check_limits,
    find_classifier,
    questions,
    read_settings,
    scrape_options,
)
from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.task import fetch
from tasks.publish.task import publish
from tasks.rank.task import rank
from tasks.read_comments.task import read_comments
from tasks.report.task import report
from tasks.run import Run
from tasks.scrape.crawl.process import HALTED
from tasks.scrape.model import Source
from tasks.scrape.task import scrape
from tasks.topics.task import find_topics
from tasks.user_agent import user_agent
from warehouse.records.runs import StageResult


@flow(
    name="nightly",
    flow_run_name=name_nightly,
    # The runner's type parameter is invariant in Prefect 3.8, so its own kind of runner does not fit its own decorator.
    task_runner=ThreadPoolTaskRunner(max_workers=MAX_PARALLEL_TASKS),  # type: ignore[arg-type]
)
def nightly(config: str = DEFAULT_FILE, full: bool = False) -> State[Any]:
    """Run all stages: scrape, read comments, find topics, fetch, classify or tag, publish, forecast, rank, report.

    `config` is the settings file; with `full` every source is read to its last page. The state is Completed,
    Incomplete (type completed: published, but a source or lane is missing) or Failed; its message says what is
    missing.
    """
    try:
        settings = read_settings(Path(config))
        lanes = [lane.name for lane in settings.classifiers]
        tag_run(settings, lanes)
        with open_run(settings) as run:
            take_over_parts(run)
            collect_all(run, settings, full=full)
            if has_posts(run):
                run_lanes(run, settings.classifiers, settings.classify.cluster())
                publish_all(run, settings, forecasts=True)
            result = close_run(run)
            report_night(run, settings, result, "nightly", lanes)
            return final_state(result)
    except EXPECTED_ERRORS as error:
        return Failed(message=str(error))


@flow(name="relabel", flow_run_name=name_relabel)
def relabel(config: str = DEFAULT_FILE, classifier: str = "") -> State[Any]:
    """Run one classifier over the stored pictures that its version has not labelled, and publish."""
    try:
        settings = read_settings(Path(config))
        lane = find_classifier(settings, classifier)
        tag_run(settings, [lane.name])
        with open_run(settings, resume=False) as run:
            run_lanes(replace(run, compare_all=True), [lane], settings.classify.cluster())
            publish_all(run, settings)
            result = close_run(run)
            report_night(run, settings, result, "relabel", [lane.name])
            return final_state(result)
    except EXPECTED_ERRORS as error:
        return Failed(message=str(error))


def collect_all(run: Run, settings: Settings, *, full: bool) -> None:
    """Read the sources and their comments, and fetch the pictures."""
    scrape_all(run, settings, full=full)
    if has_posts(run):
        read_all_comments(run, settings)
        cluster = choose_fetch_cluster(settings.fetch, settings.classify)
        fetch(run, fetch_options(settings), cluster, return_state=True)


def scrape_all(run: Run, settings: Settings, *, full: bool = False) -> None:
    """Crawl the sources: different hosts at the same time, sources on one host one after the other."""
    HALTED.clear()
    options = scrape_options(settings, full=full)
    last: dict[str, PrefectFuture[Any]] = {}
    futures = []
    for source in settings.sources:
        before: Any = [allow_failure(last[source.host])] if source.host in last else []
        with tags(f"source:{source.name}"):
            last[source.host] = scrape.submit(
                run, source, options, _token(source), wait_for=before, return_state=False
            )
        futures.append(last[source.host])
    wait_for(futures, HALTED.set)


def _token(source: Source) -> SecretStr | None:
    token = secret(source.secret_name) if source.secret_name else None
    return None if token is None else SecretStr(token)


def read_all_comments(run: Run, settings: Settings) -> None:
    """Read new comments as the settings say, and find what they are about once all are read."""
    authors, options = (
        settings.scrape.comment_authors,
        settings.comments.read_options(are_scraped=settings.scrape.comments),
    )
    if read_comments(run, authors, options, return_state=True).is_completed():
        find_topics(run, authors, return_state=True)


def publish_all(run: Run, settings: Settings, *, forecasts: bool = False) -> None:
    """Run the stages after labelling; `rank` and `report` read the database that `publish` writes.

    With `forecasts` those of new posts are written too, where a model is stored.
    """
    if publish(run, check_limits(settings), settings.store.history_days, return_state=True).is_completed():
        if forecasts:
            write_forecasts(run, settings)
        rank(run, questions(settings), return_state=True)
        report(
            run,
            questions(settings),
            settings.note,
            quote=settings.comments.quote,
            forecasts=report_forecasts(settings),
            return_state=True,
        )


def fetch_options(settings: Settings) -> FetchOptions:
    """Return how pictures are fetched."""
    fetch = settings.fetch
    folders = tuple(folder for source in settings.sources for folder in source.folders)
    allowed = frozenset(fetch.allow_private_hosts)
    agent = user_agent(settings.scrape.contact)
    return FetchOptions(fetch.concurrency, allowed, Limits(), folders, fetch.per_host, agent)


def final_state(result: StageResult) -> State[Any]:
    """Return a run's result as a Prefect state."""
    if result.status == "failed":
        return Failed(message=result.message)
    if result.status == "incomplete":
        return Completed(name="Incomplete", message=result.message)
    return Completed(message=f"{result.items} posts seen")
