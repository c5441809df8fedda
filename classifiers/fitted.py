"""What models that are fitted on a backbone's embeddings share: the backbone, unit vectors, and files without pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from classifiers.errors import in_one_line

MAX_BYTES = 64_000_000
"""Of a file: 100 classes with 16,384 dimensions have 7 MB, 200 themes 13 MB."""
NORM = 1e-12
"""Least length of a vector, so that one of zeros can be divided by it."""


class Backbone(BaseModel):
    """The classifier whose embeddings a model was fitted on, and their version."""

    model_config = ConfigDict(frozen=True)

    classifier: str
    version: str


def normalise(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors, shape (pictures, dimensions), with length 1, as float32."""
    wide = vectors.astype(np.float32)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), NORM)
    return wide


def read_text(file: Path) -> bytes:
    """The bytes of a JSON file. Raises `ValueError` if it is too large, and `OSError`."""
    return _checked(file).read_bytes()


def read_tensors(file: Path) -> dict[str, NDArray[np.generic]]:
    """The tensors of a `.safetensors` file by name. Raises `ValueError` if it is too large or damaged, and `OSError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(_checked(file))
    except (
        SafetensorError,
        TypeError,
        AttributeError,
    ) as error:  # the last two: types that NumPy does not have
        raise ValueError(f"{file.name}: {error}") from error


def first_line(error: Exception, description: str) -> str:
    """The first mistake in a model's files; `description` is the name of its JSON file."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{description}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return in_one_line(error)


def _checked(file: Path) -> Path:
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file.name} is larger than {MAX_BYTES:,} bytes")
    return file
