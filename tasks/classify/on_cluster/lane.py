"""A lane whose pictures are labelled on a cluster: the driver's side.

Its labels are those of one machine: an item has complete batches, and every worker has the same packages and the same
version of the classifier.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.protocol import Classifier, EmbeddingClassifier
from tasks.classify.decoding import MissingFile
from tasks.classify.on_cluster.cutting import ItemCutter
from tasks.classify.on_cluster.items import LabelItem, LabelledItem, LaneModel, WorkerModel, halve
from tasks.classify.on_cluster.worker import describe_model, label_item, sees_file
from tasks.classify.storing import LabelWriter
from tasks.cluster.items import ItemRunner
from tasks.cluster.opening import ClusterSession
from tasks.cluster.protocol import Cluster, WorkerDied
from tasks.cluster.versions import RESPONSE_SECONDS, installed_versions, run_on_each
from warehouse.home import Home
from warehouse.records.pending import StoredPicture

logger = logging.getLogger(__name__)

LOAD_SECONDS = 900.0
"""How long the workers may take to load the model, or to download it first."""


@dataclass(frozen=True, slots=True)
class LaneWorkers:
    """The workers of a lane: a cluster, the model that they load, and `check`, which raises to stop the lane."""

    session: ClusterSession
    model: LaneModel
    check: Callable[[], None] = lambda: None


def label_on_cluster(
    home: Home,
    classifier: Classifier,
    pending: Iterator[StoredPicture],
    writer: LabelWriter,
    workers: LaneWorkers,
) -> None:
    """Label pending pictures on the workers, and give their labels to the `writer`.

    Raises `ClusterUnavailable` where the cluster is lost, `ClassifierUnavailable` where a worker can't run the classifier
    or has another version of it. What was labelled before stays.
    """
    first = next(pending, None)
    if first is None:
        return  # nothing to do, so no worker loads a model
    cluster = workers.session.open()
    batch_size = _check_models(classifier, cluster, workers.model)
    as_bytes = not _workers_see(home, first, cluster)
    if as_bytes:
        logger.info(
            "%s: the workers do not see %s, so pictures travel as bytes.", classifier.name, home.location
        )
    empty = LabelItem(workers.model, classifier.version, installed_versions(), home.picture_files, ())

    def skip(picture: StoredPicture) -> None:
        logger.warning("The stored picture %s can't be opened.", picture.path)
        writer.add_skipped(picture, MissingFile(picture.path))

    cutter = ItemCutter(empty, chain([first], pending), batch_size, skip, as_bytes=as_bytes)
    runner: ItemRunner[LabelItem, LabelledItem] = ItemRunner(cluster, label_item, halve, workers.check)
    for item, result in runner.run(cutter):
        if isinstance(result, WorkerDied):
            for picture in item.pictures:
                logger.warning("The picture %s killed its workers, alone.", picture.path)
                writer.add_deadly(picture.sha256, f"the worker process died with it: {result}")
        else:
            cutter.send_again(_add_result(item, result, writer))


def _add_result(item: LabelItem, result: LabelledItem, writer: LabelWriter) -> list[StoredPicture]:
    """Store an item's result. Returns the pictures that the worker did not find, for a try with their bytes."""
    if result.problem:
        raise ClassifierUnavailable(result.problem)
    pictures = {picture.sha256: picture for picture in item.pictures}
    if result.labelled:
        labelled = [pictures[sha256] for sha256 in result.labelled]
        writer.add_batch(labelled, result.labels, result.embeddings)
    for sha256, message in result.unreadable.items():
        writer.add_skipped(pictures[sha256], UnreadablePicture(message))
    missing = [pictures[sha256] for sha256 in result.missing]
    if item.data is None:
        return missing
    for picture in missing:
        writer.add_skipped(picture, MissingFile(picture.path))
    return []


def _check_models(classifier: Classifier, cluster: Cluster, model: LaneModel) -> int:
    """Load the model on all workers, compare its version, and return its batch size there."""
    own = classifier.embedding_version if isinstance(classifier, EmbeddingClassifier) else None
    place = cluster.options.place
    found: dict[str, WorkerModel] = run_on_each(cluster, describe_model, (model,), LOAD_SECONDS)
    for name, loaded in found.items():
        if loaded.problem:
            raise ClassifierUnavailable(
                f"The worker {name} of {place} can't run {classifier.name}: {loaded.problem}"
            )
        if (loaded.version, loaded.embedding_version) != (classifier.version, own):
            here, there = (
                f"{classifier.version} {own or ''}",
                f"{loaded.version} {loaded.embedding_version or ''}",
            )
            raise ClassifierUnavailable(
                f"The worker {name} of {place} has another version of {classifier.name} ({there.strip()}) than this machine"
                f" ({here.strip()}). Copy the same model files to both; with a precision of auto, which depends on the"
                " hardware, set precision for the classifier."
            )
    return max(loaded.batch_size for loaded in found.values())


def _workers_see(home: Home, picture: StoredPicture, cluster: Cluster) -> bool:
    """Whether every worker finds the picture's file in the home, with its size."""
    found = home.picture_files.describe(picture.path)
    if found is None:
        return True  # the workers report it as missing, too, and the next pictures are tried
    seen = run_on_each(cluster, sees_file, (home.picture_files, found), RESPONSE_SECONDS)
    return all(seen.values())
