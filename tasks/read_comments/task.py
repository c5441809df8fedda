"""The task read_comments."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.progress import show_progress
from tasks.read_comments.options import ReadOptions
from tasks.read_comments.stage import read_comments as read_new_comments
from tasks.run import STAGE, Run, run_stage
from warehouse.authors import AuthorPolicy
from warehouse.records.runs import StageResult


@task(name="read_comments", task_run_name="read_comments", **STAGE)
def read_comments(run: Run, authors: AuthorPolicy, options: ReadOptions) -> State[Any]:
    """Read the language, tone, spam, questions and mentions of new comments, without a network.

    `authors` says how the accounts that comments mention are stored.
    """

    def body() -> StageResult:
        with show_progress("read comments") as progress:
            return read_new_comments(run.home, authors, progress, options)

    return run_stage(run, "read_comments", "", body)
