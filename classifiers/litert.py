"""The kind `litert`: an ImageNet-like LiteRT (TensorFlow Lite) model file with a file of class names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from classifiers.cores import cores
from classifiers.errors import ClassifierUnavailable
from classifiers.groups import groups_of
from classifiers.names import names_for
from classifiers.native import without_native_chatter
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, Prepared
from classifiers.scores import as_probabilities, top_labels

_PREPARATION = b"stretch, bilinear, rgb, 1"
"""Part of the version: change it whenever `prepare` or `label` would answer differently."""


MAX_INTERPRETERS = 16
"""Each has its own copy of what it computes with: 7 MB for MobileNet v2."""


class LitertOptions(BaseModel):
    """`[[classifiers]]` with `kind = "litert"`; paths are relative to the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path
    labels: Path
    top: int = Field(default=5, ge=1, le=1000)


class LitertClassifier:
    """A loaded LiteRT model. Quantised models get bytes, others floats from -1 to 1.

    An interpreter labels one picture at a time on one core, so each caller gets one of its own: the `first`,
    or what `another` makes when it is needed. All give the same answers.
    """

    batch_size = 8
    """Small, so that all callers have one also where few pictures wait."""

    def __init__(
        self, name: str, version: str, first: Any, another: Callable[[], Any], names: list[str], top: int
    ) -> None:
        self.name = name
        self.version = version
        self.callers = min(MAX_INTERPRETERS, cores())
        self._another = another
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._idle.put(first)
        self._input = first.get_input_details()[0]
        self._output = first.get_output_details()[0]
        self._names = names
        self._ids = [str(index) for index in range(len(names))]
        self.groups = groups_of(names)
        self._top = top

    def prepare(self, picture: PictureFile) -> Prepared:
        """uint8 RGB of the model's input size, (height, width, 3)."""
        _, height, width, _ = self._input["shape"]
        return picture.rgb_array(int(width), int(height))

    def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
        """Label the pictures one after the other: the model's own batch is one."""
        try:
            interpreter = self._idle.get_nowait()
        except Empty:
            interpreter = self._another()
        try:
            scores = [self._scores(interpreter, picture) for picture in batch]
        finally:
            self._idle.put(interpreter)
        return [top_labels(one, self._names, self._ids, self._top) for one in scores]

    def _scores(self, interpreter: Any, picture: Prepared) -> NDArray[np.float32]:
        interpreter.set_tensor(self._input["index"], _as_input(picture, self._input)[np.newaxis])
        interpreter.invoke()
        return _as_scores(interpreter.get_tensor(self._output["index"])[0], self._output)


def load(name: str, options: LitertOptions) -> LitertClassifier:
    """Load the model. Raises `ClassifierUnavailable` when a file is missing or does not fit."""
    from ai_edge_litert.interpreter import Interpreter

    def interpreter() -> Any:
        made = Interpreter(model_content=content)
        made.allocate_tensors()
        return made

    try:
        content = options.model.read_bytes()
        with without_native_chatter():
            first = interpreter()
    except OSError as error:
        raise ClassifierUnavailable(
            f"The model {options.model} can't be read ({error.strerror}). Set model to a .tflite file."
        ) from error
    except (ValueError, RuntimeError) as error:
        raise ClassifierUnavailable(
            f"{options.model} is no LiteRT model ({error}). Set model to a .tflite file."
        ) from error
    outputs = _check_shapes(options.model, first)
    names = names_for(options.labels, outputs)
    told = "\n".join([*names, str(options.top)]).encode()
    version = hashlib.sha256(content + told + _PREPARATION).hexdigest()[:12]
    return LitertClassifier(name, f"{options.model.stem}-{version}", first, interpreter, names, options.top)


def _check_shapes(model: Path, interpreter: Any) -> int:
    taken, given = interpreter.get_input_details(), interpreter.get_output_details()
    if len(taken) != 1 or len(taken[0]["shape"]) != 4 or taken[0]["shape"][3] != 3:
        raise ClassifierUnavailable(f"{model} does not take one RGB picture, so it is no picture classifier.")
    shape = given[0]["shape"]
    if len(given) != 1 or len(shape) != 2:
        raise ClassifierUnavailable(
            f"{model} does not answer with one score a class, so it is no picture classifier."
        )
    return int(shape[1])


def _as_input(picture: Prepared, details: dict[str, Any]) -> NDArray[Any]:
    dtype = details["dtype"]
    if dtype is np.uint8:
        return picture.astype(np.uint8, copy=False)
    if dtype is np.int8:
        return (picture.astype(np.int16) - 128).astype(np.int8)
    return (picture.astype(np.float32) / 127.5) - 1.0


def _as_scores(answer: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero = details["quantization"]
    if np.issubdtype(answer.dtype, np.integer):
        answer = (answer.astype(np.float32) - zero) * scale
    return as_probabilities(answer.astype(np.float32))
