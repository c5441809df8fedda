"""The kinds of classifier. To add one, write a file with its options and `load`, and add a line here.

A kind imports its libraries in `load`, so that only a run with that kind pays for them. The stage tag runs
`clarifai`, which has no `load`: what costs money goes through its ledger.
"""

from __future__ import annotations

import importlib
from typing import Any

from pydantic import BaseModel

from classifiers.clarifai import ClarifaiOptions
from classifiers.errors import ClassifierUnavailable
from classifiers.faces import FacesOptions
from classifiers.keras import KerasOptions
from classifiers.litert import LitertOptions
from classifiers.onnx import OnnxOptions
from classifiers.protocol import Classifier, Loader
from classifiers.themes import ThemesOptions
from classifiers.trained import TrainedOptions
from classifiers.visual import VisualOptions

KINDS: dict[str, type[BaseModel]] = {
    "keras": KerasOptions,
    "litert": LitertOptions,
    "onnx": OnnxOptions,
    "visual": VisualOptions,
    "faces": FacesOptions,
    "trained": TrainedOptions,
    "themes": ThemesOptions,
    "clarifai": ClarifaiOptions,
}
"""The options of each value of `kind` in the settings; the module that defines them has the kind's `load`."""

VECTOR_KINDS: frozenset[str] = frozenset({"trained", "themes"})
"""Kinds that label only stored embeddings of other classifiers: their lanes run after the others."""


def load(kind: str, name: str, options: Any) -> Classifier:
    """Load the classifier called `name`. Raises `ClassifierUnavailable` if it can't run here."""
    loader: Loader | None = getattr(importlib.import_module(KINDS[kind].__module__), "load", None)
    if loader is None:
        raise ClassifierUnavailable(
            f"The classifier {name} can't be loaded, because the kind {kind} costs money for each picture. Run it"
            " with the stage tag, which has the budgets."
        )
    return loader(name, options)
