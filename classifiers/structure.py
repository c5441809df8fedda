"""The part of a version that describes the layers of a `.keras` file, as far as they decide labels.

Other weights files hold only numbers for the layers of an application.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

_IGNORED_KEYS = frozenset({"name", "trainable", "build_config", "registered_name"})
"""Layer settings that change no label, or follow from the others."""


def custom_structure(file: Path, model: Any, application: Any) -> bytes:
    """The layers of the model in a `.keras` file, as bytes that are equal if the layers are.

    Empty if they are the layers of the `application`'s own model, so that the same weights have the same version
    in a file of any format.
    """
    if _layers(model) == _layers(application):
        return b""
    with zipfile.ZipFile(file) as archive:
        config = json.loads(archive.read("config.json"))
    config.pop("compile_config", None)  # training settings
    return json.dumps(config, sort_keys=True).encode()


def _layers(model: Any) -> str | None:
    """The layers with their settings and connections, without their names; None if the model has no such config."""
    try:
        config = model.get_config()
        numbers = {layer["config"]["name"]: f"layer {index}" for index, layer in enumerate(config["layers"])}
        return json.dumps(_without_names(config, numbers), sort_keys=True, default=str)
    except (AttributeError, KeyError, NotImplementedError, TypeError):
        return None


def _without_names(value: Any, numbers: dict[str, str]) -> Any:
    match value:
        case dict():
            return {
                key: _without_names(one, numbers) for key, one in value.items() if key not in _IGNORED_KEYS
            }
        case list() | tuple():
            return [_without_names(one, numbers) for one in value]
        case str():
            return numbers.get(value, value)
    return value
