"""The kind `litert`, with a real model: what it says is what the interpreter says, and what does not fit is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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


def by_hand(litert_files: tuple[Path, Path], photograph: Path) -> list[tuple[str, float]]:
    """The three best names and scores, had straight from the interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    model, names = litert_files
    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()
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
def test_as_the_interpreter_says(
    name: str, mobilenet: LitertClassifier, litert_files: tuple[Path, Path], photographs: Path
) -> None:
    """Names, order and scores of a quantised model are those of the plain interpreter, scaled to 0 to 1."""
    (found,) = mobilenet.label([mobilenet.prepare(PictureFile(photographs / name))])
    assert [(label.label, label.score) for label in found][:3] == by_hand(litert_files, photographs / name)


def test_order(mobilenet: LitertClassifier, photographs: Path) -> None:
    """Neither the size of a batch nor the order in it changes a picture's labels."""
    prepared = [
        mobilenet.prepare(PictureFile(photographs / f"{name}.jpg"))
        for name in ("daisy", "cat-2", "hot-dog-4")
    ]
    alone = [mobilenet.label([one])[0] for one in prepared]
    assert mobilenet.label(prepared) == alone
    assert mobilenet.label(prepared[::-1]) == alone[::-1]
    assert mobilenet.label([]) == []


def test_several_callers(mobilenet: LitertClassifier, photographs: Path) -> None:
    """As many threads as there are cores may ask at once, and each picture gets the labels that it gets alone."""
    prepared = [mobilenet.prepare(PictureFile(file)) for file in sorted(photographs.glob("*.jpg"))]
    alone = mobilenet.label(prepared)
    assert mobilenet.callers == min(16, cores())
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(mobilenet.label, [[one] for one in prepared * 3]))
    assert [labels for (labels,) in found] == alone * 3


def test_number_of_labels(litert_files: tuple[Path, Path], photographs: Path) -> None:
    """At most `top` labels come back, and a sharp picture has fewer: none scores 0."""
    model, names = litert_files
    for top, most in ((1, 1), (1000, 200)):
        classifier = load("mobilenet", LitertOptions(model=model, labels=names, top=top))
        (found,) = classifier.label([classifier.prepare(PictureFile(photographs / "dog-3.jpg"))])
        assert 1 <= len(found) <= most
        assert min(label.score for label in found) > 0
        assert [label.rank for label in found] == list(range(1, len(found) + 1))


def test_unreadable_picture(mobilenet: LitertClassifier, tmp_path: Path) -> None:
    """A picture that can't be decoded is refused while it is prepared, before any batch."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(UnreadablePicture):
        mobilenet.prepare(PictureFile(tmp_path / "a.jpg"))


@pytest.mark.parametrize("damage", ["missing", "empty", "short", "a picture", "text"])
def test_no_model(damage: str, litert_files: tuple[Path, Path], photographs: Path, tmp_path: Path) -> None:
    """A model file that is missing, damaged or something else is refused in one line that says what to do."""
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
    told = str(refused.value)
    assert str(file) in told and "Set model to a .tflite file." in told and "\n" not in told


def test_names_of_another_model(litert_files: tuple[Path, Path], tmp_path: Path) -> None:
    """A file of names without 'background' does not fit a model that has that class: all names would be off by one."""
    model, names = litert_files
    lines = names.read_text().splitlines()
    (tmp_path / "names.txt").write_text("\n".join(lines[1:]))
    with pytest.raises(ClassifierUnavailable, match="are 1000, but the model has 1001 outputs"):
        load("mobilenet", LitertOptions(model=model, labels=tmp_path / "names.txt"))


def test_version(litert_files: tuple[Path, Path], tmp_path: Path) -> None:
    """The version names the model, and follows all that changes labels: weights, names and their number."""
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
