"""Real photographs and a real model, where a folder `shared` beside the repository has them; a stand-in for Clarifai."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def photographs() -> Path:
    """The folder with photographs of known content."""
    folder = SHARED / "photos"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder} with photographs")
    return folder


@pytest.fixture(scope="session")
def litert_files() -> tuple[Path, Path]:
    """A real LiteRT model, quantised to bytes, and its class names."""
    models = SHARED / "models"
    model = models / "mobilenet_v2_1.0_224_quant.tflite"
    if not model.is_file():
        pytest.skip(f"there is no model {model}")
    return model, models / "imagenet_labels_1001.txt"


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The module of the server that stands in for Clarifai: the tests are no packages, so it is loaded by its file."""
    name = "clarifai_server"
    if name not in sys.modules:
        made = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        sys.modules[name] = importlib.util.module_from_spec(made)
        made.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def damaged_inside() -> bytes:
    """A PNG file with a good header and its end, which a fetch stores, and pixels that nobody can decode."""
    whole = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(whole, "PNG")
    data = bytearray(whole.getvalue())
    data[900:1500] = bytes(600)
    return bytes(data)
