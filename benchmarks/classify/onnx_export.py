"""A Keras model as an ONNX file, for the benchmark alone: the layers that Inception v3 and EfficientNetLite0 have.

Batch normalisation stays a layer of its own: the runtimes fold it into the convolution before it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def as_onnx(model: Any, file: Path) -> tuple[int, int]:
    """Write the model to `file`; returns height and width of its pictures.

    Raises `NotImplementedError` for a model with other layers than these two have.
    """
    import onnx

    height, width = model.input_shape[1:3]
    graph = _Graph()
    for layer in model.layers:
        graph.add(layer)
    shape = ["n", 3, height, width]
    made = onnx.helper.make_graph(
        graph.nodes,
        model.name,
        [onnx.helper.make_tensor_value_info(model.layers[0].name, onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info(model.layers[-1].name, onnx.TensorProto.FLOAT, ["n", 1000])],
        graph.tensors,
    )
    onnx.save(
        onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), file
    )
    return height, width


class _Graph:
    """ONNX nodes and tensors, layer by layer; a node's output has its layer's name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def add(self, layer: Any) -> None:
        """Add a layer; its inputs are there already."""
        method = getattr(self, f"_{type(layer).__name__.lower()}", None)
        if method is None:
            raise NotImplementedError(f"this benchmark can't write {type(layer).__name__} to ONNX")
        if type(layer).__name__ != "InputLayer":
            sources = layer.input if isinstance(layer.input, list) else [layer.input]
            method(layer, [source._keras_history.operation.name for source in sources])  # noqa: SLF001

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
        import onnx

        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], **attributes))

    def _tensor(self, name: str, values: Any) -> str:
        import onnx

        self.tensors.append(onnx.numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def _inputlayer(self, layer: Any, sources: list[str]) -> None:
        pass

    def _conv2d(self, layer: Any, sources: list[str]) -> None:
        kernel, *bias = layer.get_weights()
        weights = [self._tensor(f"{layer.name}/kernel", kernel.transpose(3, 2, 0, 1))]
        weights += [self._tensor(f"{layer.name}/bias", one) for one in bias]
        self._node(
            "Conv",
            sources + weights,
            layer.name,
            strides=list(layer.strides),
            auto_pad="SAME_UPPER" if layer.padding == "same" else "VALID",
        )

    def _depthwiseconv2d(self, layer: Any, sources: list[str]) -> None:
        (kernel,) = layer.get_weights()
        weights = self._tensor(f"{layer.name}/kernel", kernel.transpose(2, 3, 0, 1))
        self._node(
            "Conv",
            [*sources, weights],
            layer.name,
            strides=list(layer.strides),
            group=kernel.shape[2],
            auto_pad="SAME_UPPER" if layer.padding == "same" else "VALID",
        )

    def _relu(self, layer: Any, sources: list[str]) -> None:
        limits = [self._tensor(f"{layer.name}/{name}", value) for name, value in (("low", 0), ("high", 6))]
        self._node("Clip", sources + limits, layer.name)

    def _add(self, layer: Any, sources: list[str]) -> None:
        self._node("Add", sources, layer.name)

    def _batchnormalization(self, layer: Any, sources: list[str]) -> None:
        values = dict(zip((v.name for v in layer.weights), layer.get_weights(), strict=True))
        size = len(values["moving_mean"])
        names = [
            self._tensor(f"{layer.name}/{part}", values.get(part, np.full(size, missing)))
            for part, missing in (("gamma", 1), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1))
        ]
        self._node("BatchNormalization", sources + names, layer.name, epsilon=layer.epsilon)

    def _activation(self, layer: Any, sources: list[str]) -> None:
        self._node("Relu", sources, layer.name)

    def _maxpooling2d(self, layer: Any, sources: list[str], operator: str = "MaxPool") -> None:
        self._node(
            operator,
            sources,
            layer.name,
            kernel_shape=list(layer.pool_size),
            strides=list(layer.strides),
            auto_pad="SAME_UPPER" if layer.padding == "same" else "VALID",
        )

    def _averagepooling2d(self, layer: Any, sources: list[str]) -> None:
        self._maxpooling2d(layer, sources, "AveragePool")

    def _concatenate(self, layer: Any, sources: list[str]) -> None:
        self._node("Concat", sources, layer.name, axis=1)

    def _globalaveragepooling2d(self, layer: Any, sources: list[str]) -> None:
        self._node("GlobalAveragePool", sources, f"{layer.name}/pooled")
        self._node("Flatten", [f"{layer.name}/pooled"], layer.name)

    def _dense(self, layer: Any, sources: list[str]) -> None:
        kernel, bias = layer.get_weights()
        weights = [self._tensor(f"{layer.name}/kernel", kernel), self._tensor(f"{layer.name}/bias", bias)]
        self._node("Gemm", sources + weights, f"{layer.name}/scores")
        self._node("Softmax", [f"{layer.name}/scores"], layer.name)
