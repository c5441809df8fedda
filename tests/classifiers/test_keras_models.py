"""The kind `keras`: one's own last layers, Keras' numbering of layers, every application's preprocessing, and no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.keras import KerasOptions, applications, load
from classifiers.pictures import PictureFile

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
ROOT = Path(__file__).resolve().parents[2]

OFFLINE = """
import sys
from pathlib import Path
from classifiers.errors import ClassifierUnavailable
from classifiers.keras import KerasOptions, load
for weights in ("imagenet", Path(sys.argv[1])):
    try:
        load("lane", KerasOptions(application="MobileNet", weights=weights))
    except ClassifierUnavailable as error:
        print(error)
"""


def test_own_last_layers(keras: Any, pictures: list[Path], tmp_path: Path) -> None:
    """A .keras model with an application's layers and three classes of one's own gives scores, softmax or not."""
    keras.utils.set_random_seed(1)
    base = keras.applications.MobileNet(
        weights=None, include_top=False, pooling="avg", input_shape=(96, 96, 3)
    )
    keras.Model(base.input, keras.layers.Dense(3)(base.output)).save(tmp_path / "own.keras")
    (tmp_path / "names.txt").write_text("cup\nplate\nspoon\n")
    options = KerasOptions(
        application="MobileNet", weights=tmp_path / "own.keras", labels=tmp_path / "names.txt"
    )
    classifier = load("own", options)
    prepared = classifier.prepare(PictureFile(pictures[0]))
    (found,) = classifier.label([prepared])
    assert prepared.shape == (96, 96, 3)
    assert {label.label for label in found} == {"cup", "plate", "spoon"}
    assert sum(label.score for label in found) == pytest.approx(1)


def test_version_follows_the_layers(keras: Any, tmp_path: Path) -> None:
    """The layers of a .keras file are in the version as its weights are; how it was trained is not."""
    keras.utils.set_random_seed(1)
    base = keras.applications.MobileNet(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3)
    )
    (tmp_path / "names.txt").write_text("cup\nplate\nspoon\n")
    last = keras.layers.Dense(3)(base.output)

    def version(output: Any, **trained: str) -> str:
        made = keras.Model(base.input, output)
        if trained:
            made.compile(**trained)
        made.save(tmp_path / "own.keras")
        options = KerasOptions(
            application="MobileNet", weights=tmp_path / "own.keras", labels=tmp_path / "names.txt"
        )
        return load("own", options).version

    first = version(last)
    assert version(last) == first
    assert version(last, optimizer="sgd", loss="mse") == first
    assert version(keras.layers.Activation("sigmoid", name="last")(last)) != first


def test_numbered_layers(keras: Any, saved: Path, tmp_path: Path) -> None:
    """Weights by the names of layers fit although Keras numbers nameless layers on: the second lane loads too."""
    from safetensors.numpy import save_file

    keras.utils.clear_session()  # as in the program that saved them
    made = keras.applications.InceptionV3(weights=None)
    assert "conv2d" in made.weights[0].path.split("/")[0]
    save_file({one.path: one.numpy() for one in made.weights}, tmp_path / "inception.safetensors")
    options = KerasOptions(weights=tmp_path / "inception.safetensors", labels=saved / "names.txt")
    assert load("inception_v3", options).version.startswith("InceptionV3-")


@pytest.mark.parametrize("application", ["tf", "caffe", "torch", "none"])
def test_preprocessing_of_every_application(application: str, keras: Any) -> None:
    """Each application's pictures are scaled as its weights were trained: four ways, by their papers."""
    from classifiers.keras import _application, _preprocessor

    ways = {
        "tf": ("Inception", "Xception", "MobileNet", "NASNet", "ResNet50V2", "ResNet101V2", "ResNet152V2"),
        "caffe": ("ResNet50", "ResNet101", "ResNet152", "VGG16", "VGG19"),
        "torch": ("DenseNet",),
        "none": ("EfficientNet", "ConvNeXt", "MobileNetV3"),
    }
    red = np.array([255, 0, 0], np.float32)
    expected = {
        "tf": [1, -1, -1],
        "caffe": [-103.939, -116.779, 255 - 123.68],
        "torch": (red / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
        "none": red,
    }

    def way(name: str) -> str:
        fits = [
            (len(start), one) for one, starts in ways.items() for start in starts if name.startswith(start)
        ]
        return max(fits)[1]

    mine = [name for name in applications() if way(name) == application]
    assert mine
    for name in mine:
        picture = np.broadcast_to(red, (1, 4, 4, 3)).copy()
        assert _preprocessor(_application(name))(picture)[0, 0, 0] == pytest.approx(
            expected[application], abs=1e-3
        )


def test_offline(saved: Path, tmp_path: Path) -> None:
    """Without a network, weights and names that Keras would download are told in a line each, with what to do."""
    nowhere = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")}
    (tmp_path / "keras").mkdir()
    environment = {**os.environ, **nowhere, "KERAS_HOME": str(tmp_path / "keras"), "no_proxy": ""}
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(saved / "mobilenet.safetensors")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    weights, names = ran.stdout.splitlines()
    assert weights.startswith("The ImageNet weights of MobileNet can't be downloaded (")
    assert "Run once with a network, or set weights to a weights file of your own." in weights
    assert names.startswith("ImageNet's class names can't be downloaded (")
    assert "set labels to a text file with the 1000 names" in names
    assert "Traceback" not in ran.stderr
