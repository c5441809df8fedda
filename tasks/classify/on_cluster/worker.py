"""What runs on a worker. Its process loads a model once and keeps it; items that overlap share it."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.protocol import Classifier, EmbeddingClassifier
from classifiers.registry import load
from tasks.classify.batches import count_callers, fill_batches, label_batches
from tasks.classify.decoding import MissingFile, SharedDecoder
from tasks.classify.on_cluster.items import LabelItem, LabelledItem, LaneModel, WorkerModel
from tasks.classify.picture_bytes import read_picture_bytes
from tasks.cluster.versions import differences, installed_versions
from warehouse.records.pending import StoredPicture

MAX_MODELS = 2
"""Models that a process keeps: two runs may share its cluster, and a run's lanes come one after the other."""


@dataclass(frozen=True, slots=True)
class _LoadedModel:
    model: LaneModel
    classifier: Classifier
    gate: threading.Semaphore
    """Lets as many threads call the model as it allows."""


_models: list[_LoadedModel] = []
_loading = threading.Lock()


def sees_file(folder: str, path: str, size: int) -> bool:
    """Whether this worker finds a picture's file below the home folder, with its size in bytes."""
    try:
        return (Path(folder) / path).stat().st_size == size
    except OSError:
        return False


def describe_model(model: LaneModel) -> WorkerModel:
    """Load the model, and describe it."""
    try:
        classifier = _load_once(model).classifier
    except ClassifierUnavailable as error:
        return WorkerModel(problem=str(error))
    version = classifier.embedding_version if isinstance(classifier, EmbeddingClassifier) else None
    return WorkerModel(classifier.version, version, classifier.batch_size)


def label_item(item: LabelItem) -> LabelledItem:
    """Label the pictures of an item: decode them in threads, while the model works on the batches before."""
    try:
        loaded = _load_once(item.model)
        _require_same(item, loaded.classifier)
        return _label(item, loaded)
    except ClassifierUnavailable as error:
        return LabelledItem(problem=str(error))


def _label(item: LabelItem, loaded: _LoadedModel) -> LabelledItem:
    result = LabelledItem()
    embeddings = []

    def skip(picture: StoredPicture, error: UnreadablePicture | MissingFile) -> None:
        if isinstance(error, MissingFile):
            result.missing.append(picture.sha256)
        else:
            result.unreadable[picture.sha256] = str(error)

    name = item.model.name
    with (
        SharedDecoder(_reader(item), [name]) as decoder,
        contextlib.closing(decoder.join(loaded.classifier, iter(item.pictures))) as decoded,
    ):
        batches = fill_batches(decoded, loaded.classifier.batch_size, skip)
        for batch, (labels, vectors) in label_batches(loaded.classifier, batches, loaded.gate):
            result.labelled += [picture.sha256 for picture, _ in batch]
            result.labels += labels
            if vectors is not None:
                embeddings.append(vectors)
    result.embeddings = np.concatenate(embeddings) if embeddings else None
    return result


def _reader(item: LabelItem) -> Callable[[StoredPicture], bytes]:
    if item.data is None:
        return partial(read_picture_bytes, Path(item.folder))
    data = dict(zip(item.pictures, item.data, strict=True))
    return data.__getitem__


def _load_once(model: LaneModel) -> _LoadedModel:
    with _loading:
        for loaded in _models:
            if loaded.model == model:
                return loaded
        if len(_models) >= MAX_MODELS:
            _models.pop(0)
            gc.collect()  # a model uses hundreds of megabytes
        classifier = load(model.kind, model.name, model.options)
        _models.append(_LoadedModel(model, classifier, threading.Semaphore(count_callers(classifier))))
        return _models[-1]


def _require_same(item: LabelItem, classifier: Classifier) -> None:
    """Raise `ClassifierUnavailable` on a worker that joined after the checks, and would label otherwise."""
    different = differences(item.packages, installed_versions())
    if classifier.version != item.version:
        different.append(f"{classifier.name} {item.version} here and {classifier.version} there")
    if different:
        raise ClassifierUnavailable(
            f"A worker on {os.uname().nodename} joined that labels otherwise than this machine: {'; '.join(different)}."
            " Install the same versions and model files there, start it again, and then run again."
        )
