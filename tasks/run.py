"""What all tasks share: the row of a stage in the journal, and messages for its errors.

A task is a Prefect task with the options `STAGE` around `run_stage`, without logic of the stage.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff

from tasks.errors import EXPECTED, reaction
from tasks.log_filters import drop_repeated_failures
from tasks.stage_events import StageName, report_end, report_retry, report_stage
from warehouse.home import Home
from warehouse.records.runs import Journal, StageResult

logger = logging.getLogger(__name__)

RETRIES = 2
BACKOFF_SECONDS = 3.0
"""The pause before the first retry. It doubles for the second one, and jitter can double it again. Pages and
pictures have their own, longer retries; these are for failures around them."""
RETRY_STATE = "TryAgain"
HOUR = 3600.0


def _should_retry(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    return state.name == RETRY_STATE


STAGE: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": exponential_backoff(BACKOFF_SECONDS),
    "retry_jitter_factor": 1.0,
    "retry_condition_fn": _should_retry,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""Options of every stage's task; each task adds its name and timeout."""


drop_repeated_failures()


@dataclass(frozen=True, slots=True)
class Run:
    """A run for its stages: the home folder and the journal.

    With `compare_all` the stage classify compares all pictures with all labels, not only new ones.
    """

    home: Home
    journal: Journal
    compare_all: bool = False


def run_stage(run: Run, stage: str, lane: str, body: Callable[[], StageResult]) -> State[Any]:
    """Run a stage's body with its rows in the journal. The state has its result, or the message of its error.

    Errors of `tasks.errors.REACTIONS` become a failed state without a traceback: a state that the task
    retries while it has tries left, or a final one. Any other error is a bug and is raised.
    """
    name = StageName(stage, lane)
    try:
        with report_stage(name):
            run.journal.start(stage, lane)
            result = body()
            run.home.share_state()
    except EXPECTED as error:
        if reaction(error) == "retry" and not is_last_try():
            logger.warning("%s", error)
            report_retry(name, str(error))
            return Failed(message=str(error), name=RETRY_STATE)
        result = StageResult("failed", message=str(error), counts=getattr(error, "counts", None))
    _record(run, name, result)
    report_end(name, result)
    return _state(result)


def is_last_try() -> bool:
    """Whether the running task has no tries left; True outside a task."""
    context = TaskRunContext.get()
    return context is None or context.task_run.run_count > context.task.retries


def _record(run: Run, name: StageName, result: StageResult) -> None:
    # Prefect logs the result itself, as the task's state with its message.
    try:
        run.journal.finish(name.stage, name.lane, result)
    except EXPECTED as error:
        logger.error("The result of %s could not be stored: %s", name, error)


def _state(result: StageResult) -> State[Any]:
    if result.status == "failed":
        return Failed(message=result.message)
    if result.status == "incomplete":
        return Completed(name="Incomplete", message=result.message)
    return Completed(message=f"{result.items:,} items. {result.message}".strip())
