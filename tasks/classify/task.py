"""The task classify: the lane of one classifier."""

from __future__ import annotations

import gc
import threading
from typing import Any

from prefect import task
from prefect.client.schemas.objects import State
from pydantic import BaseModel

from classifiers.keras_options import KerasOptions
from classifiers.protocol import Classifier, EmbeddingClassifier
from classifiers.registry import load
from classifiers.themes import ThemesOptions
from classifiers.zero_shot import ZeroShotOptions
from classifiers.zero_shot.options import load as load_zero_shot
from tasks.classify.decoding import SharedDecoder
from tasks.classify.keras_lane import load_keras
from tasks.classify.on_cluster.items import LaneModel
from tasks.classify.on_cluster.lane import LaneWorkers
from tasks.classify.stage import label_pictures
from tasks.classify.themes.stage import load_themes
from tasks.cluster.opening import ClusterSession
from tasks.progress import show_progress
from tasks.run import STAGE, Run, run_stage
from warehouse.embeddings.themes import record_embedding_version
from warehouse.home import Home
from warehouse.records.pending import count_pictures
from warehouse.records.runs import StageResult

_LOADING = threading.Lock()
"""Models are loaded one at a time, because their libraries change global state of the process meanwhile."""


# Prefect's time limit can't end a task in a worker thread; `SharedDecoder` has its own limit.
@task(name="classify", task_run_name="classify {name}", **STAGE)
def classify(
    run: Run,
    name: str,
    kind: str,
    options: BaseModel,
    decoding: SharedDecoder,
    cluster: ClusterSession | None = None,
) -> State[Any]:
    """Load a classifier and label the pictures that its version has not labelled.

    Lanes that run at the same time share the `decoding`. With a `cluster` its workers decode and label.
    """

    def body() -> StageResult:
        if not count_pictures(run.home.lake):
            return StageResult("done", message="there are no pictures yet")
        with show_progress(f"classify {name}") as progress:
            with _LOADING:
                decoding.raise_if_halted()
                classifier = _load(run.home, kind, name, options, decoding)
            if isinstance(classifier, StageResult):
                return classifier
            if isinstance(classifier, EmbeddingClassifier) and classifier.embedding_version is not None:
                # Now, because themes need it also after a lane that did not end.
                version = record_embedding_version(classifier.embedding_version)
                run.journal.start("classify", name, version)
            workers = None
            if cluster is not None:
                model = LaneModel(kind, name, options, run.home.litert_copies)
                workers = LaneWorkers(cluster, model, decoding.raise_if_halted)
            result = label_pictures(
                run.home, classifier, progress, decoding, workers, compare_all=run.compare_all
            )
        del classifier
        # A model uses hundreds of megabytes, which the next lane needs.
        gc.collect()
        return result

    try:
        return run_stage(run, "classify", name, body)
    finally:
        decoding.leave(name)


def _load(
    home: Home, kind: str, name: str, options: BaseModel, decoding: SharedDecoder
) -> Classifier | StageResult:
    """The classifier, or the lane's result where a home folder has no themes yet."""
    if isinstance(options, ThemesOptions):
        return load_themes(home, name, options)
    if isinstance(options, ZeroShotOptions):
        return load_zero_shot(name, options, home.word_embeddings(name))
    if isinstance(options, KerasOptions):
        return load_keras(home, name, options, decoding.raise_if_halted)
    return load(kind, name, options)
