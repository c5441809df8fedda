"""The topics of a language as they are stored and applied: terms, their weights, and the topics' weights of terms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

METHOD = "nmf-1"
"""Changes with every rule and constant that decides a comment's topic."""
MIN_STRENGTH = 0.15
"""The cosine of a comment to its part in a topic, below which it has none."""
SWEEPS = 40
"""Of coordinate descent. It changes no topic after about ten."""

Numbers = NDArray[np.intp]


class TopicName(BaseModel):
    """A topic: its number, which it keeps when topics are found again, its name and the words of the name."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1)
    name: str = Field(min_length=1, max_length=200)
    words: tuple[str, ...]


class TopicsDescription(BaseModel):
    """What the file of a language says beside its tensors.

    `reader` is the version of the readings that it was fitted on, `comments` the number of comments in the language
    then, and `sample` of those that it was fitted on.
    """

    model_config = ConfigDict(frozen=True)

    language: str
    reader: str
    topics: tuple[TopicName, ...] = Field(min_length=1)
    terms: tuple[str, ...] = Field(min_length=1)
    comments: int
    sample: int
    found_at: datetime
    method: str = METHOD

    @model_validator(mode="after")
    def _check_unique(self) -> TopicsDescription:
        for values in (self.terms, [one.name for one in self.topics], [one.number for one in self.topics]):
            if len(set(values)) < len(values):
                raise ValueError("a topic or a term is there twice")
        return self


@dataclass(frozen=True)
class TopicModel:
    """Topics of a language: `idf`, shape (terms,), and `components`, shape (topics, terms), float32, not negative."""

    description: TopicsDescription
    idf: NDArray[np.float32]
    components: NDArray[np.float32]

    @cached_property
    def version(self) -> str:
        """The method, the language and a hash of everything that decides a comment's topic."""
        one = self.description
        text = json.dumps([one.method, one.reader, one.terms, [topic.number for topic in one.topics]])
        digest = hashlib.sha256(text.encode())
        digest.update(self.idf.astype("<f4").tobytes() + self.components.astype("<f4").tobytes())
        return f"{one.method}-{one.language}-{digest.hexdigest()[:12]}"

    def place(self, comments: Sequence[Sequence[str]]) -> tuple[Numbers, NDArray[np.float32]]:
        """The place of each comment's topic in `topics`, or -1, and how strongly it belongs to it, 0 to 1.

        A comment is the list of its different terms.
        """
        return place_rows(weigh_terms(comments, self._columns, self.idf), self.components)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {term: number for number, term in enumerate(self.description.terms)}


def weigh_terms(comments: Iterable[Sequence[str]], columns: dict[str, int], idf: NDArray[np.float32]) -> Any:
    """The TF-IDF of comments as a sparse matrix, shape (comments, terms); each row has the length 1, or 0."""
    from scipy.sparse import csr_matrix

    places = [[columns[term] for term in terms if term in columns] for terms in comments]
    ends = np.cumsum([0, *map(len, places)])
    found = np.fromiter((one for row in places for one in row), np.int32, ends[-1])
    values = idf[found]
    lengths = np.sqrt(np.add.reduceat(np.append(values**2, 0), ends[:-1])) if places else values
    lengths = np.where(np.diff(ends) > 0, lengths, 1)  # reduceat takes the next row's value for an empty row
    values = values / np.repeat(lengths, np.diff(ends))
    return csr_matrix((values.astype(np.float32), found, ends), shape=(len(places), len(idf)))


def place_rows(rows: Any, components: NDArray[np.float32]) -> tuple[Numbers, NDArray[np.float32]]:
    """The topic of each row of TF-IDF values, or -1, and its strength.

    Finds the weights of the topics by coordinate descent, as scikit-learn's NMF does (Cichocki and Phan 2009), but with
    as many steps for each row. So a row's result does not depend on the rows beside it.
    """
    lengths = np.linalg.norm(components, axis=1)
    units = components / lengths[:, None]
    products, gram = np.asarray(rows @ units.T, np.float32), units @ units.T
    weights = np.maximum(products, 0)
    for _ in range(SWEEPS):
        for topic in range(len(units)):
            step = products[:, topic] - weights @ gram[:, topic]
            weights[:, topic] = np.maximum(weights[:, topic] + step, 0)
    numbers = weights.argmax(axis=1)
    strength = weights[np.arange(len(numbers)), numbers].clip(0, 1)
    return np.where(strength >= MIN_STRENGTH, numbers, -1), strength
