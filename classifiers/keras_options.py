"""The options of the kind `keras`, apart from the libraries that it needs to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from classifiers.precision import PrecisionSetting

if TYPE_CHECKING:
    from classifiers.protocol import Classifier

IMAGENET: Literal["imagenet"] = "imagenet"


class KerasOptions(BaseModel):
    """`[[classifiers]]` with `kind = "keras"`; paths are relative to the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    application: str = "InceptionV3"
    weights: Literal["imagenet"] | Path = IMAGENET
    labels: Annotated[Path | None, BeforeValidator(lambda value: value or None)] = None
    top: int = Field(default=5, ge=1, le=1000)
    min_score: float = Field(default=0.0, ge=0, le=1)
    multi_label: bool = False
    precision: PrecisionSetting = "auto"
    embeddings: bool = False


def load(name: str, options: KerasOptions) -> Classifier:
    """Build the model. Raises `ClassifierUnavailable` if weights or names are missing or do not fit."""
    from classifiers.keras import load as load_keras

    return load_keras(name, options)


def load_single(name: str, options: KerasOptions) -> Classifier:
    """The same model for one picture: it is not optimised, and computes batches of one without compilation.

    Its scores differ by rounding.
    """
    from classifiers.keras import load as load_keras

    return load_keras(name, options, single=True)
