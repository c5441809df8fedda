"""Folders shaped as exports of text classifiers, whose model sums a row of logits for each word.

Padding has a row that would decide about every text, so that a missing mask is noticed.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

_spec = importlib.util.spec_from_file_location("towers", Path(__file__).with_name("zero_shot_models.py"))
assert _spec is not None and _spec.loader is not None
towers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(towers)
onnx = towers.onnx

TOKENS = ["<pad>", "[UNK]", "</s>", "schöner", "abend", "hässlich", "schlecht", "ist", "bild", "das", "ein"]
TONES = {"schöner": 1, "hässlich": -1, "schlecht": -1}
LABELS = ("negative", "neutral", "positive")


def write_model(folder: Path, labels: tuple[str, ...] = LABELS, **config: Any) -> Path:
    """Write a folder whose model knows the words above: the last label is the positive one, the first the negative."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(classifier(len(labels)))
    towers.write_json(folder / "tokenizer.json", towers.tokenizer(TOKENS))
    towers.write_json(folder / "tokenizer_config.json", {"pad_token": "<pad>", "model_max_length": 512})
    names = {str(number): label for number, label in enumerate(labels)}
    given = {"id2label": names, "vocab_size": len(TOKENS), "max_position_embeddings": 514, **config}
    towers.write_json(folder / "config.json", given)
    return folder


def classifier(labels: int) -> bytes:
    """From `input_ids` and `attention_mask` to `logits`."""
    rows = np.zeros((len(TOKENS), labels), np.float32)
    rows[0, 0] = 99.0
    rows[2, labels // 2] = 1.0  # the end of each text: neutral
    for word, tone in TONES.items():
        rows[TOKENS.index(word), -1 if tone > 0 else 0] = 3.0
    sums = onnx.node("Einsum", ["mask", "rows_of_tokens"], "logits")
    sums += onnx._text(5, onnx._text(1, "equation") + onnx._text(4, "nt,ntk->nk") + onnx._integer(20, 3))
    nodes = [
        onnx.node("Gather", ["rows", "input_ids"], "rows_of_tokens"),
        onnx.cast("attention_mask", "mask", onnx.FLOAT),
        sums,
    ]
    inputs = [(name, onnx.INT64, ("texts", "tokens")) for name in ("input_ids", "attention_mask")]
    return bytes(towers.graph(nodes, [onnx.tensor("rows", rows, onnx.FLOAT)], inputs, ["logits"]))
