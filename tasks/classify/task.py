"""The task classify: one classifier's lane."""

from __future__ import annotations

import gc
import threading
from typing import Any

from prefect import task
from prefect.client.schemas.objects import State
from pydantic import BaseModel

from classifiers.registry import load
from tasks.classify.decoding import Decoding
from tasks.classify.stage import label_pictures
from tasks.progress import shown_progress
from tasks.run import STAGE, Run, run_stage
from warehouse.pending import count_pictures
from warehouse.runs import StageResult

_LOADING = threading.Lock()
"""Models are loaded one after the other: their libraries change what belongs to the whole process meanwhile."""


# Without Prefect's time limit, which can't end a task in a worker thread; `Decoding` has its own.
@task(name="classify", task_run_name="classify-{name}", **STAGE)
def classify(run: Run, name: str, kind: str, options: BaseModel, decoding: Decoding) -> State[Any]:
    """Load a classifier and label the pictures that its version was not asked about.

    Lanes that run at the same time share the `decoding`.
    """

    def body() -> StageResult:
        if not count_pictures(run.home.lake):
            return StageResult("done", message="there are no pictures yet")
        with shown_progress(f"classify {name}") as tell:
            with _LOADING:
                decoding.go_on()
                classifier = load(kind, name, options)
            ended = label_pictures(run.home, classifier, tell, decoding)
        del classifier
        # A model holds hundreds of megabytes; the next lane needs them.
        gc.collect()
        return ended

    try:
        return run_stage(run, "classify", name, body)
    finally:
        decoding.leave(name)
