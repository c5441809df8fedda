"""Fold batch normalisation into the layers before it: the same function with less to compute.

At inference, batch normalisation is a factor and a shift per channel (Ioffe and Szegedy 2015, equation 11 of
algorithm 2): y = gamma * (x - mean) / sqrt(variance + epsilon) + beta. If x comes from a linear layer only, its
kernel takes the factor and its bias the shift, and the normalisation is removed:

    kernel' = kernel * s      bias' = beta + (bias - mean) * s      s = gamma / sqrt(variance + epsilon)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fold_batch_normalisation(model: Any) -> tuple[Any, int]:
    """A model with all foldable batch normalisations folded, and their number. Scores differ by rounding.

    The given model is not changed. It is returned itself if nothing can be folded, and if it is not a graph of
    layers (a subclass with its own code, or a `Sequential`). Models inside it stay unchanged.
    """
    import keras

    if not hasattr(model, "operations") or isinstance(model, keras.Sequential):
        return model, 0
    output_layers = {id(tensor._keras_history.operation) for tensor in model.outputs}  # noqa: SLF001
    linear = {
        bn.name: layer
        for bn in model.layers
        if (layer := _linear_before(bn)) is not None and id(layer) not in output_layers
    }
    if not linear:
        return model, 0
    with_bias = {layer.name for layer in linear.values()}

    def clone(layer: Any) -> Any:
        settings = layer.get_config()
        if layer.name in with_bias:
            settings["use_bias"] = True
        return layer.__class__.from_config(settings)

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        if layer.name in linear:
            return inputs[0] if inputs else options["inputs"]
        return layer(*inputs, **options)

    new = keras.models.clone_model(model, clone_function=clone, call_function=call)
    normalisations = {layer.name: model.get_layer(name) for name, layer in linear.items()}
    for layer in new.layers:
        if layer.name in normalisations:
            layer.set_weights(_folded_weights(model.get_layer(layer.name), normalisations[layer.name]))
        elif layer.weights:
            _copy_weights(layer, model.get_layer(layer.name))
    return new, len(linear)


def _copy_weights(layer: Any, original: Any) -> None:
    layer.set_weights(original.get_weights())
    for part in layer._flatten_layers():  # noqa: SLF001
        # Until this call, `Normalization` computes with values that it derived from its initial weights.
        if hasattr(part, "finalize_state"):
            part.finalize_state()


def _linear_before(layer: Any) -> Any | None:
    """The layer that a batch normalisation can be folded into, if any."""
    import keras

    # A subclass may do more.
    if type(layer) is not keras.layers.BatchNormalization or len(layer._inbound_nodes) != 1:  # noqa: SLF001
        return None
    # Keras has no public access to the graph of a model; its own `clone_model` reads these attributes too.
    tensor = layer._inbound_nodes[0].arguments.keras_tensors[0]  # noqa: SLF001
    before = tensor._keras_history.operation  # noqa: SLF001
    kinds = (
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
        keras.layers.SeparableConv2D,
        keras.layers.Dense,
    )
    if type(before) not in kinds or before.activation is not keras.activations.linear:
        return None
    # It is called once, and only once is its output read.
    if not len(before._inbound_nodes) == len(before._outbound_nodes) == 1 or not _plain(before):  # noqa: SLF001
        return None
    channels_last = getattr(before, "data_format", "channels_last") == "channels_last"
    return before if channels_last and layer.axis in (-1, len(tensor.shape) - 1) else None


def _plain(layer: Any) -> bool:
    """Whether its only weights are kernels and a bias: it is neither quantised nor has LoRA matrices."""
    import keras

    kernels = 2 if type(layer) is keras.layers.SeparableConv2D else 1
    return len(layer.weights) == kernels + bool(layer.use_bias)


def _folded_weights(linear: Any, normalisation: Any) -> list[NDArray[np.float32]]:
    import keras

    *kernels, bias = linear.get_weights() if linear.use_bias else [*linear.get_weights(), np.zeros(1)]
    *affine, mean, variance = (one.astype(np.float64) for one in normalisation.get_weights())
    scale = 1.0 / np.sqrt(variance + normalisation.epsilon)
    shift: Any = affine.pop() if normalisation.center else 0.0
    if normalisation.scale:
        scale *= affine.pop()
    kernel = kernels[-1]
    # A depthwise kernel is (height, width, channels, outputs per channel); all others end with the outputs.
    depthwise = isinstance(linear, keras.layers.DepthwiseConv2D)
    factors = scale.reshape(kernel.shape[2:]) if depthwise else scale
    return [
        *kernels[:-1],
        (kernel.astype(np.float64) * factors).astype(np.float32),
        (shift + (bias.astype(np.float64) - mean) * scale).astype(np.float32),
    ]
