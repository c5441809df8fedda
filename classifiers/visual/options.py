"""The options of the kind `visual`, apart from the libraries that it needs to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from classifiers.protocol import Classifier


class VisualOptions(BaseModel):
    """Options of the classifier `visual`: none, because its limits belong to its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load(name: str, options: VisualOptions) -> Classifier:
    """The classifier called `name`. It can always run."""
    from classifiers.visual.classifier import VisualClassifier

    return VisualClassifier(name)
