"""The parts of a night that `nightly_in_parts` runs on several machines: the flows `collect`, `label` and `publish`.

Each runs some stages of one run, whose id it gets, and leaves the run open. The machines share one home folder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.errors import EXPECTED_ERRORS
from flows.futures import MAX_PARALLEL_TASKS
from flows.lanes import run_lanes
from flows.nightly import collect_all, publish_all
from flows.run_lifecycle import describe_open_stages, join_run
from flows.run_names import name_part, tag_run
from flows.settings import Settings, read_settings
from tasks.run import Run

_FLOW: dict[str, Any] = {
    "flow_run_name": name_part,
    "task_runner": ThreadPoolTaskRunner(max_workers=MAX_PARALLEL_TASKS),
}


@flow(name="collect", **_FLOW)
def collect(config: str, run_id: str, full: bool = False) -> State[Any]:
    """Read the sources and their comments, and fetch the pictures."""

    def body(run: Run, settings: Settings) -> None:
        collect_all(run, settings, full=full)

    return _run_part(config, run_id, body, ("scrape", "read_comments", "find_topics", "fetch"))


@flow(name="label", **_FLOW)
def label(config: str, run_id: str) -> State[Any]:
    """Let all classifiers label the pictures that they have not labelled."""

    def body(run: Run, settings: Settings) -> None:
        run_lanes(run, settings.classifiers, settings.classify.cluster())

    return _run_part(config, run_id, body, ("classify", "tag"))


@flow(name="publish", **_FLOW)
def publish(config: str, run_id: str) -> State[Any]:
    """Publish the database, and write forecasts, rankings and the report."""

    def body(run: Run, settings: Settings) -> None:
        publish_all(run, settings, forecasts=True)

    return _run_part(config, run_id, body, ("publish", "forecast", "rank", "report"), essential="publish")


def _run_part(
    config: str,
    run_id: str,
    body: Callable[[Run, Settings], None],
    stages: Collection[str],
    essential: str = "",
) -> State[Any]:
    """Run stages of an open run.

    The state is Incomplete if one is not done, and Failed if none could begin or the essential one is not done.
    """
    try:
        settings = read_settings(Path(config))
        with join_run(settings, run_id) as run:
            tag_run(settings, [lane.name for lane in settings.classifiers])
            body(run, settings)
            rows = [row for row in run.journal.rows() if row.stage in stages]
    except EXPECTED_ERRORS as error:
        return Failed(message=str(error))
    text = "\n".join(describe_open_stages(rows))
    if any(row.stage == essential and row.status != "done" for row in rows):
        return Failed(message=text)
    return Completed(name="Incomplete", message=text) if text else Completed()
