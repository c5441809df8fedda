"""The labels of picture files that are not posted yet, by the classifiers whose labels a model knows.

The labels are those that a run would store: the same options, the same versions. Nothing is stored. A picture that is
stored has its labels already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from classifiers.errors import ClassifierUnavailable, UnreadablePicture, errors_as_unavailable
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.classifier import open_copy
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, EmbeddingClassifier, Label, PreparedPicture, VectorClassifier
from classifiers.registry import load
from classifiers.themes import ThemesOptions
from classifiers.themes.classifier import ThemesClassifier
from classifiers.themes.model_folder import read_themes
from classifiers.zero_shot import ZeroShotOptions
from classifiers.zero_shot.options import load as load_zero_shot
from tasks.errors import BadInput
from warehouse.forecast.stored_labels import stored_labels
from warehouse.home import Home

FILES_AT_ONCE = 32
"""Prepared pictures in memory: about 1 MB each for a classifier."""
MAX_WITH_COPY = 32
"""Pictures for which the copy of a Keras model is faster than the model, which takes ten seconds to start."""
MAX_REASON = 120


@dataclass(frozen=True, slots=True)
class Lane:
    """A classifier of the settings: its name, its kind and the options of that kind."""

    name: str
    kind: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A picture's file and its labels by classifier, each label once; or the reason why it can't be read."""

    file: Path
    labels: dict[str, list[str]] = field(default_factory=dict)
    unreadable: str = ""


def read_stored(
    database: duckdb.DuckDBPyConnection, versions: Mapping[str, str], files: Sequence[Path]
) -> dict[Path, LabelledFile]:
    """The files whose bytes are a stored picture that all these classifiers have labelled, with its labels.

    No classifier is loaded for them. `database` is an open published database.
    """
    hashes = {}
    for file in files:
        with suppress(OSError), file.open("rb") as stream:
            hashes[file] = hashlib.file_digest(stream, "sha256").hexdigest()
    found = stored_labels(database, set(hashes.values()), versions) if versions else {}
    return {file: LabelledFile(file, found[sha256]) for file, sha256 in hashes.items() if sha256 in found}


def open_classifiers(
    home: Home, lanes: Sequence[Lane], versions: Mapping[str, str], *, pictures: int | None = None
) -> list[Classifier]:
    """Load the classifiers of `versions`, and the backbones of those that label embeddings, these first.

    With the number of `pictures` they start as it is fastest for so many: Keras models from their LiteRT copies.

    Raises `BadInput` if one is not in the lanes or has another version now: its labels are others than those that the
    model was trained on. Raises `ClassifierUnavailable` if one can't run.
    """
    known = {lane.name: lane for lane in lanes}
    opened: dict[str, Classifier] = {}
    for name, version in versions.items():
        if name not in known:
            raise BadInput(
                f"The forecast model was trained on labels of {name} ({version}), which is not among the classifiers of"
                " the settings any more. Train again: `likelens forecast --train`."
            )
        opened[name] = classifier = _load(home, known[name], version, pictures)
        if classifier.version != version:
            raise BadInput(
                f"The forecast model was trained on labels of {name} {version}, and {name} has the version"
                f" {classifier.version} now. Label the stored pictures (`likelens relabel --classifier {name}`), then train"
                " again: `likelens forecast --train`."
            )
    backbones: dict[str, Classifier] = {}
    for classifier in opened.values():
        if _labels_vectors(classifier):
            backbone = classifier.vectors_of[0]  # type: ignore[attr-defined]
            if backbone not in known:
                raise ClassifierUnavailable(
                    f"{classifier.name} labels embeddings of {backbone}, which is not in the settings. Add it again."
                )
            backbones[backbone] = opened.get(backbone) or _load(
                home, known[backbone], versions.get(backbone), pictures
            )
    others = [one for name, one in opened.items() if name not in backbones]
    return [*backbones.values(), *others]


def _load(home: Home, lane: Lane, version: str | None, pictures: int | None) -> Classifier:
    """The classifier; a Keras model's copy only if it has the `version`, where that is known."""
    if isinstance(lane.options, ThemesOptions):
        model = read_themes(home.themes / lane.name)
        if model is None:
            raise ClassifierUnavailable(f"{lane.name} has no themes yet. Run `likelens run` first.")
        return ThemesClassifier(lane.name, model, lane.options.min_score)
    if isinstance(lane.options, ZeroShotOptions):
        return load_zero_shot(lane.name, lane.options, home.word_embeddings(lane.name))
    if isinstance(lane.options, KerasOptions) and pictures is not None and pictures <= MAX_WITH_COPY:
        copy = open_copy(home.litert_copies, lane.name, lane.options, one_caller=True)
        if copy is not None and version in (None, copy.version):
            return copy
    return load(lane.kind, lane.name, lane.options, single=pictures == 1)


def label_files(
    classifiers: Sequence[Classifier], names: Iterable[str], files: Sequence[Path]
) -> Iterator[LabelledFile]:
    """Label the files with the classifiers of `open_classifiers`, in their order; the labels are those of `names`.

    Without classifiers a file is only decoded. Raises `ClassifierUnavailable` for an error of a classifier's library.
    """
    wanted = set(names)
    for start in range(0, len(files), FILES_AT_ONCE):
        yield from _label_some(classifiers, wanted, files[start : start + FILES_AT_ONCE])


def _label_some(
    classifiers: Sequence[Classifier], names: set[str], files: Sequence[Path]
) -> Iterator[LabelledFile]:
    results: dict[Path, LabelledFile] = {}
    prepared: dict[Path, list[PreparedPicture | None]] = {}
    for file in files:
        try:
            prepared[file] = _prepare(classifiers, file)
        except (UnreadablePicture, OSError) as error:
            results[file] = LabelledFile(file, unreadable=_reason(error))
    labels: dict[Path, dict[str, list[str]]] = {file: {} for file in prepared}
    vectors: dict[tuple[str, str], NDArray[np.float16]] = {}
    for place, classifier in enumerate(classifiers):
        inputs = [one[place] for one in prepared.values()]
        found = _label(classifier, inputs, vectors) if inputs else []
        for file, some in zip(prepared, found, strict=True):
            if classifier.name in names:
                labels[file][classifier.name] = list(dict.fromkeys(label.label for label in some))
    for file in files:
        yield results.get(file) or LabelledFile(file, labels[file])


def _prepare(classifiers: Sequence[Classifier], file: Path) -> list[PreparedPicture | None]:
    """The input of each classifier; None for one that labels embeddings."""
    picture = PictureFile(file)
    prepared = [None if _labels_vectors(one) else one.prepare(picture) for one in classifiers]
    if not any(one is not None for one in prepared):
        picture.rgb(1)  # raises for a file that is no picture
    return prepared


def _label(
    classifier: Classifier,
    inputs: Sequence[PreparedPicture | None],
    vectors: dict[tuple[str, str], NDArray[np.float16]],
) -> list[list[Label]]:
    """The labels of each input; embeddings go to `vectors`, for the classifiers after it."""
    with errors_as_unavailable(
        f"{classifier.name} can't label pictures", "Check its model and the free memory."
    ):
        if isinstance(classifier, VectorClassifier) and _labels_vectors(classifier):
            if classifier.vectors_of not in vectors:
                raise ClassifierUnavailable(
                    f"{classifier.name} needs the embeddings {classifier.vectors_of[1]} of {classifier.vectors_of[0]},"
                    " which makes others now. Run `likelens doctor`, which says what to do."
                )
            return classifier.label_vectors(vectors[classifier.vectors_of])
        pictures = [one for one in inputs if one is not None]
        size = classifier.batch_size
        batches = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        if not isinstance(classifier, EmbeddingClassifier) or classifier.embedding_version is None:
            return [labels for batch in batches for labels in classifier.label(batch)]
        results = [classifier.label_and_embed(batch) for batch in batches]
        vectors[classifier.name, classifier.embedding_version] = np.concatenate([one for _, one in results])
        return [labels for some, _ in results for labels in some]


def _labels_vectors(classifier: Classifier) -> bool:
    """Whether it labels only embeddings of another classifier."""
    return isinstance(classifier, VectorClassifier) and not isinstance(classifier, EmbeddingClassifier)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it can't be opened"
    return str(error)[:MAX_REASON]
