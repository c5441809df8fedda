"""Pictures labelled from stored embeddings: new words or classes need no pass over the files."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Protocol

from classifiers.errors import errors_as_unavailable
from classifiers.protocol import BackboneClassifier, Classifier, VectorClassifier
from tasks.classify.storing import LabelWriter
from warehouse.embeddings.pending import (
    count_of_other_version,
    count_to_process,
    pictures_without_pixels,
    vectors_to_label,
)
from warehouse.embeddings.vectors import count_embeddings
from warehouse.records.pending import StoredPicture
from warehouse.storage.lake import Lake

logger = logging.getLogger(__name__)

READ_VECTORS = 4096
"""Embeddings that are read and labelled at once: 10 MB for 1,280 dimensions."""


class StoredVectorsClassifier(Classifier, VectorClassifier, Protocol):
    """A classifier that labels stored embeddings."""


def label_stored_vectors(lake: Lake, classifier: StoredVectorsClassifier, writer: LabelWriter) -> None:
    """Label the pictures that have an embedding and no labels of this version; no picture file is opened.

    Pictures that the embeddings' classifier can't decode become rows in `unlabelled`.
    """
    name, version = classifier.name, classifier.version
    for found in vectors_to_label(lake, name, version, classifier.vectors_of, READ_VECTORS):
        with labelling_errors(name):
            labels = classifier.label_vectors(found.vectors)
        writer.add_batch([StoredPicture(sha256, "") for sha256 in found.hashes], labels)
    if classifier.vectors_of[0] != name:  # else the pass over the pictures finds them
        for rows in pictures_without_pixels(lake, name, version, classifier.vectors_of[0], READ_VECTORS):
            for sha256, message in rows:
                writer.add_unreadable(sha256, message)


def describe_missing_vectors(lake: Lake, classifier: StoredVectorsClassifier) -> str:
    """How many pictures still have no labels because their embedding is missing, and what to do; empty if none."""
    count = count_to_process(lake, classifier.name, classifier.version, None)
    if not count:
        return ""
    source, version = classifier.vectors_of
    text = f"{count:,} pictures have no embedding {version} of {source} yet, so {classifier.name} can't label them."
    if count_of_other_version(lake, classifier.name, classifier.version, classifier.vectors_of):
        advice = f" {classifier.when_backbone_changed}" if isinstance(classifier, BackboneClassifier) else ""
        return f"{text} The stored embeddings of {source} have another version: its model or precision changed.{advice}"
    if count_embeddings(lake, source, version):
        return f"{text} Run again after the lane {source} is complete."
    return f"{text} Set embeddings = true for {source} in the settings, and run again."


def labelling_errors(classifier: str) -> AbstractContextManager[None]:
    """Raises `ClassifierUnavailable` for an error of the classifier's library."""
    return errors_as_unavailable(
        f"{classifier} can't label pictures",
        "Run again: the labels so far are stored. If it fails again, check its model and the free memory.",
    )
