"""EfficientNetLite0's labels in each precision, to compare machines with each other, and how a benchmark loads a model."""

from __future__ import annotations

import json
import tempfile
from itertools import islice
from pathlib import Path

from classifiers.backend import import_keras
from classifiers.keras import KerasClassifier, KerasOptions, load
from classifiers.pictures import PictureFile


def classifier_of(
    application: str, precision: str, folder: Path, *, embeddings: bool = False
) -> KerasClassifier:
    """The classifier; Inception v3 with random weights, because its own need a download."""
    import_keras()
    import keras

    if application == "EfficientNetLite0":
        options = KerasOptions(application=application, precision=precision, embeddings=embeddings)  # type: ignore[arg-type]
        return load("c", options)
    weights = folder / f"{application}.weights.h5"
    names = folder / "names.txt"
    if not weights.exists():
        getattr(keras.applications, application)(weights=None).save_weights(weights)
        names.write_text("".join(f"thing {number}\n" for number in range(1000)))
    options = KerasOptions(
        application=application,
        weights=weights,
        labels=names,
        precision=precision,  # type: ignore[arg-type]
        embeddings=embeddings,
    )
    return load("c", options)


def write_labels(photos: Path, file: Path) -> None:
    """Labels of the photographs in each precision."""
    labels: dict[str, dict[str, list[tuple[str, float]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for precision in ("float32", "bfloat16"):
            classifier = classifier_of("EfficientNetLite0", precision, Path(folder))
            paths = iter(sorted(photos.glob("*.jpg")))
            while batch := list(islice(paths, classifier.batch_size)):
                found = classifier.label([classifier.prepare(PictureFile(path)) for path in batch])
                for path, one in zip(batch, found, strict=True):
                    labels.setdefault(precision, {})[path.name] = [
                        (label.label, label.score) for label in one
                    ]
    file.write_text(json.dumps(labels))


def compare(first: Path, second: Path) -> None:
    """Print how far the labels of two files agree."""
    one, other = json.loads(first.read_text()), json.loads(second.read_text())
    for precision, pictures in one.items():
        for other_precision, others in other.items():
            same = sum(labels[0][0] == others[name][0][0] for name, labels in pictures.items())
            shared = [
                abs(score - dict(others[name])[label])
                for name, labels in pictures.items()
                for label, score in labels
                if label in dict(others[name])
            ]
            print(
                f"{precision} and {other_precision}: first label the same for {same} of {len(pictures)} pictures,"
                f" {len(shared)} of {5 * len(pictures)} labels in both, scores differ by at most {max(shared):.4f}"
            )
