"""What runs on a worker. Its process loads a model once and keeps it; items that overlap share it."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.lane import open_lane_copy
from classifiers.protocol import Classifier, EmbeddingClassifier
from classifiers.registry import load
from tasks.classify.batches import count_callers, fill_batches, label_batches
from tasks.classify.decoding import MissingFile, ReadablePictures, SharedDecoder
from tasks.classify.on_cluster.items import LabelItem, LabelledItem, LaneModel, WorkerModel
from tasks.cluster.versions import differences, installed_versions
from warehouse.errors import WarehouseError
from warehouse.pictures.files import FoundPicture, PictureFiles
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


def sees_file(files: PictureFiles, expected: FoundPicture) -> bool:
    """Whether this worker finds a picture's file where the driver does, with its size."""
    try:
        found = files.describe(expected.path)
    except (OSError, WarehouseError):  # such as a store whose keys this worker does not have
        return False
    return found is not None and found.bytes == expected.bytes


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
        SharedDecoder(_files_of(item), [name]) as decoder,
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


@dataclass(frozen=True, slots=True)
class _SentPicture:
    """A picture that came with its item."""

    path: str
    data: bytes

    def read_bytes(self) -> bytes:
        return self.data

    def __str__(self) -> str:
        return self.path


class _SentPictures:
    """The pictures that came with an item, by their paths."""

    def __init__(self, pictures: Sequence[StoredPicture], data: Sequence[bytes]) -> None:
        self._data = {picture.path: one for picture, one in zip(pictures, data, strict=True)}

    def source_ahead(self, path: str) -> _SentPicture:
        return _SentPicture(path, self._data[path])

    def has_hash(self, path: str, sha256: str) -> bool:
        return hashlib.sha256(self._data[path]).hexdigest() == sha256


def _files_of(item: LabelItem) -> ReadablePictures:
    return item.files if item.data is None else _SentPictures(item.pictures, item.data)


def _load_once(model: LaneModel) -> _LoadedModel:
    with _loading:
        for loaded in _models:
            if loaded.model == model:
                return loaded
        if len(_models) >= MAX_MODELS:
            _models.pop(0)
            gc.collect()  # a model uses hundreds of megabytes
        classifier = _load(model)
        _models.append(_LoadedModel(model, classifier, threading.Semaphore(count_callers(classifier))))
        return _models[-1]


def _load(model: LaneModel) -> Classifier:
    """A Keras model's copy, if this worker sees the folder and may use it; else the classifier itself."""
    if isinstance(model.options, KerasOptions) and model.copies is not None:
        copy = open_lane_copy(model.copies, model.name, model.options).copy
        if copy is not None:
            return copy
    return load(model.kind, model.name, model.options)


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
