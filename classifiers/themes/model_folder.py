"""The folder of a home's themes: `themes.json` has the names, a `.safetensors` file the centroids. No pickle.

`themes.json` names the other file and is replaced last, in one step: a kill leaves the old themes or the new ones.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from classifiers.errors import ClassifierUnavailable
from classifiers.fitted import Backbone, first_line, normalise, read_tensors, read_text
from classifiers.themes.options import MAX_THEMES

DESCRIPTION = "themes.json"
FORMAT = 1

ThemeName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ThemesDescription(BaseModel):
    """The content of `themes.json`.

    `count` and `names_from` are the settings that it was fitted with. `pictures` is the number of embeddings then.
    `is_named` is false while no label of `names_from` exists. `tensors` is the name of the other file.
    """

    model_config = ConfigDict(frozen=True)

    format: int = Field(default=FORMAT, ge=FORMAT, le=FORMAT)
    names: tuple[ThemeName, ...] = Field(min_length=1, max_length=MAX_THEMES)
    is_named: bool
    names_from: str
    backbone: Backbone
    count: int
    pictures: int
    found_at: datetime
    tensors: str = Field(default="", pattern=r"^(themes-[0-9a-f]{12}\.safetensors)?$")

    @model_validator(mode="after")
    def _check_names(self) -> ThemesDescription:
        if len(set(self.names)) < len(self.names):
            raise ValueError("a theme is there twice")
        return self


@dataclass(frozen=True, slots=True)
class ThemesModel:
    """Themes: `centre`, shape (dimensions,), and `centroids` of length 1, (themes, dimensions), float32."""

    description: ThemesDescription
    centre: NDArray[np.float32]
    centroids: NDArray[np.float32]

    def assign(self, vectors: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The nearest theme of each embedding, and the cosine to its centroid, 0 to 1, each of shape (pictures,)."""
        cosines = centred(vectors, self.centre) @ self.centroids.T
        numbers = cosines.argmax(axis=1)
        return numbers, np.clip(cosines[np.arange(len(numbers)), numbers], 0, 1)

    @property
    def digest(self) -> str:
        """A hash of everything that decides the labels."""
        text = "\n".join([*self.description.names, self.description.backbone.version])
        return hashlib.sha256(text.encode() + b"\0" + self._numbers()).hexdigest()[:12]

    def _numbers(self) -> bytes:
        return self.centre.astype("<f4").tobytes() + self.centroids.astype("<f4").tobytes()

    @property
    def tensors(self) -> str:
        """Name of the file with the centroids, from their hash."""
        return f"themes-{hashlib.sha256(self._numbers()).hexdigest()[:12]}.safetensors"


def centred(vectors: NDArray[np.floating], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings of length 1 without what all pictures share, again of length 1.

    Embeddings of a model share a large part, so that all pictures are similar; without their mean they are separated
    better (Mu and Viswanath 2018, 'All-but-the-top', section 2, for words).
    """
    return normalise(normalise(vectors) - centre)


def write_themes(folder: Path, model: ThemesModel) -> None:
    """Replace the themes in `folder`, which is created; files of a killed writer are removed."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(".themes-*"):
        leftover.unlink()
    description = model.description.model_copy(update={"tensors": model.tensors})
    temporary = folder / f".themes-{os.getpid()}"
    tensors = {
        "centre": np.ascontiguousarray(model.centre, np.float32),
        "centroids": np.ascontiguousarray(model.centroids, np.float32),
    }
    temporary.write_bytes(save(tensors))
    os.replace(temporary, folder / description.tensors)
    temporary.write_text(description.model_dump_json(indent=2) + "\n", "utf-8")
    os.replace(temporary, folder / DESCRIPTION)
    for file in folder.glob("themes-*.safetensors"):
        if file.name != description.tensors:
            file.unlink()


def read_themes(folder: Path) -> ThemesModel | None:
    """The themes in a folder; None if there are none yet. Raises `ClassifierUnavailable` if they are damaged."""
    if not (folder / DESCRIPTION).exists():
        return None
    try:
        return _read(folder)
    except (OSError, ValueError) as error:  # a pydantic error is a ValueError
        raise ClassifierUnavailable(
            f"The themes in {folder} are damaged ({first_line(error, DESCRIPTION)}). Delete the folder; the next run finds the themes"
            " again."
        ) from error


def _read(folder: Path) -> ThemesModel:
    description = ThemesDescription.model_validate_json(read_text(folder / DESCRIPTION))
    if not description.tensors:
        raise ValueError(f"{DESCRIPTION} names no file with centroids")
    tensors = read_tensors(folder / description.tensors)
    centre, centroids = tensors.get("centre"), tensors.get("centroids")
    if centre is None or centroids is None or centroids.ndim != 2 or centre.shape != centroids.shape[1:]:
        raise ValueError(f"{description.tensors} has no centroids, or no centre")
    if len(centroids) != len(description.names):
        raise ValueError(f"{description.tensors} does not have {len(description.names)} themes")
    if not (np.isfinite(centroids).all() and np.isfinite(centre).all()):
        raise ValueError(f"{description.tensors} has numbers that are not finite")
    return ThemesModel(description, centre.astype(np.float32), centroids.astype(np.float32))
