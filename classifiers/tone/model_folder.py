"""The folder of a text classifier, as Hugging Face's Optimum and transformers.js export it: files, settings, hash.

It has `config.json`, `tokenizer.json`, and `model.onnx` beside them or in a folder `onnx`. Fields and defaults are
those of the package transformers, whose files these are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers.errors import ClassifierUnavailable
from classifiers.model_json import read_model_json, unusable_file
from classifiers.tone.labels import tones_of_labels

CONFIG, TOKENIZER, TOKENIZER_CONFIG = "config.json", "tokenizer.json", "tokenizer_config.json"
MODELS = ("model.onnx", "onnx/model.onnx")
MAX_TOKENS = 256
"""Tokens of a text that are read. A comment with more has said its tone before, and time grows with the square."""
RESERVED_POSITIONS = 2
"""Models of the RoBERTa family count positions from the number of their padding token on."""
MAX_LABELS = 9


@dataclass(frozen=True, slots=True)
class ToneModelFiles:
    """What the folder has. `tones` are those of the model's labels, and `length` is in tokens.

    `digest` is a hash of all files that decide about a tone, with the tensors beside the model, in hexadecimal.
    """

    folder: Path
    model: Path
    labels: tuple[str, ...]
    tones: tuple[float, ...]
    vocabulary: int
    length: int
    pad_token: str
    digest: str

    @property
    def tokenizer(self) -> Path:
        """The file of the tokenizer."""
        return self.folder / TOKENIZER


def find_tone_model(folder: Path) -> ToneModelFiles:
    """The files of a model, without loading it. Raises `ClassifierUnavailable` if one is missing or does not fit."""
    if not folder.is_dir():
        raise ClassifierUnavailable(f"There is no folder {folder}. {_ADVICE}")
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    missing = [name for name in (CONFIG, TOKENIZER) if not (folder / name).is_file()]
    if model is None or missing:
        name = missing[0] if missing else MODELS[0]
        raise ClassifierUnavailable(f"The folder {folder} has no file {name}. {_ADVICE}")
    config = read_model_json(folder / CONFIG)
    extra = folder / TOKENIZER_CONFIG
    tokens = read_model_json(extra) if extra.is_file() else {}
    labels = _read_labels(folder / CONFIG, config)
    pad = tokens.get("pad_token") or ""
    return ToneModelFiles(
        folder,
        model,
        labels,
        tones_of_labels(labels, str(folder)),
        _read_number(folder / CONFIG, config, "vocab_size"),
        _read_length(folder / CONFIG, config, tokens),
        str(pad.get("content", "") if isinstance(pad, dict) else pad),
        _hash_files(folder, model),
    )


_ADVICE = (
    "Set tone_model in [comments] to a folder with the files model.onnx, tokenizer.json and config.json of a text"
    " classifier, as Hugging Face's Optimum exports it."
)


def _read_labels(file: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    given = config.get("id2label")
    if config.get("problem_type") in ("multi_label_classification", "regression"):
        raise unusable_file(
            file, f"its problem_type is {config['problem_type']}, and a text must have one label"
        )
    if not isinstance(given, dict) or not 2 <= len(given) <= MAX_LABELS:
        raise unusable_file(file, f"id2label does not name 2 to {MAX_LABELS} labels")
    labels = [given.get(str(number)) for number in range(len(given))]
    if not all(isinstance(one, str) for one in labels):
        raise unusable_file(file, f"id2label does not name the labels 0 to {len(given) - 1}")
    return tuple(map(str, labels))


def _read_number(file: Path, config: Mapping[str, Any], key: str) -> int:
    number = config.get(key)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise unusable_file(file, f"{key} is {number!r}"[:100])
    return number


def _read_length(file: Path, config: Mapping[str, Any], tokens: Mapping[str, Any]) -> int:
    length = MAX_TOKENS
    if "max_position_embeddings" in config:  # some models know no limit
        positions = _read_number(file, config, "max_position_embeddings")
        if positions > RESERVED_POSITIONS:  # the family of T5 and some of DeBERTa write 0 or -1
            length = min(length, positions - RESERVED_POSITIONS)
    limit = tokens.get("model_max_length")
    return max(1, min(length, limit)) if isinstance(limit, int) else length  # a huge number stands for none


def _hash_files(folder: Path, model: Path) -> str:
    """The hash of the configuration, the tokenizer, the model and what lies beside it under its name."""
    beside = (one for one in model.parent.glob(f"{model.name}*") if one.is_file())
    files = {folder / CONFIG, folder / TOKENIZER, folder / TOKENIZER_CONFIG, *beside}
    digest = hashlib.sha256()
    for file in sorted(files):
        if not file.is_file():
            continue
        try:
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").digest()
        except OSError as error:
            raise ClassifierUnavailable(
                f"{file} can't be read ({error.strerror}). Give this user the right to read it."
            ) from error
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()
