"""A picture's embedding: the input of a Keras model's last layer with weights, from the same pass as its scores.

For the models of `keras.applications` and EfficientNetLite0 that is the last dense layer, and its input are the features
averaged over the picture (VGG has a dense layer before it). Pictures that look alike have close vectors (Razavian et al.
2014, 'CNN Features off-the-shelf', section 2).
"""

from __future__ import annotations

from typing import Any

from classifiers.errors import ClassifierUnavailable

MAX_FLOAT16 = 65504.0
"""The largest number of IEEE 754 half precision."""
_ADVICE = "Remove embeddings = true, or set weights to a model that ends in a dense layer."


def add_embedding(model: Any) -> Any:
    """A model with the same layers and two outputs: scores (n, classes), and embeddings (n, dimensions).

    Raises `ClassifierUnavailable` if the last layer with weights does not take one vector for each picture.
    """
    import keras

    layer = _last_layer_with_weights(model)
    try:
        features = layer.input
        shape = tuple(features.shape)
    except (AttributeError, ValueError) as error:  # it takes several
        raise ClassifierUnavailable(
            f"The model has no embedding: its layer {layer.name} does not have one input. {_ADVICE}"
        ) from error
    # The last layer of MobileNet is a convolution of one pixel.
    if len(shape) < 2 or shape[-1] is None or any(side != 1 for side in shape[1:-1]):
        raise ClassifierUnavailable(
            f"The model has no embedding: the input of its last layer with weights, {layer.name}, has the shape"
            f" {_shown(shape)} and is not a vector. {_ADVICE}"
        )
    try:
        vector = features if len(shape) == 2 else keras.layers.Reshape((shape[-1],))(features)
        return keras.Model(model.inputs[0], [model.outputs[0], vector])
    except ValueError as error:
        raise ClassifierUnavailable(
            f"The model has no embedding: the input of its layer {layer.name} is not computed from the picture"
            f" alone. {_ADVICE}"
        ) from error


def _last_layer_with_weights(model: Any) -> Any:
    with_weights = [layer for layer in getattr(model, "layers", []) if layer.weights]
    if not with_weights or not getattr(model, "inputs", None):
        raise ClassifierUnavailable(f"The model has no embedding: it is not a graph of layers. {_ADVICE}")
    if hasattr(last := with_weights[-1], "layers"):
        raise ClassifierUnavailable(
            f"The model has no embedding: its last layer, {last.name}, is a model of its own. {_ADVICE}"
        )
    return last


def _shown(shape: tuple[int | None, ...]) -> str:
    return "x".join("n" if side is None else str(side) for side in shape)
