"""The folder of a trained model: `model.json` says what it is, `model.safetensors` has its numbers. No pickle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from classifiers.errors import ClassifierUnavailable
from classifiers.fitted import Backbone, first_line, normalise, read_tensors, read_text

DESCRIPTION = "model.json"
TENSORS = "model.safetensors"
FORMAT = 1
MAX_CLASSES = 100

ClassName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class ModelDescription(BaseModel):
    """The content of `model.json`. `yes` is the class that becomes a label; None: all classes do."""

    model_config = ConfigDict(frozen=True)

    format: int = Field(default=FORMAT, ge=FORMAT, le=FORMAT)
    name: str
    classes: tuple[ClassName, ...] = Field(min_length=2, max_length=MAX_CLASSES)
    yes: str | None
    backbone: Backbone
    trained_at: datetime
    pictures: dict[str, int]
    regularisation: float
    quality: dict[str, dict[str, tuple[float, float, float] | None]]
    """For each class and measure (precision, recall, auc): the value and its 95 % interval."""

    @model_validator(mode="after")
    def _check_classes(self) -> ModelDescription:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("a class is there twice")
        if self.yes is not None and self.yes not in self.classes:
            raise ValueError("yes is not one of the classes")
        return self


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A logistic regression: `coefficients` (classes, dimensions) and `intercepts` (classes,), float32."""

    description: ModelDescription
    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float32]

    def probabilities(self, vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """The probability of each class, shape (pictures, classes), from embeddings, (pictures, dimensions)."""
        logits = normalise(vectors) @ self.coefficients.T + self.intercepts
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    @property
    def digest(self) -> str:
        """A hash of everything that decides the probabilities."""
        one = self.description
        text = "\n".join([*one.classes, str(one.yes), one.backbone.version])
        numbers = self.coefficients.astype("<f4").tobytes() + self.intercepts.astype("<f4").tobytes()
        return hashlib.sha256(text.encode() + b"\0" + numbers).hexdigest()[:12]


def write_model(folder: Path, model: TrainedModel) -> None:
    """Write both files into an existing folder."""
    from safetensors.numpy import save

    text = model.description.model_dump_json(indent=2)
    (folder / DESCRIPTION).write_text(text + "\n", "utf-8")
    tensors = {
        "coefficients": np.ascontiguousarray(model.coefficients, np.float32),
        "intercepts": np.ascontiguousarray(model.intercepts, np.float32),
    }
    (folder / TENSORS).write_bytes(save(tensors))  # save_file makes it readable for its owner alone


def read_model(folder: Path) -> TrainedModel:
    """The model in a folder. Raises `ClassifierUnavailable` if a file is missing or damaged."""
    for file in (folder / DESCRIPTION, folder / TENSORS):
        if not file.is_file():
            raise ClassifierUnavailable(
                f"There is no trained model in {folder}: {file.name} is missing. Train one with `likelens train`, or set"
                " model to its folder."
            )
    try:
        return _read(folder)
    except (OSError, ValueError) as error:  # a pydantic error is a ValueError
        raise ClassifierUnavailable(
            f"The trained model in {folder} is damaged ({first_line(error, DESCRIPTION)}). Train it again with --replace."
        ) from error


def _read(folder: Path) -> TrainedModel:
    description = ModelDescription.model_validate_json(read_text(folder / DESCRIPTION))
    tensors = read_tensors(folder / TENSORS)
    coefficients, intercepts = tensors.get("coefficients"), tensors.get("intercepts")
    classes = len(description.classes)
    if coefficients is None or intercepts is None:
        raise ValueError(f"{TENSORS} has no coefficients or no intercepts")
    if coefficients.ndim != 2 or len(coefficients) != classes or intercepts.shape != (classes,):
        raise ValueError(f"{TENSORS} does not have {classes} classes")
    if not (np.isfinite(coefficients).all() and np.isfinite(intercepts).all()):
        raise ValueError(f"{TENSORS} has numbers that are not finite")
    return TrainedModel(description, coefficients.astype(np.float32), intercepts.astype(np.float32))
