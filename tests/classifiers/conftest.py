"""Models and pictures for the classifiers' tests; TensorFlow is imported only for tests that use `keras`."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras, imported once for all tests."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return importlib.import_module("keras")


@pytest.fixture(scope="session")
def model(keras: Any, pictures: list[Path]) -> Any:
    """MobileNet with random weights and a last layer that distinguishes the test's pictures."""
    made, chance = keras.applications.MobileNet(weights=None), np.random.default_rng(8)
    for variable in made.weights:
        if "kernel" in variable.path:
            height, width, depth, _ = variable.shape
            inputs = height * width * (1 if "conv_dw" in variable.path else depth)
            variable.assign(chance.normal(0, np.sqrt(2 / inputs), variable.shape))
    small = [np.asarray(Image.open(file).resize((224, 224), Image.Resampling.BILINEAR)) for file in pictures]
    last = made.get_layer("conv_preds")
    features = keras.Model(made.input, last.input)(np.stack(small) / 127.5 - 1.0)
    outputs = keras.ops.convert_to_numpy(features).reshape(len(pictures), -1)
    # Random features of any two pictures are nearly equal, so their differences are amplified.
    spread = outputs.std(axis=0) + 0.1 * outputs.std(axis=0).max()
    kernel = chance.normal(0, 0.2, (outputs.shape[1], 1000)) / spread[:, None]
    last.set_weights([kernel.reshape(1, 1, *kernel.shape), -outputs.mean(axis=0) @ kernel])
    return made


@pytest.fixture(scope="session")
def saved(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's weights in every accepted format, called `mobilenet`, and 1000 class names in `names.txt`."""
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("weights")
    model.save_weights(folder / "mobilenet.weights.h5")
    model.save(folder / "mobilenet.h5")
    model.save(folder / "mobilenet.keras")
    save_file({one.path: one.numpy() for one in model.weights}, folder / "mobilenet.safetensors")
    (folder / "names.txt").write_text("".join(f"thing_{number}\n" for number in range(1000)))
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six pictures that differ in colour and texture, in several formats and sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    chance = np.random.default_rng(3)
    files = []
    for number, ending in enumerate(("png", "jpg", "webp", "png", "jpg", "bmp")):
        down, across = np.indices((90 + 60 * number, 300 - 30 * number))
        waves = 127 + 120 * np.sin(down / (3 + 4 * number) + across / (25 - 4 * number))
        colours = chance.integers(40, 255, 3) / 255
        noise = chance.normal(0, 8 * number, (*waves.shape, 3))
        pixels = np.clip(waves[..., None] * colours + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.{ending}")
        files.append(folder / f"{number}.{ending}")
    return files
