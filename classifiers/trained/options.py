"""The options of the kind `trained`, apart from the libraries that it needs to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from classifiers.protocol import Classifier


class TrainedOptions(BaseModel):
    """`[[classifiers]]` with `kind = "trained"`; `model` is the folder that `likelens train` wrote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path
    backbone: str = ""
    min_score: float = Field(default=0.5, ge=0, le=1)
    top: int = Field(default=1, ge=1, le=1000)
    other_label: str = Field(default="", max_length=100)


def load(name: str, options: TrainedOptions) -> Classifier:
    """Read the model. Raises `ClassifierUnavailable` if it is missing or damaged."""
    from classifiers.trained.classifier import TrainedClassifier
    from classifiers.trained.model_folder import read_model

    return TrainedClassifier(name, read_model(options.model), options)
