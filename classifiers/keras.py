"""The kind `keras`: any model of `keras.applications`, with its own input size, preprocessing and class names.

Weights come from Keras' own download or from a file in a format without pickle: `.h5`, `.weights.h5`,
`.keras` (with `safe_mode`) or `.safetensors` (tensors named by the Keras paths of the variables).
"""

from __future__ import annotations

import hashlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from classifiers.backend import gpu_has_bfloat16, import_keras
from classifiers.compiled import Compiled
from classifiers.errors import ClassifierUnavailable
from classifiers.folding import folded
from classifiers.groups import groups_of
from classifiers.names import names_for, plain_name
from classifiers.pictures import PictureFile
from classifiers.precision import Asked, Precision, precision
from classifiers.protocol import Label, Prepared
from classifiers.scores import as_probabilities, top_labels
from classifiers.structure import own_structure

IMAGENET: Literal["imagenet"] = "imagenet"
WEIGHT_ENDINGS = (".h5", ".keras", ".safetensors")
DOWNLOAD_TIMEOUT_SECONDS = 30.0
_PREPARATION = b"stretch, bilinear, rgb, float32, 4"
"""Part of the version: change it whenever `prepare` or `label` would answer differently."""


class KerasOptions(BaseModel):
    """`[[classifiers]]` with `kind = "keras"`; paths are relative to the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    application: str = "InceptionV3"
    weights: Literal["imagenet"] | Path = IMAGENET
    labels: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    top: int = Field(default=5, ge=1, le=1000)
    precision: Asked = "auto"


class KerasClassifier:
    """A loaded model; batches are filled up to one size, so it is compiled once."""

    def __init__(
        self, name: str, version: str, model: Compiled, classes: list[tuple[str | None, str]], top: int
    ) -> None:
        self.name = name
        self.version = version
        self.batch_size = model.batch_size
        self.callers = model.callers
        self._model = model
        self._ids = [class_id for class_id, _ in classes]
        self._names = [class_name for _, class_name in classes]
        self._top = top
        self.groups = groups_of(self._names)

    def prepare(self, picture: PictureFile) -> Prepared:
        """uint8 RGB of the model's input size, (height, width, 3)."""
        height, width = self._model.size
        return picture.rgb_array(width, height, exact=False)

    def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
        """Label up to `batch_size` pictures at once."""
        if not batch:
            return []
        scores = self._model.scores(batch)
        return [top_labels(as_probabilities(one), self._names, self._ids, self._top) for one in scores]


def load(name: str, options: KerasOptions) -> KerasClassifier:
    """Build the model with its weights and class names.

    Raises `ClassifierUnavailable` when the application is unknown, or weights or names can't be had or don't fit.
    """
    import_keras()
    import keras

    # Keras numbers nameless layers on from model to model; the names in a weights file count from the start.
    keras.utils.clear_session(free_memory=False)
    # Keras would print about downloads on standard output, where programs read our results. The line above
    # forgets this setting, so it stands here.
    keras.utils.disable_interactive_logging()

    build = _application(options.application)
    _check_format(options.weights)
    model = _with_weights(build, options.application, options.weights)
    classes = _classes(keras, options, int(model.output_shape[-1]))
    has_bfloat16 = gpu_has_bfloat16()
    computed_in = precision(options.precision, has_bfloat16)
    version = _version(options, model, classes, computed_in, _structure(build, options.weights, model))
    fast, _ = folded(model)
    compiled = Compiled(fast, _preprocessor(build), computed_in, on_gpu=has_bfloat16 is not None)
    return KerasClassifier(name, version, compiled, classes, options.top)


def applications() -> list[str]:
    """Names of the models in `keras.applications`."""
    import_keras()
    import keras

    return sorted(name for name in dir(keras.applications) if name[0].isupper())


def _application(name: str) -> Callable[..., Any]:
    import keras

    if name not in applications():
        known = ", ".join(applications())
        raise ClassifierUnavailable(
            f"keras.applications has no model {name!r}. Set application to one of: {known}."
        )
    build: Callable[..., Any] = getattr(keras.applications, name)
    return build


def _check_format(weights: str | Path) -> None:
    if isinstance(weights, str):
        return
    if not weights.is_file():
        raise ClassifierUnavailable(
            f"There is no weights file {weights}. Set weights to a file, or to '{IMAGENET}' for Keras' own download."
        )
    if weights.suffix not in WEIGHT_ENDINGS:
        raise ClassifierUnavailable(
            f"The weights {weights} are in a format that is not read (it might run code). Set weights to a file"
            f" that ends in {', '.join(WEIGHT_ENDINGS)}."
        )


def _with_weights(build: Callable[..., Any], application: str, weights: str | Path) -> Any:
    if isinstance(weights, str):
        return _downloaded(build, application)
    try:
        if weights.suffix == ".keras":
            return _whole_model(build, weights)
        model = build(weights=None)
        if weights.suffix == ".safetensors":
            _assign_safetensors(model, weights)
        else:
            _check_shapes(model, _h5_shapes(weights))
            model.load_weights(weights)
    except Exception as error:  # damaged files were seen to raise RuntimeError and BadZipFile, for instance
        raise ClassifierUnavailable(
            f"The weights {weights} do not fit {application} ({_in_one_line(error)}). Set weights to a file saved"
            " from this model, or application to the model that it was saved from."
        ) from error
    return model


def _downloaded(build: Callable[..., Any], application: str) -> Any:
    try:
        with _impatient_network():
            return build(weights=IMAGENET)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise ClassifierUnavailable(
            f"The ImageNet weights of {application} can't be downloaded ({_cause(error)}). Run once with a"
            " network, or set weights to a weights file of your own."
        ) from error


def _whole_model(build: Callable[..., Any], file: Path) -> Any:
    import keras

    model = keras.saving.load_model(file, compile=False, safe_mode=True)
    match model.input_shape, model.output_shape:
        case (_, int(), int(), 3), (_, int()):
            # Another application's model would get the wrong preprocessing; one's own last layers may differ.
            _check_shapes(build(weights=None, include_top=False), _shapes(model))
            return model
    raise ValueError("it is no classifier of RGB pictures of one size")


def _h5_shapes(file: Path) -> Counter[tuple[int, ...]]:
    import h5py

    shapes: Counter[tuple[int, ...]] = Counter()

    def count(path: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "optimizer" not in path:
            shapes[tuple(item.shape)] += 1

    with h5py.File(file, "r") as opened:
        opened.visititems(count)
    return shapes


def _check_shapes(model: Any, shapes: Counter[tuple[int, ...]]) -> None:
    # Keras loads what it can find and only warns about the rest, which would leave random weights.
    needed = _shapes(model)
    if missing := needed - shapes:
        example = next(iter(missing))
        raise ValueError(
            f"{missing.total()} of the model's {needed.total()} tensors are not in it, one of {example}"
        )


def _shapes(model: Any) -> Counter[tuple[int, ...]]:
    return Counter(tuple(variable.shape) for variable in model.weights)


def _assign_safetensors(model: Any, file: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(file)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    if missing := [variable.path for variable in model.weights if variable.path not in tensors]:
        raise ValueError(f"{len(missing)} of the model's tensors are not in it, for example {missing[0]}")
    for variable in model.weights:
        variable.assign(tensors[variable.path])


def _classes(keras: Any, options: KerasOptions, outputs: int) -> list[tuple[str | None, str]]:
    if options.labels is not None:
        return [(None, class_name) for class_name in names_for(options.labels, outputs)]
    if outputs != 1000:
        raise ClassifierUnavailable(
            f"The model has {outputs} outputs, so ImageNet's class names do not fit. Set labels to a text file"
            " with one name per line."
        )
    try:
        with _impatient_network():
            ranked = keras.applications.imagenet_utils.decode_predictions(
                np.arange(1000.0)[np.newaxis], top=1000
            )
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise ClassifierUnavailable(
            f"ImageNet's class names can't be downloaded ({_cause(error)}). Run once with a network, or set"
            " labels to a text file with the 1000 names, one per line."
        ) from error
    return [(wordnet_id, plain_name(class_name)) for wordnet_id, class_name, _ in reversed(ranked[0])]


def _preprocessor(build: Callable[..., Any]) -> Callable[[Any], Any]:
    import importlib

    module = importlib.import_module(build.__module__)
    preprocess: Callable[[Any], Any] = module.preprocess_input
    return preprocess


def _structure(build: Callable[..., Any], weights: str | Path, model: Any) -> bytes:
    """What a `.keras` file says of its layers, where these are not the application's own."""
    if isinstance(weights, str) or weights.suffix != ".keras":
        return b""
    return own_structure(weights, model, build(weights=None))


def _version(
    options: KerasOptions,
    model: Any,
    classes: list[tuple[str | None, str]],
    computed_in: Precision,
    structure: bytes,
) -> str:
    # Nothing of the machine is in it but the precision: on another machine of its kind nothing is labelled again.
    digest = hashlib.sha256(_PREPARATION + structure)
    for weights in model.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    digest.update("\n".join([*(class_name for _, class_name in classes), str(options.top)]).encode())
    said = "" if computed_in == "float32" else f"-{computed_in}"
    return f"{options.application}{said}-{digest.hexdigest()[:12]}"


@contextmanager
def _impatient_network() -> Iterator[None]:
    # Keras' download sets no time limit of its own; a silent network would hold the run for ever.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _cause(error: Exception) -> str:
    """The end of Keras' 'URL fetch failure on … -- reason', which alone tells a person something."""
    return _in_one_line(error).rpartition(" -- ")[2]
