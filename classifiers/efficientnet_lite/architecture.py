"""The layers of EfficientNet-Lite0. Layers have the names of the tensors that they take."""

from __future__ import annotations

from typing import Any

SIDE = 224
CLASSES = 1000
BLOCKS = (
    # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
EPSILON = 1e-3


def build_layers(include_top: bool) -> Any:
    """A Keras model with random weights: pictures (n, 224, 224, 3), float32, to probabilities (n, 1000).

    Without the top it ends with the (n, 1280) averages over the picture.
    """
    import keras

    layers = keras.layers
    pictures = keras.Input((SIDE, SIDE, 3))
    x = _convolution(pictures, STEM_CHANNELS, 3, 2, "_conv_stem", "_bn0")
    number = 0
    for repeats, kernel, stride, expansion, channels in BLOCKS:
        for repeat in range(repeats):
            x = _block(x, kernel, 1 if repeat else stride, expansion, channels, f"_blocks.{number}")
            number += 1
    x = _convolution(x, HEAD_CHANNELS, 1, 1, "_conv_head", "_bn1")
    x = layers.GlobalAveragePooling2D()(x)
    if include_top:
        x = layers.Dense(CLASSES, activation="softmax", name="_fc")(x)
    return keras.Model(pictures, x, name="efficientnetlite0")


def _block(x: Any, kernel: int, stride: int, expansion: int, channels: int, name: str) -> Any:
    import keras

    before = x
    if expansion != 1:
        width = x.shape[-1] * expansion
        x = _convolution(x, width, 1, 1, f"{name}._expand_conv", f"{name}._bn0")
    depthwise = keras.layers.DepthwiseConv2D(
        kernel, stride, padding="same", use_bias=False, name=f"{name}._depthwise_conv"
    )
    x = _relu6(_normalise(depthwise(x), f"{name}._bn1"))
    project = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{name}._project_conv")
    x = _normalise(project(x), f"{name}._bn2")
    return keras.layers.add([x, before]) if stride == 1 and before.shape[-1] == channels else x


def _convolution(x: Any, channels: int, kernel: int, stride: int, name: str, normalisation: str) -> Any:
    import keras

    layer = keras.layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)
    return _relu6(_normalise(layer(x), normalisation))


def _normalise(x: Any, name: str) -> Any:
    import keras

    return keras.layers.BatchNormalization(epsilon=EPSILON, name=name)(x)


def _relu6(x: Any) -> Any:
    import keras

    return keras.layers.ReLU(6.0)(x)
