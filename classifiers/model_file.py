"""What the kinds that read a model file share: its options, its content and its classes."""

from __future__ import annotations

from collections.abc import Sequence
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
    min_score: float = Field(default=0.0, ge=0, le=1)
    multi_label: bool = False
    output: str = ""

    def read_model(self, file_type: str) -> bytes:
        """The content of the model file. Raises `ClassifierUnavailable`; `file_type` is for its message."""
        try:
            return self.model.read_bytes()
        except OSError as error:
            raise ClassifierUnavailable(
                f"The model {self.model} can't be read ({error.strerror}). Set model to {file_type}."
            ) from error

    def not_a_classifier(self, reason: str) -> ClassifierUnavailable:
        """The error for a model that does not turn one picture into one score per class."""
        return ClassifierUnavailable(
            f"{self.model} is not a picture classifier: {reason}. Set model to another file."
        )

    def find_output(self, names: Sequence[str]) -> int:
        """The index of the output that the options name. Raises `ClassifierUnavailable` if there is none."""
        if self.output not in names:
            raise ClassifierUnavailable(
                f"{self.model} has no output {self.output!r}. Set output to one of: {', '.join(names)}."
            )
        return names.index(self.output)

    def read_classes(self, outputs: int) -> Classes:
        """The classes of a model with that many outputs. Raises `ClassifierUnavailable` if the names do not fit."""
        names = read_names_for(self.labels, outputs)
        ids = [str(index) for index in range(outputs)]
        return Classes(names, ids, self.top, self.min_score, self.multi_label)
