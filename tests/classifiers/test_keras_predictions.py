"""The kind `keras`: its labels are Keras' own, in every format of weights, in both precisions and for any batch."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.applications import find_application
from classifiers.errors import ClassifierUnavailable
from classifiers.keras import (
    KerasClassifier,
    KerasOptions,
    _build_with_weights,
    _read_classes,
    _structure,
    _version,
    load,
)
from classifiers.keras_options import load_single
from classifiers.pictures import PictureFile
from classifiers.scores import Classes

# Keras 3.15 with NumPy 2.4 warns so of each of its tensors.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")]
ENDINGS = (".weights.h5", ".h5", ".keras", ".safetensors")
CLASSES = {str(number): [f"n{number:08}", f"Thing_{number}"] for number in range(1000)}


@pytest.fixture(scope="module")
def lanes(saved: Path) -> dict[str, KerasClassifier]:
    """The saved model in both precisions, each from a file of another format."""

    def load_lane(ending: str, precision: Any) -> KerasClassifier:
        options = KerasOptions(
            application="MobileNet",
            weights=saved / f"mobilenet{ending}",
            labels=saved / "names.txt",
            top=1000,
            precision=precision,
        )
        return load(f"lane{ending}", options)

    return {
        "float32": load_lane(".keras", "float32"),
        "bfloat16": load_lane(".weights.h5", "bfloat16"),
    }


@pytest.fixture(scope="module")
def classes() -> Classes:
    """The classes of the saved model."""
    return Classes([f"thing {number}" for number in range(1000)], [None] * 1000, 1000)


@pytest.fixture(scope="module")
def expected(keras: Any, model: Any, pictures: list[Path]) -> np.ndarray[Any, Any]:
    """The model's scores of the pictures, computed as Keras' guide shows."""
    images = [
        keras.utils.img_to_array(keras.utils.load_img(file, target_size=(224, 224), interpolation="bilinear"))
        for file in pictures
    ]
    batch = keras.applications.mobilenet.preprocess_input(np.stack(images))
    scores = keras.ops.convert_to_numpy(model(batch, training=False))
    assert len(set(scores.argmax(axis=1))) == len(pictures), "the model must distinguish the pictures"
    return np.asarray(scores)


def scores(classifier: KerasClassifier, pictures: list[Path]) -> list[dict[str, float]]:
    labelled = classifier.label([classifier.prepare(PictureFile(file)) for file in pictures])
    return [{label.label: label.score for label in labels} for labels in labelled]


def test_labels_are_those_of_keras(
    lanes: dict[str, KerasClassifier], pictures: list[Path], expected: Any
) -> None:
    """The best classes are those of Keras' own prediction, best first, with their scores."""
    classifier = lanes["float32"]
    labelled = classifier.label([classifier.prepare(PictureFile(file)) for file in pictures])
    for labels, row in zip(labelled, expected, strict=True):
        best = np.argsort(-row)[:5]
        assert [(label.label, label.rank) for label in labels[:5]] == [
            (f"thing {index}", rank) for rank, index in enumerate(best, 1)
        ]
        assert [label.score for label in labels[:5]] == pytest.approx(row[best], rel=5e-3)


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_loads_the_same_weights(
    ending: str, saved: Path, classes: Classes, lanes: dict[str, KerasClassifier]
) -> None:
    """The version, which has a hash of the loaded weights, is the same for every format, and names the application."""
    application, file = find_application("MobileNet"), saved / f"mobilenet{ending}"
    loaded = _build_with_weights(application, file)
    structure = _structure(application, file, loaded)
    assert _version(application, loaded, classes, "float32", structure) == lanes["float32"].version
    assert lanes["float32"].version.startswith("MobileNet-")


def test_labels_do_not_change_the_prepared_pictures(
    lanes: dict[str, KerasClassifier], pictures: list[Path]
) -> None:
    """Labelling does not change the prepared pictures, although Keras' preprocessing writes into float arrays."""
    classifier = lanes["float32"]
    prepared = classifier.prepare(PictureFile(pictures[1]))
    before = prepared.copy()
    first = classifier.label([prepared])
    assert prepared.dtype == np.uint8 and prepared.shape == (224, 224, 3)
    assert np.array_equal(prepared, before) and classifier.label([prepared]) == first


def test_without_labels_the_names_are_those_of_keras(
    keras: Any, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file of names, names and ids are those of Keras' list, which Keras downloads once."""
    decode = keras.applications.imagenet_utils.decode_predictions
    # Keras stores the downloaded list here.
    monkeypatch.setitem(decode.__globals__, "CLASS_INDEX", CLASSES)
    classes = _read_classes(find_application("MobileNet"), KerasOptions(application="MobileNet", top=3), 1000)
    assert [(label.label_id, label.label.replace(" ", "_")) for label in classes.labels(expected[:1])[0]] == [
        (wordnet_id, name) for wordnet_id, name, _ in decode(expected[:1], top=3)[0]
    ]


def test_the_version_follows_everything_that_changes_labels(
    model: Any, classes: Classes, lanes: dict[str, KerasClassifier]
) -> None:
    """Other names, another `top`, other layers and other weights are another version; the lane's name is not."""
    first = _version(find_application("MobileNet"), model, classes, "float32", b"")
    assert lanes["float32"].version == first and lanes["float32"].name == "lane.keras"
    renamed = Classes([*classes.names[:7], "bird", *classes.names[8:]], classes.ids, classes.top)
    others = [
        _version(find_application("MobileNet"), model, renamed, "float32", b""),
        _version(
            find_application("MobileNet"), model, Classes(classes.names, classes.ids, 6), "float32", b""
        ),
        _version(find_application("MobileNet"), model, classes, "float32", b"layers"),
    ]
    bias = model.get_layer("conv_preds").weights[1]
    before = bias.numpy()
    bias.assign(before + 1e-6)
    others.append(_version(find_application("MobileNet"), model, classes, "float32", b""))
    bias.assign(before)
    assert len({first, *others}) == 5


def test_scores_in_bfloat16_do_not_tie(lanes: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """The last layer is in float32: scores keep their digits; with 8 bits, hundreds would be equal."""
    for found in scores(lanes["bfloat16"], pictures):
        assert len(set(found.values())) > 0.95 * len(found)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_labels_do_not_depend_on_the_batch(
    precision: str, lanes: dict[str, KerasClassifier], pictures: list[Path]
) -> None:
    """In either precision a picture's labels are the same alone, among others, and at any position of a batch."""
    classifier = lanes[precision]
    prepared = [classifier.prepare(PictureFile(file)) for file in pictures[:3]]
    alone = [classifier.label([picture])[0] for picture in prepared]
    assert classifier.label(prepared) == alone
    assert classifier.label(prepared[::-1]) == alone[::-1]
    size = classifier.batch_size
    assert classifier.label((prepared * size)[:size]) == (alone * size)[:size]
    assert classifier.label([]) == []


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_several_threads_get_the_same_labels(
    precision: str, lanes: dict[str, KerasClassifier], pictures: list[Path]
) -> None:
    """As many callers as the classifier allows get the same labels at once as one after the other."""
    classifier = lanes[precision]
    prepared = [classifier.prepare(PictureFile(file)) for file in pictures[:3]]
    batches = [prepared[index:] + prepared[:index] for index in range(3)]
    alone = [classifier.label(batch) for batch in batches]
    with ThreadPoolExecutor(max(2, classifier.callers)) as threads:
        assert list(threads.map(classifier.label, batches)) == alone


def test_the_version_names_bfloat16(lanes: dict[str, KerasClassifier]) -> None:
    """The version names bfloat16, and is otherwise that of float32: nothing else of the machine is in it."""
    full, half = lanes["float32"].version, lanes["bfloat16"].version
    assert half == full.replace("MobileNet-", "MobileNet-bfloat16-")


def test_without_a_network_the_download_is_reported(
    keras: Any, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network, one line each reports the missing weights and names, with what to do."""
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    # Python's opener remembers the proxies of its first use, and Keras the folder of KERAS_HOME at its import.
    monkeypatch.setattr(urllib.request, "_opener", None)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))

    def refusal(weights: Any) -> str:
        with pytest.raises(ClassifierUnavailable) as caught:
            load("lane", KerasOptions(application="MobileNet", weights=weights))
        (line,) = str(caught.value).splitlines()
        return line

    weights, names = refusal("imagenet"), refusal(saved / "mobilenet.safetensors")
    assert weights.startswith("The ImageNet weights of MobileNet can't be downloaded (")
    assert "Run once with a network, or set weights to a weights file." in weights
    assert names.startswith("ImageNet's class names can't be downloaded (")
    assert "set labels to a text file with the 1000 names" in names
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_one_picture_gets_the_labels_of_a_batch(lanes, saved, pictures):
    """The model that starts sooner for one picture has the same version, and the same best labels up to rounding."""
    lane = lanes["float32"]
    options = KerasOptions(
        application="MobileNet",
        weights=saved / "mobilenet.keras",
        labels=saved / "names.txt",
        top=1000,
        precision="float32",
    )
    single = load_single("lane", options)
    assert (single.version, single.batch_size) == (lane.version, 1)
    prepared = lane.prepare(PictureFile(pictures[0]))
    expected = {one.label: one.score for one in lane.label([prepared])[0]}
    [labels] = single.label([single.prepare(PictureFile(pictures[0]))])
    assert {one.label: one.score for one in labels} == pytest.approx(expected, abs=1e-5)
