"""The kind `litert` with a real model: its labels are the interpreter's, and files that do not fit are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.cores import cores
from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.litert import LitertClassifier, LitertOptions, load
from classifiers.pictures import PictureFile


@pytest.fixture(scope="module")
def mobilenet(litert_files: tuple[Path, Path]) -> LitertClassifier:
    """The real model, loaded."""
    model, names = litert_files
    return load("mobilenet", LitertOptions(model=model, labels=names))


@pytest.fixture(scope="module")
def interpreter(litert_files: tuple[Path, Path]) -> Any:
    """A plain interpreter of the same model."""
    from ai_edge_litert.interpreter import Interpreter

    made = Interpreter(str(litert_files[0]))
    made.allocate_tensors()
    return made


def best_by_interpreter(interpreter: Any, names: Path, photograph: Path) -> list[tuple[str, float]]:
    """The three best names and scores, directly from the interpreter."""
    small = Image.open(photograph).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.asarray(small)[np.newaxis])
    interpreter.invoke()
    scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0] / 256
    lines = names.read_text().splitlines()
    return [
        (lines[index], float(scores[index]))
        for index in np.argsort(-scores, kind="stable")[:3]
        if scores[index]
    ]


@pytest.mark.parametrize("name", ["cat-street.jpg", "dog-3.jpg", "hot-dog.jpg", "grace-hopper.jpg"])
def test_labels_are_those_of_the_plain_interpreter(
    name: str,
    mobilenet: LitertClassifier,
    interpreter: Any,
    litert_files: tuple[Path, Path],
    photographs: Path,
) -> None:
    """Names, order and scores of a quantised model are those of the plain interpreter, scaled to 0 to 1."""
    (found,) = mobilenet.label([mobilenet.prepare(PictureFile(photographs / name))])
    expected = best_by_interpreter(interpreter, litert_files[1], photographs / name)
    assert [(label.label, label.score) for label in found][:3] == expected


def test_labels_do_not_depend_on_the_batch(mobilenet: LitertClassifier, photographs: Path) -> None:
    """Neither the size of a batch nor the order in it changes a picture's labels."""
    prepared = [
        mobilenet.prepare(PictureFile(photographs / f"{name}.jpg"))
        for name in ("daisy", "cat-2", "hot-dog-4")
    ]
    alone = [mobilenet.label([one])[0] for one in prepared]
    assert mobilenet.label(prepared) == alone
    assert mobilenet.label(prepared[::-1]) == alone[::-1]
    assert mobilenet.label([]) == []


def test_several_threads_get_the_same_labels(mobilenet: LitertClassifier, photographs: Path) -> None:
    """As many threads as there are cores may label at once, and each picture gets the labels that it gets alone."""
    prepared = [mobilenet.prepare(PictureFile(file)) for file in sorted(photographs.glob("*.jpg"))[:6]]
    alone = mobilenet.label(prepared)
    assert mobilenet.callers == min(16, cores())
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(mobilenet.label, [[one] for one in prepared * 3]))
    assert [labels for (labels,) in found] == alone * 3


def test_top_limits_the_number_of_labels(litert_files: tuple[Path, Path], photographs: Path) -> None:
    """A picture gets at most `top` labels, and fewer if only few classes score above 0."""
    model, names = litert_files
    for top, most in ((1, 1), (1000, 200)):
        classifier = load("mobilenet", LitertOptions(model=model, labels=names, top=top))
        (found,) = classifier.label([classifier.prepare(PictureFile(photographs / "dog-3.jpg"))])
        assert 1 <= len(found) <= most
        assert min(label.score for label in found) > 0
        assert [label.rank for label in found] == list(range(1, len(found) + 1))


def test_an_unreadable_picture_is_refused_in_prepare(mobilenet: LitertClassifier, tmp_path: Path) -> None:
    """A picture that can't be decoded raises in `prepare`, before any batch."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(UnreadablePicture):
        mobilenet.prepare(PictureFile(tmp_path / "a.jpg"))


@pytest.mark.parametrize("damage", ["missing", "empty", "short", "a picture", "text"])
def test_a_damaged_model_is_refused(
    damage: str, litert_files: tuple[Path, Path], photographs: Path, tmp_path: Path
) -> None:
    """The message for a model file that is missing, damaged or of another kind is one line with what to do."""
    model, names = litert_files
    contents = {
        "empty": b"",
        "short": model.read_bytes()[:1_000_000],
        "a picture": (photographs / "daisy.jpg").read_bytes(),
        "text": names.read_bytes(),
    }
    file = tmp_path / "model.tflite"
    if damage in contents:
        file.write_bytes(contents[damage])
    with pytest.raises(ClassifierUnavailable) as refused:
        load("mobilenet", LitertOptions(model=file, labels=names))
    message = str(refused.value)
    assert str(file) in message and "Set model to a .tflite file." in message and "\n" not in message


def test_names_of_another_model_are_refused(litert_files: tuple[Path, Path], tmp_path: Path) -> None:
    """Names without 'background' do not fit a model with that class: all names would be off by one."""
    model, names = litert_files
    lines = names.read_text().splitlines()
    (tmp_path / "names.txt").write_text("\n".join(lines[1:]))
    with pytest.raises(ClassifierUnavailable, match="has 1000 class names, but the model has 1001 outputs"):
        load("mobilenet", LitertOptions(model=model, labels=tmp_path / "names.txt"))


def test_the_version_follows_everything_that_changes_labels(
    litert_files: tuple[Path, Path], tmp_path: Path
) -> None:
    """The version has the model's name, and changes with the weights, the names and `top`."""
    model, names = litert_files
    (tmp_path / "other.txt").write_text(names.read_text().replace("daisy", "marguerite"))
    (tmp_path / model.name).write_bytes(model.read_bytes() + b"\0")
    versions = [
        load("mobilenet", options).version
        for options in (
            LitertOptions(model=model, labels=names),
            LitertOptions(model=model, labels=tmp_path / "other.txt"),
            LitertOptions(model=model, labels=names, top=6),
            LitertOptions(model=tmp_path / model.name, labels=names),
        )
    ]
    assert len(set(versions)) == 4
    assert all(version.startswith(model.stem) for version in versions)
    assert load("another name", LitertOptions(model=model, labels=names)).version == versions[0]
