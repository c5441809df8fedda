"""Tiny ONNX files, written field by field as onnx.proto numbers them, without the package `onnx`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FLOAT, UINT8, INT64, STRING, FLOAT16 = 1, 2, 7, 8, 10
_DTYPES = {FLOAT: np.float32, INT64: np.int64, FLOAT16: np.float16}


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def tensor(name: str, values: Sequence[object], kind: int) -> bytes:
    array = np.asarray(values, _DTYPES[kind])
    dims = b"".join(_integer(1, size) for size in array.shape)
    return dims + _integer(2, kind) + _text(8, name) + _text(9, array.tobytes())


def external_tensor(name: str, shape: Sequence[int], file: str, **entries: object) -> bytes:
    """A tensor whose values lie in another file; `entries` are its offset and length there."""
    location = b"".join(
        _text(13, _text(1, key) + _text(2, str(value)))
        for key, value in {"location": file, **entries}.items()
    )
    return (
        b"".join(_integer(1, size) for size in shape)
        + _integer(2, FLOAT)
        + _text(8, name)
        + location
        + _integer(14, 1)
    )


def node(operator: str, inputs: Sequence[str], output: str, domain: str = "") -> bytes:
    return (
        b"".join(_text(1, one) for one in inputs) + _text(2, output) + _text(4, operator) + _text(7, domain)
    )


def cast(source: str, output: str, kind: int) -> bytes:
    attribute = _text(1, "to") + _integer(3, kind) + _integer(20, 2)
    return node("Cast", [source], output) + _text(5, attribute)


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_text(1, _integer(1, one) if isinstance(one, int) else _text(2, one)) for one in shape)
    return _text(1, name) + _text(2, _text(1, _integer(1, kind) + _text(2, dims)))


def model(
    nodes: Sequence[bytes], tensors: Sequence[bytes], shape: Sequence[int | str], kind: int = FLOAT
) -> bytes:
    """A model from `picture` to `scores`."""
    graph = b"".join(_text(1, one) for one in nodes) + _text(2, "tiny")
    graph += b"".join(_text(5, one) for one in tensors)
    graph += _text(11, _value("picture", kind, shape)) + _text(12, _value("scores", FLOAT, ("n", "classes")))
    return _integer(1, 8) + _text(7, graph) + _text(8, _text(1, "") + _integer(2, 17))


def weighted_colour(tensor_: bytes, shape: Sequence[int | str] = (1, 3, 32, 32)) -> bytes:
    """A model whose three scores are a picture's mean colours, channels first, times the 3 x 3 tensor `w`."""
    means = _mean_over("picture", "means", (2, 3))
    nodes = [means, node("MatMul", ["means", "w"], "weighed"), node("Softmax", ["weighed"], "scores")]
    return model(nodes, [tensor_], shape)


def with_inner_graph(tensor_: bytes) -> bytes:
    """A model whose tensor `w` lies in a graph inside one of its nodes."""
    inner = _text(5, tensor_) + _text(2, "inner")
    holding = node("Identity", ["picture"], "scores") + _text(
        5, _text(1, "g") + _text(6, inner) + _integer(20, 5)
    )
    return model([holding], [], (1, 3, 32, 32))


def with_texts_and_maps(names: Sequence[str]) -> bytes:
    """A model as Custom Vision exports it: the best class's name as a text, and a map from names to scores."""
    strings = b"".join(_text(9, one) for one in names) + _integer(20, 8)
    nodes = [
        _mean_over("picture", "means", (2, 3)),
        node("Softmax", ["means"], "tensor"),
        node("ArgMax", ["tensor"], "best") + _text(5, _text(1, "axis") + _integer(3, 1) + _integer(20, 2)),
        node("LabelEncoder", ["best"], "classLabel", "ai.onnx.ml")
        + _text(5, _text(1, "keys_int64s") + b"".join(_integer(8, i) for i in range(3)) + _integer(20, 7))
        + _text(5, _text(1, "values_strings") + strings),
        node("ZipMap", ["tensor"], "loss", "ai.onnx.ml")
        + _text(5, _text(1, "classlabels_strings") + strings),
    ]
    scores = _text(1, _integer(1, FLOAT))
    maps = _text(4, _text(1, _text(5, _integer(1, STRING) + _text(2, scores))))
    graph = b"".join(_text(1, one) for one in nodes) + _text(2, "tiny")
    graph += _text(11, _value("picture", FLOAT, ("n", 3, 32, 32)))
    graph += _text(12, _value("classLabel", STRING, ("n", 1))) + _text(12, _text(1, "loss") + _text(2, maps))
    sets = b"".join(
        _text(8, _text(1, domain) + _integer(2, version)) for domain, version in (("", 17), ("ai.onnx.ml", 2))
    )
    return _integer(1, 8) + _text(7, graph) + sets


def two_tensors(activation: str) -> bytes:
    """A model of two outputs: `scores`, the mean colours, and `more`, these after the activation."""
    nodes = [_mean_over("picture", "scores", (2, 3)), node(activation, ["scores"], "more")]
    graph = b"".join(_text(1, one) for one in nodes) + _text(2, "tiny")
    graph += _text(11, _value("picture", FLOAT, ("n", 3, 32, 32)))
    graph += b"".join(_text(12, _value(name, FLOAT, ("n", 3))) for name in ("scores", "more"))
    return _integer(1, 8) + _text(7, graph) + _text(8, _text(1, "") + _integer(2, 17))


def one_picture() -> bytes:
    """A model of one picture at a time, whose scores have no dimension for the pictures."""
    nodes = [_mean_over("picture", "means", (0, 2, 3)), node("Softmax", ["means"], "scores")]
    graph = b"".join(_text(1, one) for one in nodes) + _text(2, "tiny")
    graph += _text(11, _value("picture", FLOAT, (1, 3, 32, 32))) + _text(12, _value("scores", FLOAT, (3,)))
    return _integer(1, 8) + _text(7, graph) + _text(8, _text(1, "") + _integer(2, 17))


def two_inputs() -> bytes:
    """A model that takes a picture and a mask."""
    graph = _text(1, node("Mul", ["picture", "mask"], "scores")) + _text(2, "tiny")
    graph += b"".join(_text(11, _value(name, FLOAT, (1, 3, 32, 32))) for name in ("picture", "mask"))
    graph += _text(12, _value("scores", FLOAT, (1, 3, 32, 32)))
    return _integer(1, 8) + _text(7, graph) + _text(8, _text(1, "") + _integer(2, 17))


def _mean_over(source: str, output: str, axes: Sequence[int]) -> bytes:
    made = node("ReduceMean", [source], output)
    made += _text(5, _text(1, "axes") + b"".join(_integer(8, one) for one in axes) + _integer(20, 7))
    return made + _text(5, _text(1, "keepdims") + _integer(3, 0) + _integer(20, 2))


def mean_colour(shape: Sequence[int | str], kind: int = FLOAT) -> bytes:
    """A model whose three scores are the mean red, green and blue of its input."""
    axes = [2, 3] if shape[1] == 3 else [1, 2]
    nodes = [cast("picture", "floats", FLOAT), node("ReduceMean", ["floats"], "means")]
    attribute = _text(1, "axes") + b"".join(_integer(8, one) for one in axes) + _integer(20, 7)
    flat = _text(1, "keepdims") + _integer(3, 0) + _integer(20, 2)
    nodes[1] += _text(5, attribute) + _text(5, flat)
    nodes.append(node("Softmax", ["means"], "scores"))
    return model(nodes, [], shape, kind)
