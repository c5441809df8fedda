"""The models that the kind `keras` builds by name: those of `keras.applications`, and EfficientNetLite0.

To add another, add it to `_OWN`.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL.Image import Resampling

from classifiers.backend import import_keras
from classifiers.efficientnet_lite.application import EfficientNetLite0, preprocess
from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.groups import imagenet_classes
from classifiers.names import normalise_name
from classifiers.stored_weights import require_weights

DOWNLOAD_TIMEOUT_SECONDS = 30.0
_PREPARATION = b"stretch, bilinear, rgb, float32, 4"
"""Part of the version: change it whenever `prepare` or `label` would give other results."""
_BICUBIC_PREPARATION = b"stretch, bicubic, rgb, float32, 1"


@dataclass(frozen=True, slots=True)
class Application:
    """A model by name.

    `build(weights=None, include_top=True)` makes a Keras model with random weights or, for 'imagenet', with
    ImageNet's. `preprocess` turns RGB from 0 to 255 into the model's input. `preparation` describes what else
    happens to a picture before the model.
    """

    name: str
    build: Callable[..., Any]
    preprocess: Callable[[Any], Any]
    resampling: Resampling = Resampling.BILINEAR
    preparation: bytes = _PREPARATION
    needs_download: bool = True

    def build_with_imagenet(self) -> Any:
        """The model with ImageNet's weights. Raises `ClassifierUnavailable` if they can't be had."""
        try:
            with _download_timeout():
                if self.needs_download:
                    require_weights(self.name)
                return self.build(weights="imagenet")
        except ClassifierUnavailable:
            raise
        except Exception as error:  # Keras raises a bare Exception when a download fails
            raise ClassifierUnavailable(
                f"The ImageNet weights of {self.name} can't be downloaded ({_cause(error)}). Run once with a"
                " network, or set weights to a weights file."
            ) from error

    def imagenet_names(self) -> tuple[list[str], list[str | None]]:
        """Names and WordNet ids (None where unknown) of ImageNet's classes, in the order of the outputs."""
        if not self.needs_download:
            return [name for name, _ in imagenet_classes()], [None] * len(imagenet_classes())
        return _download_names()


_OWN = {
    "EfficientNetLite0": Application(
        "EfficientNetLite0",
        EfficientNetLite0,
        preprocess,
        Resampling.BICUBIC,
        _BICUBIC_PREPARATION,
        needs_download=False,
    )
}


def applications() -> list[str]:
    """Names of the models that can be built."""
    import_keras()
    import keras

    return sorted([*_OWN, *(name for name in dir(keras.applications) if name[0].isupper())])


def find_application(name: str) -> Application:
    """The model called `name`. Raises `ClassifierUnavailable` if there is none."""
    if name in _OWN:
        return _OWN[name]
    if name not in applications():
        known = ", ".join(applications())
        raise ClassifierUnavailable(f"There is no model {name!r}. Set application to one of: {known}.")
    import keras

    build: Callable[..., Any] = getattr(keras.applications, name)
    return Application(name, build, importlib.import_module(build.__module__).preprocess_input)


def preparation_of(name: str) -> tuple[Resampling, bytes]:
    """How pictures are resized for the model called `name`, and `preparation`; Keras is not imported for it."""
    own = _OWN.get(name)
    return (Resampling.BILINEAR, _PREPARATION) if own is None else (own.resampling, own.preparation)


def _download_names() -> tuple[list[str], list[str | None]]:
    import keras

    try:
        with _download_timeout():
            ranked = keras.applications.imagenet_utils.decode_predictions(
                np.arange(1000.0)[np.newaxis], top=1000
            )
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise ClassifierUnavailable(
            f"ImageNet's class names can't be downloaded ({_cause(error)}). Run once with a network, or set"
            " labels to a text file with the 1000 names, one per line."
        ) from error
    ids, names, _ = zip(*reversed(ranked[0]), strict=True)
    return [normalise_name(name) for name in names], list(ids)


@contextmanager
def _download_timeout() -> Iterator[None]:
    # Keras' download has no timeout: a network that does not respond would block the run.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _cause(error: Exception) -> str:
    """The reason in Keras' 'URL fetch failure on … -- reason'."""
    return in_one_line(error).rpartition(" -- ")[2]
