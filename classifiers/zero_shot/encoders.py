"""The picture and the text tower in ONNX Runtime, in two files or in one.

A file with both towers runs both in every pass, so it gets the smallest possible input for the one that is not
needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.external_data import read_external_data
from classifiers.onnx_session import open_session
from classifiers.zero_shot.tokens import Prompts

BATCH = 32
"""Pictures or texts of a pass, for a tower that takes any number."""
MAX_TRIM_DIFFERENCE = 1e-4
"""Of a number of a normalised embedding; float32 differs by about 1e-6."""
_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_PICTURE_OUTPUTS = ("image_embeds", "pooler_output", "image_features", "embeddings")
_TEXT_OUTPUTS = ("text_embeds", "pooler_output", "text_features", "embeddings")
_LOGITS = "logits_per_image"


@dataclass(frozen=True, slots=True)
class Encoder:
    """A loaded ONNX file: its inputs by name, and what its outputs are called.

    `sha256` covers the file and its tensor files.
    """

    file: Path
    session: Any
    inputs: Mapping[str, Any]
    outputs: tuple[str, ...]
    sha256: str

    @property
    def picture_input(self) -> str | None:
        """The input that takes pictures: the one with four dimensions."""
        found = [name for name, one in self.inputs.items() if len(one.shape) == 4 and one.type in _FLOATS]
        return found[0] if len(found) == 1 else None

    def size_of(self, name: str, axis: int) -> int | None:
        """The fixed size of an input's axis; None if it may vary."""
        size = self.inputs[name].shape[axis]
        return size if isinstance(size, int) and size > 0 else None

    def run(self, outputs: list[str], pictures: NDArray[np.float32] | None, prompts: Prompts | None) -> Any:
        """The outputs for scaled pictures, (pictures, 3, height, width), and prompts."""
        feed: dict[str, Any] = {}
        if pictures is not None and self.picture_input is not None:
            feed[self.picture_input] = pictures.astype(
                _FLOATS[self.inputs[self.picture_input].type], copy=False
            )
        if prompts is not None:
            values = {
                "input_ids": prompts.ids,
                "attention_mask": prompts.mask,
                "position_ids": np.broadcast_to(np.arange(prompts.ids.shape[1]), prompts.ids.shape),
                "token_type_ids": np.zeros_like(prompts.ids),
            }
            feed |= {
                name: value.astype(_INTEGERS[self.inputs[name].type])
                for name, value in values.items()
                if name in self.inputs
            }
        return self.session.run(outputs, feed)


def open_encoder(file: Path, content: bytes, sha256: str) -> Encoder:
    """Load a file. Raises `ClassifierUnavailable` if ONNX Runtime can't, or its inputs are not those of a tower."""
    try:
        data = read_external_data(file, content)
        session = open_session(file, content, data)
    except ClassifierUnavailable as error:
        raise ClassifierUnavailable(f"{error} For zero_shot it is a file in the folder model.") from error
    inputs = {one.name: one for one in session.get_inputs()}
    encoder = Encoder(
        file,
        session,
        inputs,
        tuple(one.name for one in session.get_outputs()),
        sha256 + data.digest.hex(),
    )
    texts = ("input_ids", "attention_mask", "position_ids", "token_type_ids")
    unknown = [
        name
        for name, one in inputs.items()
        if name != encoder.picture_input and (name not in texts or one.type not in _INTEGERS)
    ]
    if unknown or not ({"input_ids"} & set(inputs) or encoder.picture_input):
        raise ClassifierUnavailable(
            f"{file} is no tower of CLIP or SigLIP: its inputs are {', '.join(inputs)}. Set model to an export with"
            " the inputs pixel_values and input_ids."
        )
    return encoder


@dataclass(frozen=True, slots=True)
class Towers:
    """Both towers. `blank` and `neutral` fill the input that a pass through a file with both does not need.

    With `trims` the text tower gets no padding that all texts of a pass have.
    """

    picture: Encoder
    text: Encoder
    picture_output: str
    text_output: str
    blank: NDArray[np.float32]
    neutral: Prompts
    trims: bool = False

    @property
    def batch_size(self) -> int:
        """Pictures of a pass."""
        assert self.picture.picture_input is not None
        return self.picture.size_of(self.picture.picture_input, 0) or BATCH

    def embed_pictures(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised embeddings, (pictures, dimensions), of scaled pictures. Raises `ClassifierUnavailable`."""
        return self._run(self.picture, self.picture_output, pictures, self.neutral)

    def embed_texts(self, prompts: Prompts) -> NDArray[np.float32]:
        """Normalised embeddings, (texts, dimensions). Raises `ClassifierUnavailable`."""
        size = self.text.size_of("input_ids", 0) or BATCH
        parts = []
        for start in range(0, len(prompts), size):
            part = prompts[start : start + size]
            missing = (self.text.size_of("input_ids", 0) or len(part)) - len(part)
            if missing:
                rows = [*range(len(part)), *[0] * missing]
                part = Prompts(part.ids[rows], part.mask[rows])
            part = part.trim() if self.trims else part
            parts.append(self._run(self.text, self.text_output, self.blank, part))
        return np.concatenate(parts)[: len(prompts)]

    def without_padding(self) -> Towers:
        """Towers that trim texts, if that changes no embedding: a text takes a fifth of the time.

        In CLIP a token sees only those before it. In SigLIP and MobileCLIP it also sees the padding.
        """
        if self.text.size_of("input_ids", 1) is not None:
            return self
        trimmed = replace(self, neutral=self.neutral.trim(), trims=True)
        try:
            off = np.abs(trimmed.embed_texts(self.neutral) - self.embed_texts(self.neutral)).max()
        except ClassifierUnavailable:  # the file has the length, although its input does not declare it
            return self
        return trimmed if off < MAX_TRIM_DIFFERENCE else self

    def compare(
        self, pictures: NDArray[np.float32], prompts: Prompts
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Cosines and the model's own logits, both (pictures, texts); None if no output has logits.

        A file with a fixed number of pictures or texts gets a part at a time, and the numbers are multiples of its.
        """
        if self.picture is not self.text or _LOGITS not in self.picture.outputs:
            return None
        assert self.picture.picture_input is not None
        rows = self.picture.size_of(self.picture.picture_input, 0) or len(pictures)
        columns = self.text.size_of("input_ids", 0) or len(prompts)
        cosines, logits = np.zeros((2, len(pictures), len(prompts)))
        for row in range(0, len(pictures), rows):
            for column in range(0, len(prompts), columns):
                part = np.s_[row : row + rows, column : column + columns]
                cosines[part], logits[part] = self._compare_part(pictures[part[0]], prompts[part[1]])
        return cosines, logits

    def _compare_part(self, pictures: NDArray[np.float32], prompts: Prompts) -> tuple[Any, Any]:
        outputs = [self.picture_output, self.text_output, _LOGITS]
        seen, read, logits = self._run_outputs(self.picture, outputs, pictures, prompts)
        return normalise(seen).astype(np.float64) @ normalise(read).T, logits

    def _run(
        self, encoder: Encoder, output: str, pictures: NDArray[np.float32], prompts: Prompts
    ) -> NDArray[np.float32]:
        (value,) = self._run_outputs(encoder, [output], pictures, prompts)
        if np.ndim(value) != 2:
            raise ClassifierUnavailable(
                f"The output {output} of {encoder.file} has {np.ndim(value)} dimensions instead of two. Set model to"
                " an export with image_embeds and text_embeds, or pooler_output."
            )
        return normalise(value)

    def _run_outputs(
        self, encoder: Encoder, outputs: list[str], pictures: NDArray[np.float32], prompts: Prompts
    ) -> Any:
        try:
            return encoder.run(outputs, pictures, prompts)
        except Exception as error:  # its exceptions have no common class
            raise ClassifierUnavailable(
                f"{encoder.file} can't run ({in_one_line(error)}). Its configuration or its tokenizer may be another"
                " model's: take all files from one export."
            ) from error


def find_outputs(picture: Encoder, text: Encoder) -> tuple[str, str]:
    """The outputs that have the embeddings of pictures and of texts. Raises `ClassifierUnavailable`."""
    return _find_output(picture, _PICTURE_OUTPUTS), _find_output(text, _TEXT_OUTPUTS)


def normalise(vectors: Any) -> NDArray[np.float32]:
    """Rows of length 1. Raises `ClassifierUnavailable` if one has no direction, or is not finite."""
    values = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ClassifierUnavailable(
            "The model gives embeddings that are not finite or zero. Set variant to another precision, or model to"
            " another export."
        )
    normalised: NDArray[np.float32] = values / lengths
    return normalised


def _find_output(encoder: Encoder, names: tuple[str, ...]) -> str:
    for name in names:
        if name in encoder.outputs:
            return name
    if len(encoder.outputs) == 1:
        return encoder.outputs[0]
    raise ClassifierUnavailable(
        f"{encoder.file} has no output {names[0]} or {names[1]}; it has {', '.join(encoder.outputs)}. Set model to"
        " an export with embeddings."
    )
