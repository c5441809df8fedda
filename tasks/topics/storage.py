"""The stored topics of a language: one `.safetensors` file whose header has the description as JSON. No pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from classifiers.fitted import read_tensors
from tasks.topics.model import TopicModel, TopicsDescription
from warehouse.file_writing import replace_file

_HEADER = "topics"


class DamagedTopics(ValueError):
    """A file of topics can't be read; they can be found again."""


def model_file(folder: Path, language: str) -> Path:
    """The file of a language's topics in the home folder's folder of topics."""
    return folder / f"{language}.safetensors"


def write_model(folder: Path, model: TopicModel) -> None:
    """Replace the topics of a language in one step; a kill leaves the old ones or the new ones."""
    from safetensors.numpy import save

    tensors = {
        "idf": np.ascontiguousarray(model.idf, np.float32),
        "components": np.ascontiguousarray(model.components, np.float32),
    }
    file = model_file(folder, model.description.language)
    replace_file(file, save(tensors, {_HEADER: model.description.model_dump_json()}))


def read_model(folder: Path, language: str) -> TopicModel | None:
    """The stored topics of a language; None if there are none. Raises `DamagedTopics`."""
    file = model_file(folder, language)
    if not file.exists():
        return None
    try:
        return _read(file)
    except (OSError, ValueError) as error:  # a pydantic error is a ValueError
        raise DamagedTopics(f"{file} is damaged: {str(error).splitlines()[0]}") from error


def _read(file: Path) -> TopicModel:
    from safetensors import SafetensorError, safe_open

    tensors = read_tensors(file)
    try:
        with safe_open(file, "numpy") as opened:
            header = opened.metadata() or {}
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    description = TopicsDescription.model_validate_json(header.get(_HEADER, "{}"))
    idf, components = tensors.get("idf"), tensors.get("components")
    shape = (len(description.topics), len(description.terms))
    if idf is None or components is None or idf.shape != shape[1:] or components.shape != shape:
        raise ValueError("the tensors do not fit the topics and terms")
    model = TopicModel(description, idf.astype(np.float32), components.astype(np.float32))
    for weights in (model.idf, model.components):
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ValueError("a weight is not a number of 0 or more")
    return model
