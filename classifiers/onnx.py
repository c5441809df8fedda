"""The kind `onnx`: an ImageNet-like ONNX model file with a file of class names, run by ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from classifiers.errors import ClassifierUnavailable
from classifiers.external_data import ExternalData, read_external_data
from classifiers.groups import groups_of
from classifiers.names import names_for
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, Prepared
from classifiers.scores import as_probabilities, top_labels

_PREPARATION = b"stretch, bilinear, rgb, 1"
"""Part of the version: change it whenever `prepare` or `label` would answer differently."""

BATCH = 32
"""Of a model that takes any number of pictures at once."""
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
Levels = Literal["torch", "tf", "caffe", "none"]


class OnnxOptions(BaseModel):
    """`[[classifiers]]` with `kind = "onnx"`; paths are relative to the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path
    labels: Path
    top: int = Field(default=5, ge=1, le=1000)
    levels: Levels = "torch"
    size: int | None = Field(default=None, ge=16, le=2048)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a model takes: its input's name, batch (0: any), size in pixels, layout and type."""

    name: str
    batch: int
    height: int
    width: int
    channels_first: bool
    dtype: type[Any]


class OnnxClassifier:
    """A loaded ONNX model; batches are filled up to one size, the model's own or `BATCH`."""

    def __init__(
        self, name: str, version: str, session: Any, taken: Taken, names: list[str], options: OnnxOptions
    ) -> None:
        self.name = name
        self.version = version
        self.batch_size = taken.batch or BATCH
        self.groups = groups_of(names)
        self._session = session
        self._taken = taken
        self._names = names
        self._ids = [str(index) for index in range(len(names))]
        self._options = options

    def prepare(self, picture: PictureFile) -> Prepared:
        """uint8 RGB of the model's input size, (height, width, 3)."""
        return picture.rgb_array(self._taken.width, self._taken.height, exact=False)

    def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
        """Label up to `batch_size` pictures at once."""
        if not batch:
            return []
        filled = np.zeros((self.batch_size, self._taken.height, self._taken.width, 3), np.uint8)
        np.stack(batch, out=filled[: len(batch)])
        scores = run(self._session, self._taken, filled, self._options.levels)[: len(batch)]
        return [
            top_labels(as_probabilities(one), self._names, self._ids, self._options.top) for one in scores
        ]


def load(name: str, options: OnnxOptions) -> OnnxClassifier:
    """Load the model. Raises `ClassifierUnavailable` when a file is missing or does not fit."""
    try:
        content = options.model.read_bytes()
    except OSError as error:
        raise ClassifierUnavailable(
            f"The model {options.model} can't be read ({error.strerror}). Set model to an .onnx file."
        ) from error
    data = read_external_data(options.model, content)
    session = _session(options.model, content, data)
    taken = _taken(options, session)
    names = names_for(options.labels, _outputs(options, session, taken))
    told = "\n".join([*names, str(options.top), options.levels, f"{taken.width}x{taken.height}"]).encode()
    version = hashlib.sha256(content + data.digest + told + _PREPARATION).hexdigest()[:12]
    return OnnxClassifier(name, f"{options.model.stem}-{version}", session, taken, names, options)


def run(session: Any, taken: Taken, pictures: NDArray[np.uint8], levels: Levels) -> NDArray[np.float32]:
    """Scores of a whole batch of uint8 RGB pictures: (batch, height, width, 3) to (batch, classes)."""
    values = pictures if taken.dtype is np.uint8 else as_levels(pictures, levels).astype(taken.dtype)
    if taken.channels_first:
        values = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    answer = np.asarray(session.run(None, {taken.name: values})[0], np.float32)
    return answer.reshape(len(pictures), -1)


def as_levels(pictures: NDArray[np.uint8], levels: Levels) -> NDArray[np.float32]:
    """Bytes as a model was trained to take them.

    `torch`: ImageNet's mean 0 and deviation 1 a channel; `tf`: -1 to 1; `caffe`: blue, green, red, each less
    its mean; `none`: 0 to 255.
    """
    values = pictures.astype(np.float32)
    match levels:
        case "torch":
            values /= 255.0
            values -= np.array([0.485, 0.456, 0.406], np.float32)
            values /= np.array([0.229, 0.224, 0.225], np.float32)
        case "tf":
            values /= 127.5
            values -= 1.0
        case "caffe":
            values = values[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    return values


def _session(model: Path, content: bytes, data: ExternalData) -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    # Threads that wait do so asleep: the decoders need the cores.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    usable = [one for one in _PROVIDERS if one in onnxruntime.get_available_providers()]
    try:
        # Of bytes alone: a model file can name other files to be read for its tensors, anywhere.
        data.give_to(settings)
        return onnxruntime.InferenceSession(content, settings, providers=usable)
    except Exception as error:  # its errors have no common class
        raise ClassifierUnavailable(
            f"{model} is no ONNX model that can be run ({_in_one_line(error)}). Set model to an .onnx file that"
            " needs no operators of its own, with the files that came with it."
        ) from error


def _taken(options: OnnxOptions, session: Any) -> Taken:
    inputs = session.get_inputs()
    shape = inputs[0].shape if len(inputs) == 1 else []
    dtype = _TYPES.get(inputs[0].type) if inputs else None
    if len(shape) != 4 or dtype is None or 3 not in (shape[1], shape[3]):
        raise ClassifierUnavailable(
            f"{options.model} does not take one RGB picture, so it is no picture classifier."
        )
    channels_first = shape[1] == 3
    height, width = shape[2:4] if channels_first else shape[1:3]
    if not (isinstance(height, int) and isinstance(width, int)):
        if options.size is None:
            raise ClassifierUnavailable(
                f"{options.model} takes pictures of any size. Set size to the one that it was trained with,"
                " in pixels, for example 224."
            )
        height = width = options.size
    batch = shape[0] if isinstance(shape[0], int) else 0
    return Taken(inputs[0].name, batch, height, width, channels_first, dtype)


def _outputs(options: OnnxOptions, session: Any, taken: Taken) -> int:
    """How many scores a picture gets, found by asking about a black one: a model need not say."""
    black = np.zeros((taken.batch or 1, taken.height, taken.width, 3), np.uint8)
    try:
        answer = run(session, taken, black, options.levels)
    except Exception as error:  # its errors have no common class
        raise ClassifierUnavailable(
            f"{options.model} can't label a picture of {taken.width} x {taken.height} pixels"
            f" ({_in_one_line(error)}). Set size to the one that it was trained with."
        ) from error
    return int(answer.shape[1])


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
