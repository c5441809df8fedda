"""What the kinds that read a model file share: its options, its content and its classes."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from classifiers.errors import ClassifierUnavailable
from classifiers.names import read_names_for
from classifiers.scores import Classes


class ModelFileOptions(BaseModel):
    """Options of a model file with a file of class names; paths are relative to the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path
    labels: Path
    top: int = Field(default=5, ge=1, le=1000)

    def read_model(self, file_type: str) -> bytes:
        """The content of the model file. Raises `ClassifierUnavailable`; `file_type` is for its message."""
        try:
            return self.model.read_bytes()
        except OSError as error:
            raise ClassifierUnavailable(
                f"The model {self.model} can't be read ({error.strerror}). Set model to {file_type}."
            ) from error

    def read_classes(self, outputs: int) -> Classes:
        """The classes of a model with that many outputs. Raises `ClassifierUnavailable` if the names do not fit."""
        names = read_names_for(self.labels, outputs)
        return Classes(names, [str(index) for index in range(outputs)], self.top)
