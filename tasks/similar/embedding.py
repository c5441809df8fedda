"""The embedding of a picture's file, by the classifier whose embeddings are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable, embedding_errors
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, EmbeddingClassifier
from tasks.picture_input import errors_as_bad_input


def embed_file(classifier: Classifier, file: Path, version: str) -> NDArray[np.float16]:
    """The file's embedding, which can be compared with stored embeddings of this version.

    Raises `BadInput` if the file is no picture, and `ClassifierUnavailable` if the classifier makes other embeddings.
    """
    name = classifier.name
    if not isinstance(classifier, EmbeddingClassifier) or classifier.embedding_version is None:
        raise ClassifierUnavailable(
            f"{name} stores no embeddings. Set embeddings = true for it in the settings, or name another classifier."
        )
    if classifier.embedding_version != version:
        raise ClassifierUnavailable(
            f"The stored embeddings of {name} have the version {version}, and its model makes"
            f" {classifier.embedding_version}. Run `likelens relabel --classifier {name}` first."
        )
    with errors_as_bad_input(file):
        prepared = classifier.prepare(PictureFile(file))
    with embedding_errors(name):
        vector: NDArray[np.float16] = classifier.label_and_embed([prepared])[1][0]
    return vector
