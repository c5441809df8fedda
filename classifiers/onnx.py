"""The kind `onnx`: an ImageNet-like ONNX model file with a file of class names, run by ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.external_data import read_external_data
from classifiers.groups import find_groups
from classifiers.model_file import ModelFileOptions
from classifiers.onnx_outputs import ScoresOutput, find_output, order_keys
from classifiers.onnx_session import open_session
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.scores import Classes

_PREPARATION = b"stretch, bilinear, rgb, 1"
"""Part of the version: change it whenever `prepare` or `label` would give other results."""

BATCH = 32
"""The batch size of a model that takes any."""
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
Levels = Literal["torch", "tf", "caffe", "none"]


class OnnxOptions(ModelFileOptions):
    """`[[classifiers]]` with `kind = "onnx"`."""

    levels: Levels = "torch"
    size: int | None = Field(default=None, ge=16, le=2048)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A model's input: its name, batch size (0: any), size in pixels, layout and type."""

    name: str
    batch: int
    height: int
    width: int
    channels_first: bool
    dtype: type[Any]


class OnnxClassifier:
    """A loaded ONNX model; batches are filled up to one size, the model's own or `BATCH`."""

    def __init__(
        self,
        name: str,
        version: str,
        session: Any,
        spec: InputSpec,
        output: ScoresOutput,
        classes: Classes,
        levels: Levels,
    ) -> None:
        self.name = name
        self.version = version
        self.batch_size = spec.batch or BATCH
        self.groups = find_groups(classes.names)
        self._session = session
        self._spec = spec
        self._output = output
        self._classes = classes
        self._levels = levels

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """uint8 RGB of the model's input size, (height, width, 3)."""
        return picture.rgb_array(self._spec.width, self._spec.height, exact=False)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Label up to `batch_size` pictures at once."""
        if not batch:
            return []
        filled = np.zeros((self.batch_size, self._spec.height, self._spec.width, 3), np.uint8)
        np.stack(batch, out=filled[: len(batch)])
        value = run_model(self._session, self._spec, self._output.name, filled, self._levels)
        return self._classes.labels(self._output.scores(value, len(filled))[: len(batch)])


def load(name: str, options: OnnxOptions) -> OnnxClassifier:
    """Load the model. Raises `ClassifierUnavailable` if a file is missing or does not fit."""
    content = options.read_model("an .onnx file")
    data = read_external_data(options.model, content)
    session = open_session(options.model, content, data)
    spec = _read_input_spec(options, session)
    output = find_output(options, session.get_outputs())
    value = _try_black_picture(options, session, spec, output.name)
    classes = options.read_classes(output.scores(value, spec.batch or 1).shape[1])
    output = order_keys(options, output, value, classes.names)
    settings = "\n".join(
        [
            classes.version_text,
            options.levels,
            f"{spec.width}x{spec.height}",
            *[options.output] * bool(options.output),
        ]
    ).encode()
    digest = hashlib.sha256(content + data.digest + settings + _PREPARATION).hexdigest()[:12]
    version = f"{options.model.stem}-{digest}"
    return OnnxClassifier(name, version, session, spec, output, classes, options.levels)


def run_model(session: Any, spec: InputSpec, output: str, pictures: NDArray[np.uint8], levels: Levels) -> Any:
    """What the output has for a batch of uint8 RGB pictures, (batch, height, width, 3)."""
    values = pictures if spec.dtype is np.uint8 else scale_pixels(pictures, levels).astype(spec.dtype)
    if spec.channels_first:
        values = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return session.run([output], {spec.name: values})[0]


def scale_pixels(pictures: NDArray[np.uint8], levels: Levels) -> NDArray[np.float32]:
    """Bytes scaled as the model was trained.

    `torch`: ImageNet's mean 0 and deviation 1 per channel; `tf`: -1 to 1; `caffe`: blue, green, red, each minus
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


def _read_input_spec(options: OnnxOptions, session: Any) -> InputSpec:
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(one.name for one in inputs)
        raise options.not_a_classifier(f"it has {len(inputs)} inputs ({names})")
    shape, dtype = inputs[0].shape, _TYPES.get(inputs[0].type)
    if len(shape) != 4 or dtype is None or 3 not in (shape[1], shape[3]):
        raise options.not_a_classifier("it does not take one RGB picture")
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
    return InputSpec(inputs[0].name, batch, height, width, channels_first, dtype)


def _try_black_picture(options: OnnxOptions, session: Any, spec: InputSpec, output: str) -> Any:
    """What a black picture gets. A model need not declare how many classes it has."""
    black = np.zeros((spec.batch or 1, spec.height, spec.width, 3), np.uint8)
    try:
        return run_model(session, spec, output, black, options.levels)
    except Exception as error:  # its exceptions have no common class
        raise ClassifierUnavailable(
            f"{options.model} can't label a picture of {spec.width} x {spec.height} pixels"
            f" ({in_one_line(error)}). Set size to the one that it was trained with."
        ) from error
