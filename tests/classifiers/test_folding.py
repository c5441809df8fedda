"""Batch normalisation is folded into the layers before it, and no score changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.backend import import_keras
from classifiers.folding import fold_batch_normalisation
from classifiers.keras import KerasOptions, load
from classifiers.pictures import PictureFile

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
    pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning"),
]
SIZE = 96
ROUNDING = 1e-5
"""Limit for the logarithm of a score: float32 sums differ when factors are multiplied in another order."""
ROUNDING_OF_MANY = 5e-3
"""The same for a hundred layers. Inception v3 differs from float64 by 0.002, folded or not."""


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras, loaded as the classifier loads it."""
    import_keras()
    import keras

    keras.utils.set_random_seed(3)
    return keras


def layers_of(model: Any) -> Iterator[Any]:
    """All layers, including those of inner models."""
    for layer in model.layers:
        yield from layers_of(layer) if hasattr(layer, "layers") else (layer,)


def with_statistics(keras: Any, model: Any) -> Any:
    """The model with normalisations as after training: new ones change nothing, so folding them shows no error.

    Mean and variance are those of the layer's input. With others, a deep model of random weights gives every
    picture the same scores, and so would a model that is folded wrongly.
    """
    chance = np.random.default_rng(3)
    batch = chance.normal(0, 0.5, (8, *model.input_shape[1:])).astype(np.float32)
    for layer in layers_of(model):
        if isinstance(
            layer, keras.layers.Normalization
        ):  # in EfficientNet; its weights contain the statistics
            layer.adapt(chance.normal(0.4, 0.25, (64, *layer.input.shape[1:])).astype(np.float32))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
            for variable in layer.weights:
                if variable.name == "gamma":
                    variable.assign(chance.uniform(0.7, 1.3, variable.shape).astype(np.float32))
                if variable.name == "beta":
                    variable.assign(chance.normal(0, 0.1, variable.shape).astype(np.float32))
    model(batch, training=True)
    return model


def pictures(shape: tuple[int, ...] = (2, SIZE, SIZE, 3)) -> Any:
    """Random prepared pictures."""
    return np.random.default_rng(4).normal(0, 0.5, shape).astype(np.float32)


def check_same(model: Any, new: Any, inputs: Any, rounding: float) -> None:
    """Assert that both models give the same scores, and that those of different pictures differ by far more."""
    before, after = (np.log(np.asarray(one(inputs, training=False)) + 1e-9) for one in (model, new))
    assert before.std(axis=0).max() > 10 * rounding
    np.testing.assert_allclose(after, before, rtol=0, atol=rounding)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("application", "expected"),
    [
        ("EfficientNetB0", (49, 49)),
        ("Xception", (40, 40)),
        ("InceptionV3", (94, 94)),
        ("ResNet50V2", (32, 49)),
    ],
)
def test_a_folded_application_gives_the_same_scores(
    keras: Any, application: str, expected: tuple[int, int]
) -> None:
    """A folded application gives the same scores, without its normalisations after linear layers.

    ResNet v2, like DenseNet, has some before the layers, with an activation in between, which must stay.
    """
    build = getattr(keras.applications, application)
    model = with_statistics(keras, build(weights=None, input_shape=(SIZE, SIZE, 3), classes=10))
    new, count = fold_batch_normalisation(model)
    normalisations = [
        sum(isinstance(one, keras.layers.BatchNormalization) for one in each.layers) for each in (model, new)
    ]
    assert (count, normalisations[0]) == expected
    assert normalisations[1] == expected[1] - expected[0]
    check_same(model, new, pictures(), ROUNDING_OF_MANY)


def _bias(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(
        keras.layers.Conv2D(5, 3, use_bias=True, bias_initializer="ones")(x)
    )


def _no_factor(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization(scale=False, center=False)(keras.layers.Conv2D(5, 3)(x))


def _multiplied(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(keras.layers.DepthwiseConv2D(3, depth_multiplier=2)(x))


def _separable(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(keras.layers.SeparableConv2D(5, 3, depth_multiplier=2)(x))


def _dense(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(keras.layers.Dense(5)(x))


def _two_in_a_row(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3)(x)))


def _activated(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, activation="relu")(x))


def _read_twice(keras: Any, x: Any) -> Any:
    x = keras.layers.Conv2D(5, 3)(x)
    return keras.layers.Add()([x, keras.layers.BatchNormalization()(x)])


def _called_twice(keras: Any, x: Any) -> Any:
    layer = keras.layers.Conv2D(3, 3, padding="same")
    x = keras.layers.BatchNormalization()(layer(x))
    return keras.layers.BatchNormalization()(layer(x))


def _other_axis(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization(axis=1)(keras.layers.Conv2D(5, 3)(x))


def _model_within(keras: Any, x: Any) -> Any:
    inside = keras.Input(x.shape[1:])
    return keras.Model(inside, _bias(keras, inside))(x)


def _scaled(keras: Any, x: Any) -> Any:
    return _bias(keras, keras.layers.Normalization()(x))


def _scaled_within(keras: Any, x: Any) -> Any:
    inside = keras.Input(x.shape[1:])
    return _bias(keras, keras.Model(inside, keras.layers.Normalization()(inside))(x))


def _by_name(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(inputs=keras.layers.Conv2D(5, 3)(inputs=x))


def _low_rank(keras: Any, x: Any) -> Any:
    return keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, lora_rank=2)(x))


def _quantised(keras: Any, x: Any) -> Any:
    layer = keras.layers.Dense(5)
    x = layer(x)
    layer.quantize("int8")
    return keras.layers.BatchNormalization()(x)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (_scaled, 1),
        (_scaled_within, 1),
        (_by_name, 1),
        (_low_rank, 0),
        (_quantised, 0),
        (_bias, 1),
        (_no_factor, 1),
        (_multiplied, 1),
        (_separable, 1),
        (_dense, 1),
        (_two_in_a_row, 1),
        (_activated, 0),
        (_read_twice, 0),
        (_called_twice, 0),
        (_other_axis, 0),
        (_model_within, 0),
    ],
)
def test_a_layer_is_folded_only_if_scores_stay_the_same(
    keras: Any, layers: Callable[[Any, Any], Any], expected: int
) -> None:
    """Each kind of layer is folded by the layout of its kernel; if folding would change scores, it stays."""
    picture = keras.Input((12, 12, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(layers(keras, picture))
    model = with_statistics(keras, keras.Model(picture, keras.layers.Dense(4, activation="softmax")(pooled)))
    new, count = fold_batch_normalisation(model)
    assert count == expected
    check_same(model, new, pictures((3, 12, 12, 3)), ROUNDING)


def test_a_sequential_model_is_not_changed(keras: Any) -> None:
    """A `Sequential` model is returned itself."""
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()]
    )
    assert fold_batch_normalisation(model) == (model, 0)


def test_a_layer_that_is_an_output_is_not_folded(keras: Any) -> None:
    """A layer whose values are an output of the model keeps them."""
    picture = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(5, 3)(picture)
    model = with_statistics(keras, keras.Model(picture, [keras.layers.BatchNormalization()(x), x]))
    assert fold_batch_normalisation(model) == (model, 0)


@pytest.mark.slow
def test_a_keras_file_with_custom_layers_gives_the_scores_of_its_model(keras: Any, tmp_path: Path) -> None:
    """A `.keras` file with its own input size, scaling, classes and no softmax gives the scores of that model."""
    picture = keras.Input((SIZE, SIZE, 3))
    scaled = keras.layers.Normalization()(keras.layers.Rescaling(0.5, offset=0.5)(picture))
    build = keras.applications.MobileNetV2
    model = with_statistics(
        keras, build(weights=None, input_tensor=scaled, classes=4, classifier_activation=None)
    )
    model.save(tmp_path / "own.keras")
    (tmp_path / "names.txt").write_text("a\nb\nc\nd\n")
    lane = load(
        "own",
        KerasOptions(
            application="MobileNetV2",
            weights=tmp_path / "own.keras",
            labels=tmp_path / "names.txt",
            precision="float32",
        ),
    )
    batch = np.random.default_rng(5).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    for number, picture in enumerate(batch):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    prepared = [lane.prepare(PictureFile(tmp_path / f"{number}.png")) for number in range(3)]
    assert np.array_equal(prepared, batch)
    logits = model(batch / np.float32(127.5) - 1, training=False)
    expected = np.asarray(keras.ops.softmax(logits))
    found = [{one.label: one.score for one in labels} for labels in lane.label(prepared)]
    assert fold_batch_normalisation(model)[1] == 52
    assert expected.std(axis=0).max() > 0.01
    for scores, row in zip(found, expected, strict=True):
        assert scores == pytest.approx(dict(zip("abcd", row.tolist(), strict=True)), abs=1e-4)
