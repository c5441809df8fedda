"""The kinds of classifier. To add one: a file beside the others with its options and `load`, and a line here.

Loading is by name, so a kind's libraries are imported only when a run needs it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from classifiers.clarifai import ClarifaiOptions
from classifiers.keras import KerasOptions
from classifiers.litert import LitertOptions
from classifiers.onnx import OnnxOptions
from classifiers.protocol import Classifier, Loader
from classifiers.visual import VisualOptions


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of classifier: its options, and the module whose `load` makes one."""

    options: type[BaseModel]
    module: str


KINDS: dict[str, Kind] = {
    "keras": Kind(KerasOptions, "classifiers.keras"),
    "litert": Kind(LitertOptions, "classifiers.litert"),
    "onnx": Kind(OnnxOptions, "classifiers.onnx"),
    "visual": Kind(VisualOptions, "classifiers.visual"),
    "clarifai": Kind(ClarifaiOptions, "classifiers.clarifai"),
}
"""By the word that `kind` has in the settings."""


def load(kind: str, name: str, options: Any) -> Classifier:
    """Load the classifier called `name`. Raises `ClassifierUnavailable` when it can't run here."""
    loader: Loader = importlib.import_module(KINDS[kind].module).load
    return loader(name, options)
