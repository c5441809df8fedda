"""The two towers of CLIP ViT-B/32 as ONNX files with random weights, for the benchmark alone.

Layers and sizes are those of Radford et al. 2021: patches of 32 pixels, 12 layers of width 768 for pictures, and 77
tokens, 12 layers of width 512 for texts; both end in 512 numbers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

TOKENS = 49_408
LENGTH = 77
DIMENSIONS = 512


def write_clip(folder: Path) -> None:
    """Write a model folder that the kind `zero_shot` reads."""
    (folder / "onnx").mkdir(parents=True)
    _Tower(768, 12).picture_tower(folder / "onnx" / "vision_model.onnx")
    _Tower(512, 8).text_tower(folder / "onnx" / "text_model.onnx")
    _write(folder / "config.json", {"model_type": "clip"})
    mean, deviation = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    preparation = {"size": 224, "crop_size": 224, "do_center_crop": True, "resample": 3}
    _write(folder / "preprocessor_config.json", {**preparation, "image_mean": mean, "image_std": deviation})
    vocabulary = {f"token{number}": number for number in range(TOKENS)}
    _write(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "added_tokens": [],
            "pre_tokenizer": {"type": "Whitespace"},
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "token0"},
        },
    )


def _write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value), "utf-8")


class _Tower:
    """ONNX nodes and tensors of a transformer with random weights."""

    def __init__(self, width: int, heads: int) -> None:
        self._width, self._heads = width, heads
        self._nodes: list[Any] = []
        self._tensors: list[Any] = []
        self._random = np.random.default_rng(1)

    def picture_tower(self, file: Path) -> None:
        """From `pixel_values` to `image_embeds`."""
        patches = self._node("Conv", "pixel_values", self._weights(self._width, 3, 32, 32), strides=[32, 32])
        rows = self._node("Transpose", self._reshape(patches, [0, self._width, 49]), perm=[0, 2, 1])
        # Zero times the first patch gives the class token its batch size.
        first = self._node("Slice", rows, *(self._integers([one]) for one in (0, 1, 1)))
        token = self._node("Add", self._node("Mul", first, self._number(0.0)), self._weights(self._width))
        state = self._node("Concat", token, rows, axis=1)
        state = self._normalised(self._node("Add", state, self._weights(50, self._width)))
        self._save(file, self._layers(state, None), ("pixel_values", 1, ["n", 3, 224, 224]), "image_embeds")

    def text_tower(self, file: Path) -> None:
        """From `input_ids` to `text_embeds`; the state of the first token counts, which takes as long."""
        rows = self._node("Gather", self._weights(TOKENS, self._width), "input_ids")
        length = self._node("Gather", self._node("Shape", "input_ids"), self._integers([1]))
        start, axis = self._integers([0]), self._integers([0])
        places = self._node("Slice", self._weights(LENGTH, self._width), start, length, axis)
        mask = self._constant(np.triu(np.full((LENGTH, LENGTH), -1e9, np.float32), 1))
        size = self._node("Concat", length, length, axis=0)
        mask = self._node("Slice", mask, self._integers([0, 0]), size, self._integers([0, 1]))
        state = self._node("Add", rows, places)
        self._save(file, self._layers(state, mask), ("input_ids", 7, ["n", "tokens"]), "text_embeds")

    def _layers(self, state: str, mask: str | None) -> str:
        for _ in range(12):
            state = self._node("Add", state, self._attention(self._normalised(state), mask))
            inner = self._dense(self._normalised(state), self._width, 4 * self._width)
            gate = self._node("Sigmoid", self._node("Mul", inner, self._number(1.702)))
            state = self._node(
                "Add", state, self._dense(self._node("Mul", inner, gate), 4 * self._width, self._width)
            )
        first = self._node("Slice", state, *(self._integers([one]) for one in (0, 1, 1)))
        pooled = self._reshape(self._normalised(first), [0, self._width])
        return self._node("MatMul", pooled, self._weights(self._width, DIMENSIONS))

    def _attention(self, state: str, mask: str | None) -> str:
        size = self._width // self._heads
        query, key, value = (
            self._node(
                "Transpose",
                self._reshape(self._dense(state, self._width, self._width), [0, 0, self._heads, size]),
                perm=order,
            )
            for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        )
        fit = self._node("Mul", self._node("MatMul", query, key), self._number(size**-0.5))
        fit = fit if mask is None else self._node("Add", fit, mask)
        seen = self._node("MatMul", self._node("Softmax", fit, axis=-1), value)
        joined = self._reshape(self._node("Transpose", seen, perm=[0, 2, 1, 3]), [0, 0, self._width])
        return self._dense(joined, self._width, self._width)

    def _normalised(self, state: str) -> str:
        return self._node(
            "LayerNormalization", state, self._constant(np.ones(self._width, np.float32)), axis=-1
        )

    def _dense(self, state: str, inputs: int, outputs: int) -> str:
        return self._node(
            "Add", self._node("MatMul", state, self._weights(inputs, outputs)), self._weights(outputs)
        )

    def _reshape(self, state: str, shape: list[int]) -> str:
        return self._node("Reshape", state, self._integers(shape))

    def _node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        import onnx

        output = f"n{len(self._nodes)}"
        self._nodes.append(onnx.helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def _weights(self, *shape: int) -> str:
        return self._constant(self._random.normal(0, 0.02, shape).astype(np.float32))

    def _number(self, value: float) -> str:
        return self._constant(np.float32(value))

    def _integers(self, values: list[int]) -> str:
        return self._constant(np.array(values, np.int64))

    def _constant(self, values: Any) -> str:
        import onnx

        name = f"t{len(self._tensors)}"
        self._tensors.append(onnx.numpy_helper.from_array(np.asarray(values), name))
        return name

    def _save(self, file: Path, result: str, source: tuple[str, int, list[Any]], output: str) -> None:
        import onnx

        self._nodes.append(onnx.helper.make_node("Identity", [result], [output]))
        outputs = [onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["n", DIMENSIONS])]
        inputs = [onnx.helper.make_tensor_value_info(*source)]
        graph = onnx.helper.make_graph(self._nodes, "tower", inputs, outputs, self._tensors)
        onnx.save(
            onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8),
            file,
        )
