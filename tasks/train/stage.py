"""Train a category: from pictures to a stored model, or to a sentence that says why there is none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from classifiers.fitted import Backbone, normalise
from classifiers.trained.model_folder import MAX_CLASSES, ModelDescription, TrainedModel, write_model
from tasks.errors import BadInput
from tasks.train.cross_validation import MIN_GROUPS, choose_strength, count_groups, predict_unseen
from tasks.train.duplicates import group_near_duplicates
from tasks.train.embedding import BackboneModel, embed_examples
from tasks.train.examples import Example, Examples
from tasks.train.logistic import Floats, Integers, find_scale, fit, on_one_thread, probabilities, rotate
from tasks.train.quality import ClassQuality, Estimate, count_confusions, measure_class
from tasks.train.review import Case, render_review
from tasks.train.table import write_table
from warehouse.storage.lake import Lake

REVIEW = "review.html"
TABLE = "pictures.csv"
MAX_NAME = 100
"""Characters of a class name."""


@dataclass(frozen=True, slots=True)
class Training:
    """A fitted model, and what it made of the pictures when it had not seen them.

    `shares`, (pictures, classes), are the probabilities; `groups` numbers the near-duplicates.
    """

    model: TrainedModel
    pictures: list[Example]
    unreadable: list[Path]
    groups: Integers
    shares: Floats
    quality: list[ClassQuality]
    confusions: Integers
    mixed: int

    @property
    def is_separable(self) -> bool:
        """Whether the model separates at least one class better than a guess."""
        return any(one.is_separable for one in self.quality)

    def least_sure(self, most: int) -> list[Case]:
        """The pictures whose own class has the lowest probability, the lowest first."""
        names = self.model.description.classes
        own = self.shares[np.arange(len(self.pictures)), [names.index(one.name) for one in self.pictures]]
        found = self.shares.argmax(axis=1)
        return [
            Case(
                self.pictures[place].file,
                self.pictures[place].name,
                names[found[place]],
                float(self.shares[place, found[place]]),
                float(1 - own[place]),
                self.pictures[place].source,
            )
            for place in np.argsort(own, kind="stable")[:most]
        ]


def train(
    name: str,
    examples: Examples,
    backbone: BackboneModel,
    lake: Lake | None,
    min_cosine: float,
    progress: Callable[[int, int], None],
) -> Training:
    """Fit the category `name` on examples that `check_examples` accepts; it stores nothing.

    Raises `BadInput` if the pictures that can be decoded are too few or too alike.
    """
    vectors, unreadable = embed_examples(lake, backbone, examples.pictures, progress)
    unreadable = [*examples.unreadable, *unreadable]
    pictures = [one for one in examples.pictures if one.sha256 in vectors]
    _check_counts(pictures, examples.classes, len(unreadable))
    unit = normalise(np.stack([vectors[one.sha256] for one in pictures]))
    classes = np.array([examples.classes.index(one.name) for one in pictures])
    groups = group_near_duplicates(unit, min_cosine)
    number = len(examples.classes)
    _check_groups(examples.classes, classes, groups, min_cosine)
    rotated, axes = rotate(unit)
    with on_one_thread():
        logits = predict_unseen(rotated, classes, groups, number)
        strength = choose_strength(rotated, classes, groups, number)
        scale = find_scale(logits, classes)
        fitted = fit(rotated, classes, number, strength).scaled(scale)
    shares = probabilities(logits * scale)
    numbers = range(number) if examples.yes is None else [examples.classes.index(examples.yes)]
    quality = [measure_class(examples.classes[one], one, shares, classes, groups) for one in numbers]
    description = ModelDescription(
        name=name,
        classes=examples.classes,
        yes=examples.yes,
        backbone=Backbone(classifier=backbone.name, version=str(backbone.embedding_version)),
        trained_at=datetime.now(UTC).replace(microsecond=0),
        pictures={one: int((classes == place).sum()) for place, one in enumerate(examples.classes)},
        regularisation=strength,
        quality={one.name: _measures(one) for one in quality},
    )
    model = TrainedModel(
        description, (fitted.coefficients @ axes).astype(np.float32), fitted.intercepts.astype(np.float32)
    )
    mixed = sum(len(set(classes[groups == one].tolist())) > 1 for one in set(groups.tolist()))
    return Training(
        model, pictures, unreadable, groups, shares, quality, count_confusions(shares, classes), mixed
    )


def store_training(training: Training, folder: Path, cases: Sequence[Case], command: str) -> None:
    """Write the model, the table and the page into `folder`, all or nothing; an existing folder is replaced."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        temporary.chmod(0o755)  # as other folders; mkdtemp's is for the user alone
        write_model(temporary, training.model)
        write_table(temporary / TABLE, _rows(training, folder))
        page = render_review(training.model.description.name, cases, len(training.pictures), command)
        (temporary / REVIEW).write_text(page, "utf-8")
        if folder.exists():
            previous = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)) / "previous"
            folder.rename(previous)
            temporary.rename(folder)
            shutil.rmtree(previous.parent)
        else:
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rows(training: Training, folder: Path) -> list[tuple[object, ...]]:
    names = training.model.description.classes
    found = training.shares.argmax(axis=1)
    return [
        (
            _path_in_table(one, folder),
            one.name,
            names[found[place]],
            f"{training.shares[place].max():.4f}",
            int(group),
        )
        for place, (one, group) in enumerate(zip(training.pictures, training.groups, strict=True))
    ]


def _path_in_table(one: Example, folder: Path) -> str:
    """The absolute path; relative to the table for a picture in an object store, whose work folders differ."""
    return str(one.file.absolute() if isinstance(one.source, Path) else os.path.relpath(one.file, folder))


def _measures(one: ClassQuality) -> dict[str, tuple[float, float, float] | None]:
    def numbers(estimate: Estimate | None) -> tuple[float, float, float] | None:
        return None if estimate is None else (estimate.value, estimate.low, estimate.high)

    return {"precision": numbers(one.precision), "recall": numbers(one.recall), "auc": numbers(one.auc)}


def check_examples(examples: Examples) -> None:
    """Raise `BadInput` if there are too few pictures or classes, or if a class name can't be a label."""
    _check_classes(examples)
    _check_counts(examples.pictures, examples.classes, len(examples.unreadable))


def _check_classes(examples: Examples) -> None:
    found = examples.classes
    if len(found) < 2:
        raise BadInput(f"All pictures are of the class {found[0]!r}." if found else "There are no pictures.")
    if len(found) > MAX_CLASSES:
        raise BadInput(f"There are {len(found)} classes; the most are {MAX_CLASSES}.")
    for name in found:
        if len(name) > MAX_NAME or not name.isprintable():
            raise BadInput(f"The class name {name[:40]!r} is too long or not printable. Write another one.")


def _check_counts(pictures: Sequence[Example], classes: Sequence[str], unreadable: int) -> None:
    for name in classes:
        count = sum(one.name == name for one in pictures)
        if count < MIN_GROUPS:
            lost = f" (files that can't be read: {unreadable})" if unreadable else ""
            raise BadInput(
                f"The class {name!r} has {count} pictures{lost}; it needs {MIN_GROUPS} different ones, and 20 or more are"
                " better. Add some."
            )


def _check_groups(names: Sequence[str], classes: Integers, groups: Integers, min_cosine: float) -> None:
    for place, count in enumerate(count_groups(classes, groups, len(names))):
        if count < MIN_GROUPS:
            raise BadInput(
                f"The {int((classes == place).sum())} pictures of the class {names[place]!r} are only {count} different ones:"
                f" the others are near-duplicates. It needs {MIN_GROUPS}. Add pictures of other scenes, or, if these do"
                f" differ, set --near-duplicate higher than {min_cosine:g}."
            )
