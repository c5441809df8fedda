"""The kind `litert` with small models made here: floats, signed and unsigned bytes, and models of other kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.litert import LitertOptions, load
from classifiers.pictures import PictureFile

Convert = Callable[..., Path]

# TensorFlow warns so of every quantised model.
pytestmark = pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")


@pytest.fixture(scope="module")
def convert(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Convert a Keras model to a LiteRT file, quantised to a byte type if one is given."""
    import tensorflow as tf

    def made(model: Any, quantised: str | None = None) -> Path:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if quantised:
            chance = np.random.default_rng(1)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [np.float32(level) * np.ones((1, *model.input_shape[1:]), np.float32)]
                for level in chance.uniform(-1, 1, 50)
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.as_dtype(quantised)
        file = tmp_path_factory.mktemp("litert") / "model.tflite"
        file.write_bytes(converter.convert())
        return file

    return made


def colours(keras: Any, activation: str | None) -> Any:
    """A model that scores how red, green and blue a picture is."""
    picture = keras.Input((8, 8, 3))
    last = keras.layers.Dense(3, activation=activation)
    model = keras.Model(picture, last(keras.layers.GlobalAveragePooling2D()(picture)))
    last.set_weights([np.eye(3, dtype=np.float32) * 2, np.zeros(3, np.float32)])
    return model


@pytest.mark.parametrize(
    ("activation", "quantised"), [("softmax", None), (None, None), (None, "int8"), ("softmax", "uint8")]
)
def test_models_of_floats_and_bytes_give_their_softmax(
    activation: str | None, quantised: str | None, keras: Any, convert: Convert, tmp_path: Path
) -> None:
    """A model gets floats or bytes as it expects them; its scores are its softmax, even if it ends before one."""
    (tmp_path / "names.txt").write_text("background\nred\ngreen\nblue\n")
    Image.new("RGB", (20, 30), (255, 64, 128)).save(tmp_path / "picture.png")
    model = convert(colours(keras, activation), quantised)
    classifier = load("colours", LitertOptions(model=model, labels=tmp_path / "names.txt"))
    (found,) = classifier.label([classifier.prepare(PictureFile(tmp_path / "picture.png"))])
    powers = np.exp((np.array([255, 64, 128]) / 127.5 - 1) * 2)
    expected = dict(zip(("red", "green", "blue"), powers / powers.sum(), strict=True))
    assert [label.label for label in found] == ["red", "blue", "green"]
    for label in found:
        assert label.score == pytest.approx(expected[label.label], abs=0.03 if quantised else 1e-5)


@pytest.mark.slow
def test_a_model_of_another_kind_is_refused(keras: Any, convert: Convert, tmp_path: Path) -> None:
    """A model that does not take one RGB picture, or return one score per class, is refused."""
    (tmp_path / "names.txt").write_text("red\ngreen\nblue\n")
    grey, picture, vector = keras.Input((8, 8, 1)), keras.Input((8, 8, 3)), keras.Input((9,))
    layers = keras.layers
    models = [
        keras.Model(grey, layers.Dense(3)(layers.Flatten()(grey))),
        keras.Model(vector, layers.Dense(3)(vector)),
        keras.Model(picture, layers.ReLU()(picture)),
        keras.Model(
            [picture, grey], layers.Dense(3)(layers.Flatten()(picture)) + layers.Flatten()(grey)[:, :3]
        ),
    ]
    for model in models:
        file = convert(model)
        with pytest.raises(ClassifierUnavailable, match="is not a picture classifier") as refused:
            load("lane", LitertOptions(model=file, labels=tmp_path / "names.txt"))
        assert str(file) in str(refused.value)


def test_the_output_with_the_scores_is_named_in_the_settings(
    keras: Any, convert: Convert, tmp_path: Path
) -> None:
    """A model with two outputs is refused with their names; `output` selects one of them."""
    (tmp_path / "names.txt").write_text("red\ngreen\nblue\n")
    picture = keras.Input((8, 8, 3))
    means = keras.layers.GlobalAveragePooling2D()(picture)
    model = convert(keras.Model(picture, [means, keras.layers.Activation("sigmoid")(-means)]))

    def options(**more: Any) -> LitertOptions:
        return LitertOptions(model=model, labels=tmp_path / "names.txt", multi_label=True, **more)

    with pytest.raises(ClassifierUnavailable, match="has 2 outputs") as refused:
        load("lane", options())
    names = str(refused.value).partition("(")[2].partition(")")[0].split(", ")
    Image.new("RGB", (8, 8), (255, 128, 0)).save(tmp_path / "picture.png")
    firsts = set()
    for name in names:
        classifier = load("lane", options(output=name))
        prepared = [classifier.prepare(PictureFile(tmp_path / "picture.png"))]
        try:
            firsts.add(classifier.label(prepared)[0][0].label)
        except ClassifierUnavailable as error:
            firsts.add(str(error).partition(",")[0])
    assert firsts == {"blue", "The model's scores reach from -1 to 1"}
    with pytest.raises(ClassifierUnavailable, match="has no output 'scores'"):
        load("lane", options(output="scores"))
