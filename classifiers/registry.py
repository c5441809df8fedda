"""The kinds of classifier. To add one, write a file with its options and `load`, and add a line here.

A kind imports its libraries in `load`, so that only a run with that kind pays for them. The stage tag runs
`caption` and `clarifai`, which have no `load`: what is sent to a server goes through its ledger.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import UserDict
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from classifiers.errors import ClassifierUnavailable

if TYPE_CHECKING:
    from classifiers.protocol import Classifier, Loader


class Kinds(UserDict[str, Any]):
    """The options of each kind; a text names them, and is imported when they are read."""

    def __getitem__(self, kind: str) -> type[BaseModel]:
        """The options of a kind. Raises `KeyError`."""
        found = self.data[kind]
        options: type[BaseModel] = pkgutil.resolve_name(found) if isinstance(found, str) else found
        return options


KINDS = Kinds(
    {
        "keras": "classifiers.keras_options:KerasOptions",
        "litert": "classifiers.litert:LitertOptions",
        "onnx": "classifiers.onnx:OnnxOptions",
        "zero_shot": "classifiers.zero_shot:ZeroShotOptions",
        "visual": "classifiers.visual:VisualOptions",
        "faces": "classifiers.faces:FacesOptions",
        "trained": "classifiers.trained:TrainedOptions",
        "themes": "classifiers.themes:ThemesOptions",
        "caption": "classifiers.caption:CaptionOptions",
        "clarifai": "classifiers.clarifai:ClarifaiOptions",
    }
)
"""The options of each value of `kind` in the settings; the module that defines them has the kind's `load`."""

VECTOR_KINDS: frozenset[str] = frozenset({"trained", "themes"})
"""Kinds that label only stored embeddings of other classifiers: their lanes run after the others."""

REMOTE_KINDS: frozenset[str] = frozenset({"caption", "clarifai"})
"""Kinds that send pictures to a server: the stage tag runs them."""

GPU_KINDS: frozenset[str] = frozenset({"keras", "onnx", "zero_shot"})
"""Kinds whose models use a GPU where the machine has one."""


def load(kind: str, name: str, options: Any, *, single: bool = False) -> Classifier:
    """Load the classifier called `name`. Raises `ClassifierUnavailable` if it can't run here.

    With `single` it is to label one picture: a kind that has `load_single` starts sooner, and labels more of them slower.
    """
    module = importlib.import_module(KINDS[kind].__module__)
    loader: Loader | None = getattr(module, "load", None)
    if single:
        loader = getattr(module, "load_single", loader)
    if loader is None:
        raise ClassifierUnavailable(
            f"The classifier {name} can't be loaded, because the kind {kind} sends pictures to a server. Run it"
            " with the stage tag, which has the ledger and the budgets."
        )
    return loader(name, options)
