"""The kind `keras`: any model of `keras.applications`, and EfficientNetLite0, with its own input size, preprocessing and class names.

Weights come from Keras' download or from a file in a format without pickle: `.h5`, `.weights.h5`, `.keras`
(with `safe_mode`) or `.safetensors` (tensors named by the Keras paths of the variables).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Resampling

from classifiers.applications import Application, find_application
from classifiers.backend import gpu_has_bfloat16, import_keras
from classifiers.compiled import CompiledModel
from classifiers.embedding import add_embedding
from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.folding import fold_batch_normalisation
from classifiers.groups import find_groups
from classifiers.keras_options import IMAGENET, KerasOptions
from classifiers.names import read_names_for
from classifiers.pictures import PictureFile
from classifiers.precision import Precision, choose_precision
from classifiers.protocol import Label, PreparedPicture
from classifiers.scores import Classes
from classifiers.structure import custom_structure

WEIGHT_ENDINGS = (".h5", ".keras", ".safetensors")


class KerasClassifier:
    """A loaded model; batches are filled up to one size, so it is compiled once."""

    def __init__(
        self,
        name: str,
        version: str,
        embedding_version: str | None,
        model: CompiledModel,
        classes: Classes,
        resampling: Resampling,
    ) -> None:
        self.name = name
        self.version = version
        self.embedding_version = embedding_version
        self.batch_size = model.batch_size
        self.callers = model.callers
        self.groups = find_groups(classes.names)
        self._model = model
        self._classes = classes
        self._resampling = resampling

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """uint8 RGB of the model's input size, (height, width, 3)."""
        height, width = self._model.size
        return picture.rgb_array(width, height, exact=False, resampling=self._resampling)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Label up to `batch_size` pictures at once."""
        if not batch:
            return []
        return self._classes.labels_of_best(self._model.best_classes(batch))

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        """Label and embed up to `batch_size` pictures in one pass, where `embedding_version` is not None."""
        best, [embeddings] = self._model.best_classes_and_embeddings(batch)
        return self._classes.labels_of_best(best), embeddings


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the labels of a model depend on beside its weights, and its versions.

    `precision` is the one that its lane computes in; `gpu_has_bfloat16` is None without a GPU.
    """

    application: Application
    classes: Classes
    precision: Precision
    gpu_has_bfloat16: bool | None
    version: str
    embedding_version: str | None


def load(name: str, options: KerasOptions, *, single: bool = False) -> KerasClassifier:
    """Build the model with its weights and class names; with `single` as `keras_options.load_single` describes.

    Raises `ClassifierUnavailable` if the application is unknown, or weights or names are missing or do not fit.
    """
    model, info = read_model(options)
    model = prepare_graph(model, info, fold=not single)
    compiled = CompiledModel(
        model,
        info.application.preprocess,
        info.precision,
        info.classes,
        on_gpu=info.gpu_has_bfloat16 is not None,
        single=single,
    )
    resampling = info.application.resampling
    return KerasClassifier(name, info.version, info.embedding_version, compiled, info.classes, resampling)


def read_model(options: KerasOptions) -> tuple[Any, ModelInfo]:
    """The Keras model with its weights, in float32, and what it is. Raises `ClassifierUnavailable` as `load`."""
    _check_format(options.weights)
    import_keras()
    import keras

    # Keras numbers unnamed layers across models; the names in a weights file count from the start.
    keras.utils.clear_session(free_memory=False)
    # Keras would print about downloads on standard output, where programs read our results. `clear_session` resets
    # this setting, so it comes after it.
    keras.utils.disable_interactive_logging()

    application = find_application(options.application)
    model = _build_with_weights(application, options.weights)
    classes = _read_classes(application, options, int(model.output_shape[-1]))
    has_bfloat16 = gpu_has_bfloat16()
    precision = choose_precision(options.precision, has_bfloat16)
    structure = _structure(application, options.weights, model)
    version = _version(application, model, classes, precision, structure)
    embedding_version = (
        _embedding_version(application, model, precision, structure) if options.embeddings else None
    )
    return model, ModelInfo(application, classes, precision, has_bfloat16, version, embedding_version)


def prepare_graph(model: Any, info: ModelInfo, *, fold: bool = True) -> Any:
    """The model as it computes: with embeddings where it has their version, and without batch normalisation."""
    if fold:
        model, _ = fold_batch_normalisation(model)
    return model if info.embedding_version is None else add_embedding(model)


def _check_format(weights: str | Path) -> None:
    if isinstance(weights, str):
        return
    if not weights.is_file():
        raise ClassifierUnavailable(
            f"The weights file {weights} does not exist. Set weights to a file, or to '{IMAGENET}' for Keras' download."
        )
    if weights.suffix not in WEIGHT_ENDINGS:
        raise ClassifierUnavailable(
            f"The format of the weights file {weights} is refused, because it might run code. Set weights to a"
            f" file that ends in {', '.join(WEIGHT_ENDINGS)}."
        )


def _build_with_weights(application: Application, weights: str | Path) -> Any:
    if isinstance(weights, str):
        return application.build_with_imagenet()
    try:
        if weights.suffix == ".keras":
            return _load_model(application.build, weights)
        model = application.build(weights=None)
        if weights.suffix == ".safetensors":
            _assign_safetensors(model, weights)
        else:
            _check_shapes(model, _h5_shapes(weights))
            model.load_weights(weights)
    except Exception as error:  # damaged files raise RuntimeError and BadZipFile, for example
        raise ClassifierUnavailable(
            f"The weights {weights} do not fit {application.name} ({in_one_line(error)}). Set weights to a file saved"
            " from this model, or application to the model that it was saved from."
        ) from error
    return model


def _load_model(build: Callable[..., Any], file: Path) -> Any:
    import keras

    model = keras.saving.load_model(file, compile=False, safe_mode=True)
    match model.input_shape, model.output_shape:
        case (_, int(), int(), 3), (_, int()):
            # Another application's model would get the wrong preprocessing; the last layers may differ.
            _check_shapes(build(weights=None, include_top=False), _shapes(model))
            return model
    raise ValueError("it does not classify RGB pictures of one size")


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
    # Keras loads the tensors that it finds and only warns of the others, which would leave random weights.
    required = _shapes(model)
    if missing := required - shapes:
        example = next(iter(missing))
        raise ValueError(
            f"{missing.total()} of the model's {required.total()} tensors are missing, one with shape {example}"
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
        raise ValueError(f"{len(missing)} of the model's tensors are missing, for example {missing[0]}")
    for variable in model.weights:
        variable.assign(tensors[variable.path])


def _read_classes(application: Application, options: KerasOptions, outputs: int) -> Classes:
    ids: Sequence[str | None] = [None] * outputs
    if options.labels is not None:
        names = read_names_for(options.labels, outputs)
    elif outputs == 1000:
        names, ids = application.imagenet_names()
    else:
        raise ClassifierUnavailable(
            f"The model has {outputs} outputs, so ImageNet's class names do not fit. Set labels to a text file"
            " with one name per line."
        )
    return Classes(names, ids, options.top, options.min_score, options.multi_label)


def _structure(application: Application, weights: str | Path, model: Any) -> bytes:
    """The layers of a `.keras` file, if they are not the application's own."""
    if isinstance(weights, str) or weights.suffix != ".keras":
        return b""
    return custom_structure(weights, model, application.build(weights=None))


def _version(
    application: Application, model: Any, classes: Classes, precision: Precision, structure: bytes
) -> str:
    # It depends on nothing of the machine but the precision: on a similar machine nothing is labelled again.
    digest = _digest(application, model, structure)
    digest.update(classes.version_text.encode())
    return _version_text(application, precision, digest)


def _embedding_version(application: Application, model: Any, precision: Precision, structure: bytes) -> str:
    digest = _digest(application, model, structure)
    digest.update(b"input of the last layer with weights")
    return _version_text(application, precision, digest)


def _digest(application: Application, model: Any, structure: bytes) -> Any:
    digest = hashlib.sha256(application.preparation + structure)
    for weights in model.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest


def _version_text(application: Application, precision: Precision, digest: Any) -> str:
    suffix = "" if precision == "float32" else f"-{precision}"
    return f"{application.name}{suffix}-{digest.hexdigest()[:12]}"
