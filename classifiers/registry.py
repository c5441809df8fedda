"""The kinds of classifier. To add one, write a file with its options and `load`, and add a line here.

A kind imports its libraries in `load`, so that only a run with that kind pays for them. The stage tag runs
`caption` and `clarifai`, which have no `load`: what is sent to a server goes through its ledger.
"""

from __future__ import annotations

import importlib
from typing import Any

from pydantic import BaseModel

from classifiers.caption import CaptionOptions
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
from classifiers.zero_shot import ZeroShotOptions

KINDS: dict[str, type[BaseModel]] = {
    "keras": KerasOptions,
    "litert": LitertOptions,
    "onnx": OnnxOptions,
    "zero_shot": ZeroShotOptions,
    "visual": VisualOptions,
    "faces": FacesOptions,
    "trained": TrainedOptions,
    "themes": ThemesOptions,
    "caption": CaptionOptions,
    "clarifai": ClarifaiOptions,
}
"""The options of each value of `kind` in the settings; the module that defines them has the kind's `load`."""

VECTOR_KINDS: frozenset[str] = frozenset({"trained", "themes"})
"""Kinds that label only stored embeddings of other classifiers: their lanes run after the others."""

REMOTE_KINDS: frozenset[str] = frozenset({"caption", "clarifai"})
"""Kinds that send pictures to a server: the stage tag runs them."""


def load(kind: str, name: str, options: Any) -> Classifier:
    """Load the classifier called `name`. Raises `ClassifierUnavailable` if it can't run here."""
    loader: Loader | None = getattr(importlib.import_module(KINDS[kind].__module__), "load", None)
    if loader is None:
        raise ClassifierUnavailable(
            f"The classifier {name} can't be loaded, because the kind {kind} sends pictures to a server. Run it"
            " with the stage tag, which has the ledger and the budgets."
        )
    return loader(name, options)
