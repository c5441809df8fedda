"""Batch normalisation is folded into the layers before it, and no answer changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from classifiers.backend import import_keras
from classifiers.folding import folded

SIZE = 96
ROUNDING = 1e-4
"""Of the logarithm of a score: what sums in float32 may differ by when factors are multiplied in another order."""


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras, loaded as the classifier loads it."""
    import_keras()
    import keras

    return keras


def with_statistics(keras: Any, model: Any) -> Any:
    """The model with normalisations as training leaves them: new ones change nothing, so folding them would hide."""
    chance = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in layer.weights:
                positive = variable.name in ("gamma", "moving_variance")
                drawn = (
                    chance.uniform(0.7, 1.3, variable.shape)
                    if positive
                    else chance.normal(0, 0.1, variable.shape)
                )
                variable.assign(drawn.astype(np.float32))
    return model


def pictures(shape: tuple[int, ...] = (2, SIZE, SIZE, 3)) -> Any:
    """Prepared pictures, as random as can be."""
    return np.random.default_rng(4).normal(0, 0.5, shape).astype(np.float32)


def check_same(model: Any, new: Any, inputs: Any) -> None:
    """Assert that both answer alike."""
    before, after = (np.log(one.predict_on_batch(inputs) + 1e-9) for one in (model, new))
    np.testing.assert_allclose(after, before, atol=ROUNDING)


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        ("MobileNetV2", (52, 52)),
        ("EfficientNetB0", (49, 49)),
        ("Xception", (40, 40)),
        ("InceptionV3", (94, 94)),
        ("DenseNet121", (59, 121)),
        ("ResNet50V2", (32, 49)),
    ],
)
def test_applications(keras: Any, application: str, expected: tuple[int, int]) -> None:
    """A folded application gives the same scores; all its normalisations behind a layer of sums are gone.

    DenseNet and ResNet v2 have some before the layers, with an activation in between, which must stay.
    """
    build = getattr(keras.applications, application)
    model = with_statistics(keras, build(weights=None, input_shape=(SIZE, SIZE, 3), classes=10))
    new, count = folded(model)
    normalisations = [
        sum(isinstance(one, keras.layers.BatchNormalization) for one in each.layers) for each in (model, new)
    ]
    assert (count, normalisations[0]) == expected
    assert normalisations[1] == expected[1] - expected[0]
    check_same(model, new, pictures())


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


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
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
def test_layers(keras: Any, layers: Callable[[Any, Any], Any], expected: int) -> None:
    """Each kind of layer is folded as its kernel lies in memory; where folding would change answers, it is left."""
    picture = keras.Input((12, 12, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(layers(keras, picture))
    model = with_statistics(keras, keras.Model(picture, keras.layers.Dense(4, activation="softmax")(pooled)))
    new, count = folded(model)
    assert count == expected
    check_same(model, new, pictures((3, 12, 12, 3)))


def test_sequence(keras: Any) -> None:
    """A mere sequence of layers stays what it is."""
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()]
    )
    assert folded(model) == (model, 0)
