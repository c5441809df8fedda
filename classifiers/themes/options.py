"""The options of the kind `themes`, apart from the libraries that it needs to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from classifiers.errors import ClassifierUnavailable

if TYPE_CHECKING:
    from classifiers.protocol import Classifier

MAX_THEMES = 200


class ThemesOptions(BaseModel):
    """`[[classifiers]]` with `kind = "themes"`; the settings complete an empty `backbone` and `names_from`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = ""
    count: int = Field(default=20, ge=2, le=MAX_THEMES)
    names_from: str = ""
    min_score: float = Field(default=0.0, ge=0, le=1)


def load(name: str, options: ThemesOptions) -> Classifier:
    """Raises `ClassifierUnavailable`: themes are those of a home folder, and the stage classify loads them."""
    raise ClassifierUnavailable(
        f"The classifier {name} has its themes in a home folder. Run `likelens relabel --classifier {name}`."
    )
