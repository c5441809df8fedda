"""The name of a copy: a hash of everything that decides a Keras classifier's version, read without Keras.

What can't be known without Keras (whether a GPU computes in bfloat16) is represented by what the machine has. A copy
of another name is no copy of this classifier: the caller then starts Keras, which knows.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from classifiers.applications import preparation_of
from classifiers.backend import has_gpu_device
from classifiers.keras_options import KerasOptions
from classifiers.precision import cpu_has_bfloat16

FORMAT = 2
"""Change it whenever copies of an older likelens would give other labels."""
_SETTINGS = {"application", "top", "min_score", "multi_label", "precision", "embeddings"}


def identify(options: KerasOptions) -> str:
    """The name of the copy of a classifier with these options. Raises `OSError` if one of its files can't be read."""
    facts = {
        "format": FORMAT,
        "keras": version("keras"),  # it decides which weights a download brings
        "preparation": preparation_of(options.application)[1].decode(),
        "settings": options.model_dump(mode="json", include=_SETTINGS),
        "weights": options.weights if isinstance(options.weights, str) else _hash(options.weights),
        "labels": None if options.labels is None else _hash(options.labels),
        "machine": [cpu_has_bfloat16(), has_gpu_device()] if options.precision == "auto" else None,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
