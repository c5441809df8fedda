"""What a `.keras` file says of its layers, as far as that decides labels: part of the version of a classifier.

Other files of weights hold numbers alone, for the layers of an application.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

_NO_MATTER = frozenset({"name", "trainable", "build_config", "registered_name"})
"""Of a layer's settings: what changes no answer, or follows from the others."""


def own_structure(file: Path, model: Any, application: Any) -> bytes:
    """The layers of the model in a `.keras` file, as bytes that are equal where the layers are.

    Empty where they are those of the `application`'s own model, so that the same weights have the same version
    in a file of any format.
    """
    if _layers(model) == _layers(application):
        return b""
    with zipfile.ZipFile(file) as archive:
        config = json.loads(archive.read("config.json"))
    config.pop("compile_config", None)  # how it was trained
    return json.dumps(config, sort_keys=True).encode()


def _layers(model: Any) -> str | None:
    """The layers with their settings and connections, whatever their names are; None where they do not say."""
    try:
        config = model.get_config()
        places = {layer["config"]["name"]: f"layer {place}" for place, layer in enumerate(config["layers"])}
        return json.dumps(_nameless(config, places), sort_keys=True, default=str)
    except (AttributeError, KeyError, NotImplementedError, TypeError):
        return None


def _nameless(value: Any, places: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _nameless(one, places) for key, one in value.items() if key not in _NO_MATTER}
        case list() | tuple():
            return [_nameless(one, places) for one in value]
        case str():
            return places.get(value, value)
    return value
