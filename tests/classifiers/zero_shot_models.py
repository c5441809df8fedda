"""Model folders shaped as CLIP's and SigLIP's exports, whose towers know three colours.

The picture tower gives a picture's mean colour and a constant, the text tower the sum of its tokens' rows: 'red',
'green' and 'blue' point to their colours, filler words nowhere, and all other words to grey.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_spec = importlib.util.spec_from_file_location("onnx_files", Path(__file__).with_name("onnx_files.py"))
assert _spec is not None and _spec.loader is not None
onnx = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(onnx)

TOKENS = ["<pad>", "[UNK]", "</s>", "a", "photo", "of", "this", "is", "picture", "red", "green", "blue"]
ROWS = np.array(
    [[0.0] * 4, [0.5, 0.5, 0.5, 0.3], [0.0, 0.0, 0.0, 0.01]]
    + [[0.0] * 4] * 6
    + [[1.0, 0.1, 0.1, 0.3], [0.1, 1.0, 0.1, 0.3], [0.1, 0.1, 1.0, 0.3]],
    np.float32,
)
SCALE, BIAS = 112.7, -100.0
SIDE = 32


def write_model(folder: Path, family: str = "clip", *, combined: bool = False, variant: str = "") -> Path:
    """Write the files of a model, and return its folder."""
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    ending = f"_{variant}.onnx" if variant else ".onnx"
    if combined:
        (folder / f"onnx/model{ending}").write_bytes(
            both_towers(SCALE if family == "siglip" else 100.0, BIAS)
        )
    else:
        (folder / f"onnx/vision_model{ending}").write_bytes(picture_tower())
        (folder / f"onnx/text_model{ending}").write_bytes(text_tower())
    text = {"vocab_size": len(TOKENS), "max_position_embeddings": 16}
    write_json(folder / "config.json", {"model_type": family, "text_config": text})
    write_json(folder / "preprocessor_config.json", PREPARATION[family])
    write_json(folder / "tokenizer.json", tokenizer())
    write_json(folder / "tokenizer_config.json", {"pad_token": "<pad>", "model_max_length": 16})
    return folder


PREPARATION: dict[str, dict[str, Any]] = {
    "clip": {
        "do_center_crop": True,
        "crop_size": {"height": SIDE, "width": SIDE},
        "size": {"shortest_edge": SIDE},
        "resample": 3,
        "image_mean": [0.0, 0.0, 0.0],
        "image_std": [1.0, 1.0, 1.0],
    },
    "siglip": {"size": {"height": SIDE, "width": SIDE}, "resample": 2, "do_normalize": False},
}


def write_json(file: Path, value: Any) -> None:
    """Write a value as JSON."""
    file.write_text(json.dumps(value), "utf-8")


def tokenizer(tokens: Sequence[str] = TOKENS) -> dict[str, Any]:
    """A tokenizer.json of complete words in small letters, with an end token."""
    end = {"id": "</s>", "ids": [tokens.index("</s>")], "tokens": ["</s>"]}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": tokens.index(one), "content": one, **special} for one in ("<pad>", "[UNK]", "</s>")
        ],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"</s>": end},
        },
        "model": {
            "type": "WordLevel",
            "vocab": dict(zip(tokens, range(len(tokens)), strict=True)),
            "unk_token": "[UNK]",
        },
    }


def picture_tower(dimensions: int = 4) -> bytes:
    """From `pixel_values` to `image_embeds`."""
    return graph(_seen(), _seen_tensors(dimensions), [PIXELS], ["image_embeds"])


def text_tower() -> bytes:
    """From `input_ids` to `text_embeds`."""
    return graph(_read(), [onnx.tensor("rows", ROWS, onnx.FLOAT)], [IDS], ["text_embeds"])


def both_towers(scale: float, bias: float, size: int | None = None) -> bytes:
    """Both towers in one graph, with normalised embeddings and the logits of each picture and text.

    `size` is the number of pictures and of texts of a pass, if it is fixed.
    """
    nodes = [*_seen("seen"), *_read("read")]
    for source, output in (("seen", "image_embeds"), ("read", "text_embeds")):
        nodes += [
            onnx.node("ReduceL2", [source], f"{source}_length") + _integers("axes", [1]),
            onnx.node("Div", [source, f"{source}_length"], output),
        ]
    nodes += [
        onnx.node("Transpose", ["text_embeds"], "turned"),
        onnx.node("MatMul", ["image_embeds", "turned"], "cosines"),
        onnx.node("Mul", ["cosines", "scale"], "scaled"),
        onnx.node("Add", ["scaled", "bias"], "logits_per_image"),
    ]
    tensors = [
        *_seen_tensors(4),
        onnx.tensor("rows", ROWS, onnx.FLOAT),
        onnx.tensor("scale", [scale], onnx.FLOAT),
        onnx.tensor("bias", [bias if scale == SCALE else 0.0], onnx.FLOAT),
    ]
    inputs = [(name, kind, (size or shape[0], *shape[1:])) for name, kind, shape in (IDS, PIXELS)]
    return graph(nodes, tensors, inputs, ["logits_per_image", "text_embeds", "image_embeds"])


PIXELS = ("pixel_values", onnx.FLOAT, ("n", 3, SIDE, SIDE))
IDS = ("input_ids", onnx.INT64, ("texts", "tokens"))


def graph(
    nodes: Sequence[bytes],
    tensors: Sequence[bytes],
    inputs: Sequence[tuple[str, int, Any]],
    outputs: Sequence[str],
) -> bytes:
    """A model of these nodes."""
    text, value = onnx._text, onnx._value
    content = (
        b"".join(text(1, one) for one in nodes) + text(2, "tower") + b"".join(text(5, one) for one in tensors)
    )
    content += b"".join(text(11, value(*one)) for one in inputs)
    content += b"".join(text(12, value(one, onnx.FLOAT, ("rows", "numbers"))) for one in outputs)
    return onnx._integer(1, 8) + text(7, content) + text(8, text(1, "") + onnx._integer(2, 17))


def _seen(output: str = "image_embeds") -> list[bytes]:
    return [
        onnx._mean_over("pixel_values", "colours", (2, 3)),
        onnx.node("MatMul", ["colours", "spread"], "spread_colours"),
        onnx.node("Add", ["spread_colours", "constant"], output),
    ]


def _seen_tensors(dimensions: int) -> list[bytes]:
    constant = [0.0] * 3 + [0.3] + [0.0] * (dimensions - 4)
    return [
        onnx.tensor("spread", np.eye(3, dimensions), onnx.FLOAT),
        onnx.tensor("constant", constant, onnx.FLOAT),
    ]


def _read(output: str = "text_embeds") -> list[bytes]:
    # ReduceSum takes its axes as an input from version 13 on.
    return [
        onnx.node("Gather", ["rows", "input_ids"], "token_rows"),
        onnx.node("ReduceMean", ["token_rows"], output) + _integers("axes", [1]) + _integer("keepdims", 0),
    ]


def _integers(name: str, values: Sequence[int]) -> bytes:
    text, integer = onnx._text, onnx._integer
    return text(5, text(1, name) + b"".join(integer(8, one) for one in values) + integer(20, 7))


def _integer(name: str, value: int) -> bytes:
    return onnx._text(5, onnx._text(1, name) + onnx._integer(3, value) + onnx._integer(20, 2))
