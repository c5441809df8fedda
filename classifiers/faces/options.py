"""The options of the kind `faces`, apart from the libraries that it needs to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from classifiers.protocol import Classifier


class FacesOptions(BaseModel):
    """Options of the classifier `faces`: none, because its limits belong to its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load(name: str, options: FacesOptions) -> Classifier:
    """The classifier called `name`. Raises `ClassifierUnavailable` if the models are not installed."""
    from classifiers.faces.classifier import open_classifier

    return open_classifier(name)
