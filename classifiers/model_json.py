"""Reading the JSON files of a model that was exported for Hugging Face's libraries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from classifiers.errors import ClassifierUnavailable

MAX_JSON_BYTES = 4_000_000


def read_model_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `ClassifierUnavailable` if the file has none, or is too large."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_JSON_BYTES + 1)
        given = json.loads(data.decode("utf-8-sig")) if len(data) <= MAX_JSON_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise unusable_file(file, str(error)) from error
    if not isinstance(given, dict):
        raise unusable_file(file, f"it is no JSON object of at most {MAX_JSON_BYTES // 1_000_000} MB")
    return given


def unusable_file(file: Path, reason: str) -> ClassifierUnavailable:
    """The error for a model's file that says something impossible."""
    return ClassifierUnavailable(f"{file} can't be used: {reason}. Take the file that came with the model.")
