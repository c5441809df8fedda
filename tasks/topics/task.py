"""The task find_topics."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.progress import show_progress
from tasks.run import STAGE, Run, run_stage
from tasks.topics.stage import find_topics as find_comment_topics
from warehouse.authors import AuthorPolicy
from warehouse.records.runs import StageResult


@task(name="find_topics", task_run_name="find_topics", **STAGE)
def find_topics(run: Run, authors: AuthorPolicy) -> State[Any]:
    """Give each comment its topic, without a network; find the topics of a language where that is due.

    `authors` says how authors of comments are stored: no word that is the name of one names a topic.
    """

    def body() -> StageResult:
        with show_progress("find topics") as progress:
            return find_comment_topics(run.home, authors, progress)

    return run_stage(run, "find_topics", "", body)
