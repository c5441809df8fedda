"""What all tasks share: a stage runs once a run and lane, its end is a row, and its errors are words.

A task is a Prefect task with `STAGE` options around `run_stage`, which holds no logic of the stage.
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
from tasks.log_filters import leave_out_repeated_failures
from warehouse.home import Home
from warehouse.runs import Journal, StageResult

logger = logging.getLogger(__name__)

RETRIES = 2
BACKOFF_SECONDS = 3.0
"""Pause before the first retry, doubled for the second, and up to doubled again by jitter. Pages and pictures
have their own, longer retries; these are for what broke around them."""
TRY_AGAIN = "TryAgain"
HOUR = 3600.0


def _wants_retry(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    return state.name == TRY_AGAIN


STAGE: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": exponential_backoff(BACKOFF_SECONDS),
    "retry_jitter_factor": 1.0,
    "retry_condition_fn": _wants_retry,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""Options of every stage's task; each adds its name and timeout."""


leave_out_repeated_failures()


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the stages see it: where everything is stored, and its journal."""

    home: Home
    journal: Journal


def run_stage(run: Run, stage: str, lane: str, body: Callable[[], StageResult]) -> State[Any]:
    """Run a stage's body with its rows in the journal; its end, or its error in words, is the state.

    Errors of `tasks.errors.REACTIONS` become a failed state without a traceback: one that the task
    tries again, while it has tries left, or one that stands. Any other error is a bug and is raised.
    """
    try:
        run.journal.start(stage, lane)
        ended = body()
    except EXPECTED as error:
        if reaction(error) == "retry" and not is_last_try():
            logger.warning("%s", error)
            return Failed(message=str(error), name=TRY_AGAIN)
        ended = StageResult("failed", message=str(error), counts=getattr(error, "counts", None))
    _note(run, stage, lane, ended)
    return _state(ended)


def is_last_try() -> bool:
    """Whether the running task has no tries left; True outside a task."""
    context = TaskRunContext.get()
    return context is None or context.task_run.run_count > context.task.retries


def _note(run: Run, stage: str, lane: str, ended: StageResult) -> None:
    # The end itself is logged by Prefect, as the task's state with its message.
    try:
        run.journal.finish(stage, lane, ended)
    except EXPECTED as error:
        logger.error("The end of %s could not be noted: %s", f"{stage} {lane}".strip(), error)


def _state(ended: StageResult) -> State[Any]:
    if ended.status == "failed":
        return Failed(message=ended.message)
    if ended.status == "incomplete":
        return Completed(name="Incomplete", message=ended.message)
    return Completed(message=f"{ended.items:,} items. {ended.message}".strip())
