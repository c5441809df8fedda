"""The task classify: one classifier's lane."""

from __future__ import annotations

import gc
from typing import Any

from prefect import task
from prefect.client.schemas.objects import State
from pydantic import BaseModel

from classifiers.registry import load
from tasks.classify.labelling import label_pictures
from tasks.progress import shown_progress
from tasks.stage import HOUR, STAGE, Night, run_stage
from warehouse.runs import Ended
from warehouse.waiting import count_pictures


@task(name="classify", task_run_name="classify-{name}", timeout_seconds=24 * HOUR, **STAGE)
def classify(night: Night, name: str, kind: str, options: BaseModel) -> State[Any]:
    """Load a classifier and label the pictures that its version was not asked about."""

    def body() -> Ended:
        if not count_pictures(night.home.lake):
            return Ended("done", message="there are no pictures yet")
        with shown_progress(f"classify {name}") as tell:
            ended = label_pictures(night.home, load(kind, name, options), tell)
        # A model holds hundreds of megabytes; the next lane needs them.
        gc.collect()
        return ended

    return run_stage(night, "classify", name, body)
