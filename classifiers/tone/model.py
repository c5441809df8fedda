"""Texts to tones in ONNX Runtime, in batches of texts of about the same length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.external_data import read_external_data
from classifiers.onnx_session import open_session
from classifiers.tokenizer_file import find_pad_token, open_tokenizer
from classifiers.tone.model_folder import ToneModelFiles

BATCH = 32
"""Texts of a pass."""
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_MASK = "attention_mask"
_INPUTS = ("input_ids", _MASK, "token_type_ids", "position_ids")
_UNKNOWN = ("[UNK]", "<unk>", "<UNK>", "[unk]")
"""The names of the token that stands for what a tokenizer does not know."""
MAX_UNKNOWN_SHARE = 0.5
"""Of a text's tokens. A model says something about texts in a writing that it has never seen too."""
_TRIAL = ("good", "a longer text than the one before it, which is filled up")


@dataclass(frozen=True, slots=True)
class ToneModel:
    """A loaded model. `inputs` has the type of each input, by name; `output` is the one with the logits.

    `pad` is the number of the token that fills short texts.
    """

    files: ToneModelFiles
    session: Any
    tokenizer: Any
    pad: int
    inputs: dict[str, Any]
    output: str

    def read(self, texts: Sequence[str]) -> list[float | None]:
        """The tone of each text, from -1 to 1, in their order; None for a text of which the model knows less than half.

        It is the mean of the labels' tones by their probabilities; 0 where a neutral label is the most probable
        one. Raises `ClassifierUnavailable`, without a text in its message.
        """
        encoded = self._encode(texts)
        tones: list[float | None] = [None] * len(texts)
        places = [place for place, one in enumerate(encoded) if self._knows(one)]
        places.sort(key=lambda place: len(encoded[place].ids))
        # Without a mask the model would take padding for words.
        size = BATCH if _MASK in self.inputs else 1
        for start in range(0, len(places), size):
            part = places[start : start + size]
            for place, tone in zip(part, self._tones([encoded[one] for one in part]), strict=True):
                tones[place] = tone
        return tones

    def try_out(self) -> None:
        """Read two texts of different lengths. Raises `ClassifierUnavailable` if the model does not fit."""
        self._tones(self._encode(_TRIAL))

    def _knows(self, encoded: Any) -> bool:
        """Whether a text has a token, and most of its tokens are known."""
        unknown = {number for name in _UNKNOWN if (number := self.tokenizer.token_to_id(name)) is not None}
        pairs = zip(encoded.ids, encoded.special_tokens_mask, strict=True)
        # Some tokenizers count the unknown token as a special one.
        counted = [number in unknown for number, special in pairs if not special or number in unknown]
        return bool(counted) and sum(counted) <= MAX_UNKNOWN_SHARE * len(counted)

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        try:
            return list(self.tokenizer.encode_batch(list(texts)))
        except Exception as error:  # its own message may have the text
            raise ClassifierUnavailable(
                f"The tokenizer {self.files.tokenizer} can't read a text ({type(error).__name__}). Take the"
                " tokenizer.json that came with the model."
            ) from error

    def _tones(self, encoded: Sequence[Any]) -> list[float]:
        length = max(len(one.ids) for one in encoded)
        values = {
            "input_ids": _fill([one.ids for one in encoded], length, self.pad),
            _MASK: _fill([[1] * len(one.ids) for one in encoded], length, 0),
            "token_type_ids": np.zeros((len(encoded), length), np.int64),
            "position_ids": np.broadcast_to(np.arange(length), (len(encoded), length)),
        }
        feed = {name: values[name].astype(kind) for name, kind in self.inputs.items()}
        try:
            (logits,) = self.session.run([self.output], feed)
        except Exception as error:  # its exceptions have no common class
            raise ClassifierUnavailable(
                f"{self.files.model} can't run ({in_one_line(error)}). Take config.json, tokenizer.json and"
                " model.onnx from one export, with inputs of any length."
            ) from error
        return self._tones_of(np.asarray(logits, np.float64), len(encoded))

    def _tones_of(self, logits: NDArray[np.float64], texts: int) -> list[float]:
        tones = np.array(self.files.tones)
        if logits.shape != (texts, len(tones)) or not np.isfinite(logits).all():
            raise ClassifierUnavailable(
                f"{self.files.model} gives numbers of the shape {logits.shape} for {texts} texts, or some that are not"
                f" finite; config.json names {len(tones)} labels. Take config.json and model.onnx from one export."
            )
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        means = np.where(tones[logits.argmax(axis=1)] == 0, 0.0, chances @ tones)
        return [float(one) for one in means.clip(-1, 1)]


def load_tone_model(files: ToneModelFiles) -> ToneModel:
    """Load a model and try it on two texts. Raises `ClassifierUnavailable` if it is no text classifier."""
    content = _read(files.model)
    try:
        session = open_session(files.model, content, read_external_data(files.model, content))
    except ClassifierUnavailable as error:
        raise ClassifierUnavailable(
            f"{error} It is a file in the folder tone_model of [comments]."
        ) from error
    inputs = {one.name: _INTEGERS.get(one.type) for one in session.get_inputs()}
    if "input_ids" not in inputs or any(kind is None or name not in _INPUTS for name, kind in inputs.items()):
        raise ClassifierUnavailable(
            f"{files.model} is no text classifier: its inputs are {', '.join(inputs)[:200]}. Set tone_model in"
            " [comments] to an export with the inputs input_ids and attention_mask."
        )
    outputs = [one.name for one in session.get_outputs()]
    output = "logits" if "logits" in outputs else outputs[0]
    model = ToneModel(files, session, *_open_tokenizer(files), inputs, output)
    model.try_out()
    return model


def _open_tokenizer(files: ToneModelFiles) -> tuple[Any, int]:
    """The tokenizer, which cuts texts and fills none, and the number of its padding token."""
    try:
        tokenizer = open_tokenizer(files.tokenizer, _read(files.tokenizer), files.vocabulary)
    except ImportError as error:
        raise ClassifierUnavailable(
            f"tone_model of [comments] needs the package {error.name}, which is not installed. Install the extra"
            " `models` (`pip install 'likelens[models]'`)."
        ) from error
    pad = find_pad_token(tokenizer, files.pad_token)
    tokenizer.enable_truncation(files.length)
    tokenizer.no_padding()
    return tokenizer, (tokenizer.token_to_id(pad) if pad else 0)


def _fill(rows: Sequence[Sequence[int]], length: int, value: int) -> NDArray[np.int64]:
    filled = np.full((len(rows), length), value, np.int64)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ClassifierUnavailable(
            f"{file} can't be read ({error.strerror}). Give this user the right to read it."
        ) from error
