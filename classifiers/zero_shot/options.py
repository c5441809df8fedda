"""The options of `kind = "zero_shot"`, and the function that loads the classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from classifiers.protocol import Classifier
from classifiers.zero_shot.words import (
    WordList,
    check_groups,
    check_templates,
    check_words,
    collect_words,
)


class ZeroShotOptions(BaseModel):
    """`[[classifiers]]` with `kind = "zero_shot"`.

    `model` is a folder, relative to the settings file, or the name of a Hugging Face repository.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path
    revision: str = Field(default="", max_length=200, pattern=r"^[\w./-]*$")
    variant: str = Field(default="", max_length=20, pattern=r"^[a-z0-9]*$")
    words: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] | None = None
    exclusive: bool = True
    otherwise: str = "other"
    templates: tuple[str, ...] = ()
    top: int = Field(default=5, ge=1, le=1000)
    min_score: float | None = Field(default=None, ge=0, le=1)
    logit_scale: float | None = Field(default=None, gt=0, le=200)
    logit_bias: float | None = Field(default=None, ge=-100, le=100)
    _given: str = PrivateAttr("")

    @field_validator("words")
    @classmethod
    def _check_words(cls, words: Sequence[str]) -> tuple[str, ...]:
        return check_words(words)

    @field_validator("otherwise")
    @classmethod
    def _check_otherwise(cls, otherwise: str) -> str:
        return check_words([otherwise])[0] if otherwise else ""

    @field_validator("groups")
    @classmethod
    def _check_groups(cls, groups: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]] | None:
        return None if groups is None else check_groups(groups)

    @field_validator("templates")
    @classmethod
    def _check_templates(cls, templates: Sequence[str]) -> tuple[str, ...]:
        return check_templates(templates)

    @model_validator(mode="after")
    def _check_all_words(self) -> Self:
        self.list_words()
        return self

    def model_post_init(self, context: Any) -> None:
        """Remember the model as the settings name it: the settings make its path absolute."""
        self._given = str(self.model)

    @property
    def given(self) -> str:
        """The model as the settings name it."""
        return self._given

    def list_words(self) -> WordList:
        """The words of `words` and `groups`, and the label of pictures that none of them fits."""
        return collect_words(self.words, self.groups, self.otherwise, exclusive=self.exclusive)


def load(name: str, options: ZeroShotOptions, texts_file: Path | None = None) -> Classifier:
    """Load the classifier. Raises `ClassifierUnavailable` if a part of the model is missing or does not fit.

    `texts_file` stores the embeddings of words from one start to the next.
    """
    from classifiers.zero_shot.loading import load_classifier

    return load_classifier(name, options, texts_file)
