"""Real photographs and a real model, where a folder `shared` beside the repository has them."""

from __future__ import annotations

from pathlib import Path

import pytest

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
