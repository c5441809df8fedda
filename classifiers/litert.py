"""The kind `litert`: an ImageNet-like LiteRT (TensorFlow Lite) model file with a file of class names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.groups import find_groups
from classifiers.interpreters import InterpreterPool
from classifiers.model_file import ModelFileOptions
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.scores import Classes

_PREPARATION = b"stretch, bilinear, rgb, 1"
"""Part of the version: change it whenever `prepare` or `label` would give other results."""


class LitertOptions(ModelFileOptions):
    """`[[classifiers]]` with `kind = "litert"`."""


class LitertClassifier:
    """A loaded LiteRT model. Quantised models get bytes, others floats from -1 to 1.

    An interpreter labels one picture at a time on one core, so each caller uses its own. All give the same labels.
    """

    batch_size = 8
    """Small, so that all callers have a batch even if few pictures are pending."""

    def __init__(
        self, name: str, version: str, interpreters: InterpreterPool, output: int, classes: Classes
    ) -> None:
        self.name = name
        self.version = version
        self.callers = interpreters.callers
        self.groups = find_groups(classes.names)
        self._interpreters = interpreters
        self._input = interpreters.inputs[0]
        self._output = interpreters.outputs[output]
        self._classes = classes

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """uint8 RGB of the model's input size, (height, width, 3)."""
        _, height, width, _ = self._input["shape"]
        return picture.rgb_array(int(width), int(height))

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Label the pictures one after the other: the model's own batch size is one."""
        if not batch:
            return []
        with self._interpreters.borrow() as interpreter:
            scores = [self._scores(interpreter, picture) for picture in batch]
        return self._classes.labels(np.stack(scores))

    def _scores(self, interpreter: Any, picture: PreparedPicture) -> NDArray[np.float32]:
        interpreter.set_tensor(self._input["index"], _as_input(picture, self._input)[np.newaxis])
        interpreter.invoke()
        return _as_floats(interpreter.get_tensor(self._output["index"])[0], self._output)


def load(name: str, options: LitertOptions) -> LitertClassifier:
    """Load the model. Raises `ClassifierUnavailable` if a file is missing or does not fit."""
    content = options.read_model("a .tflite file")
    try:
        interpreters = InterpreterPool(content)
    except (ValueError, RuntimeError) as error:
        raise ClassifierUnavailable(
            f"{options.model} is not a LiteRT model ({error}). Set model to a .tflite file."
        ) from error
    output = _find_output(options, interpreters)
    classes = options.read_classes(int(interpreters.outputs[output]["shape"][1]))
    settings = (classes.version_text + options.output).encode()
    digest = hashlib.sha256(content + settings + _PREPARATION).hexdigest()[:12]
    return LitertClassifier(name, f"{options.model.stem}-{digest}", interpreters, output, classes)


def _find_output(options: LitertOptions, interpreters: InterpreterPool) -> int:
    """The index of the output with one score per class."""
    inputs, outputs = interpreters.inputs, interpreters.outputs
    if len(inputs) != 1:
        raise options.not_a_classifier(f"it has {len(inputs)} inputs ({_names(inputs)})")
    if len(inputs[0]["shape"]) != 4 or inputs[0]["shape"][3] != 3:
        raise options.not_a_classifier("it does not take one RGB picture")
    if len(outputs) > 1 and not options.output:
        raise ClassifierUnavailable(
            f"{options.model} has {len(outputs)} outputs ({_names(outputs)}). Set output to the one with the scores."
        )
    index = options.find_output([str(one["name"]) for one in outputs]) if options.output else 0
    if len(outputs[index]["shape"]) != 2:
        raise options.not_a_classifier("it does not return one score per class")
    return index


def _names(details: list[dict[str, Any]]) -> str:
    return ", ".join(str(one["name"]) for one in details)


def _as_input(picture: PreparedPicture, details: dict[str, Any]) -> NDArray[Any]:
    dtype = details["dtype"]
    if dtype is np.uint8:
        return picture.astype(np.uint8, copy=False)
    if dtype is np.int8:
        return (picture.astype(np.int16) - 128).astype(np.int8)
    return (picture.astype(np.float32) / 127.5) - 1.0


def _as_floats(output: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero = details["quantization"]
    if np.issubdtype(output.dtype, np.integer):
        output = (output.astype(np.float32) - zero) * scale
    return output.astype(np.float32)
