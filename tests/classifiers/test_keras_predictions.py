"""The kind `keras`: what it says is what Keras itself says of the same file, whatever format the weights are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.keras import KerasClassifier, KerasOptions, load
from classifiers.pictures import PictureFile

# Keras 3.15 with NumPy 2.4; it says so of each of its tensors.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
ENDINGS = (".weights.h5", ".h5", ".keras", ".safetensors")
CLASSES = {str(number): [f"n{number:08}", f"Thing_{number}"] for number in range(1000)}


@pytest.fixture(scope="module")
def loaded(saved: Path) -> dict[str, KerasClassifier]:
    """The same model, loaded from each format."""
    return {
        ending: load(
            "lane",
            KerasOptions(
                application="MobileNet",
                weights=saved / f"mobilenet{ending}",
                labels=saved / "names.txt",
                precision="float32",
            ),
        )
        for ending in ENDINGS
    }


@pytest.fixture(scope="module")
def by_keras(keras: Any, model: Any, pictures: list[Path]) -> np.ndarray[Any, Any]:
    """The model's scores of the pictures, had as Keras' own guide shows."""
    images = [
        keras.utils.img_to_array(keras.utils.load_img(file, target_size=(224, 224), interpolation="bilinear"))
        for file in pictures
    ]
    scores = model.predict(keras.applications.mobilenet.preprocess_input(np.stack(images)), verbose=0)
    assert len(set(scores.argmax(axis=1))) == len(pictures), "the model must tell the pictures apart"
    return np.asarray(scores)


@pytest.mark.parametrize("ending", ENDINGS)
def test_as_keras_says(
    ending: str, loaded: dict[str, KerasClassifier], pictures: list[Path], by_keras: Any
) -> None:
    """From every format come the five best classes of Keras' own answer, best first, with their scores."""
    classifier = loaded[ending]
    answers = classifier.label([classifier.prepare(PictureFile(file)) for file in pictures])
    for found, scores in zip(answers, by_keras, strict=True):
        best = np.argsort(-scores)[:5]
        assert [(label.label, label.rank) for label in found] == [
            (f"thing {index}", rank) for rank, index in enumerate(best, 1)
        ]
        assert [label.score for label in found] == pytest.approx(scores[best], rel=5e-3)


def test_one_version(loaded: dict[str, KerasClassifier]) -> None:
    """The same weights are the same version in every format, and the version names the application."""
    (version,) = {classifier.version for classifier in loaded.values()}
    assert version.startswith("MobileNet-")


def test_batches(loaded: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """Neither the size of a batch nor the order in it changes a picture's labels."""
    classifier = loaded[".weights.h5"]
    prepared = [classifier.prepare(PictureFile(file)) for file in pictures[:3]]
    alone = [classifier.label([one])[0] for one in prepared]
    full = (prepared * 11)[: classifier.batch_size]
    for together, expected in (
        (classifier.label(prepared), alone),
        (classifier.label(prepared[::-1]), alone[::-1]),
        (classifier.label(full), (alone * 11)[: classifier.batch_size]),
    ):
        assert [[label.label for label in one] for one in together] == [
            [label.label for label in one] for one in expected
        ]
        for one, other in zip(together, expected, strict=True):
            assert [label.score for label in one] == pytest.approx([label.score for label in other], rel=1e-3)


def test_prepared_pictures_are_left_alone(loaded: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """Labelling leaves the prepared pictures as they were: Keras' preprocessing would write into floats."""
    classifier = loaded[".h5"]
    prepared = classifier.prepare(PictureFile(pictures[1]))
    before = prepared.copy()
    first = classifier.label([prepared])
    assert prepared.dtype == np.uint8 and prepared.shape == (224, 224, 3)
    assert np.array_equal(prepared, before) and classifier.label([prepared]) == first


def test_keras_own_names(
    keras: Any, saved: Path, pictures: list[Path], by_keras: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file of names, names and ids are those of Keras' list (which is downloaded once)."""
    decoding = keras.applications.imagenet_utils.decode_predictions
    # The list that Keras keeps once it has been downloaded.
    monkeypatch.setitem(decoding.__globals__, "CLASS_INDEX", CLASSES)
    options = KerasOptions(application="MobileNet", weights=saved / "mobilenet.h5", top=3)
    classifier = load("lane", options)
    (found,) = classifier.label([classifier.prepare(PictureFile(pictures[0]))])
    assert [(label.label_id, label.label.replace(" ", "_")) for label in found] == [
        (wordnet_id, name) for wordnet_id, name, _ in decoding(by_keras[:1], top=3)[0]
    ]


def test_version_follows_all_that_changes_labels(saved: Path, tmp_path: Path) -> None:
    """Other names, or another number of labels, are another version; another place or lane name is not."""
    names = (saved / "names.txt").read_text()
    (tmp_path / "same.txt").write_text(names)
    (tmp_path / "others.txt").write_text(names.replace("thing_7\n", "bird\n"))

    def version(name: str, labels: Path, top: int = 5) -> str:
        weights = saved / "mobilenet.safetensors"
        options = KerasOptions(application="MobileNet", weights=weights, labels=labels, top=top)
        return load(name, options).version

    first = version("one", saved / "names.txt")
    assert version("two", tmp_path / "same.txt") == first
    assert version("one", tmp_path / "others.txt") != first
    assert version("one", saved / "names.txt", top=6) != first
