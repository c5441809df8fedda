"""Every model of keras.applications by its name: its own input size, 1000 classes, its own preprocessing."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.keras import KerasOptions, _application, _preprocessor, applications, load
from classifiers.pictures import PictureFile

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")

# Pixels of a side, as the models' papers tell; all others take 224.
SIZES = {
    "EfficientNetB1": 240, "EfficientNetB2": 260, "EfficientNetB3": 300, "EfficientNetB4": 380,
    "EfficientNetB5": 456, "EfficientNetB6": 528, "EfficientNetB7": 600,
    "EfficientNetV2B1": 240, "EfficientNetV2B2": 260, "EfficientNetV2B3": 300,
    "EfficientNetV2S": 384, "EfficientNetV2M": 480, "EfficientNetV2L": 480,
    "InceptionResNetV2": 299, "InceptionV3": 299, "NASNetLarge": 331, "Xception": 299,
}  # fmt: skip


class Begun(Exception):
    """Carries the input shape with which a model begins, so that its layers need not be made."""


@pytest.fixture
def begun(keras: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The input shape that a model is built with; building all of them would take minutes."""
    find = keras.applications.imagenet_utils.decode_predictions.__globals__["obtain_input_shape"]

    def stop(*given: Any, **named: Any) -> None:
        raise Begun(find(*given, **named))

    def shape_of(name: str) -> tuple[int, ...]:
        build = _application(name)
        with monkeypatch.context() as patched:
            patched.setattr(
                inspect.getmodule(inspect.unwrap(build)).imagenet_utils, "obtain_input_shape", stop
            )
            with pytest.raises(Begun) as found:
                build(weights=None)
        shape: tuple[int, ...] = found.value.args[0]
        return shape

    return shape_of


def test_sizes_and_classes(begun: Any) -> None:
    """Each model takes RGB pictures of the size that it was trained with, and has ImageNet's 1000 classes."""
    names = applications()
    assert len(names) >= 38 and set(SIZES) <= set(names)
    # MobileNetV3 takes any size; the last test builds one.
    sized = [name for name in names if not name.startswith("MobileNetV3")]
    assert {name: begun(name) for name in sized} == {name: (*[SIZES.get(name, 224)] * 2, 3) for name in sized}
    assert {inspect.signature(_application(name)).parameters["classes"].default for name in names} == {1000}


def test_preprocessing_on_the_device(keras: Any) -> None:
    """Pixels are scaled within the compiled part just as Keras scales arrays, for every model."""
    pictures = np.random.default_rng(2).integers(0, 256, (1, 5, 4, 3)).astype(np.float32)
    for name in applications():
        preprocess = _preprocessor(_application(name))
        compiled = keras.ops.convert_to_numpy(preprocess(keras.ops.convert_to_tensor(pictures)))
        assert compiled == pytest.approx(preprocess(pictures.copy()), abs=1e-4), name


def test_built(keras: Any, saved: Path, pictures: list[Path], tmp_path: Path) -> None:
    """A model that scales pixels in layers of its own, and takes any size, gets its own and works in both precisions."""
    name, size = "MobileNetV3Small", 224
    keras.utils.set_random_seed(3)
    _application(name)(weights=None).save_weights(tmp_path / "w.weights.h5")
    answers = []
    for precision in ("float32", "bfloat16"):
        options = KerasOptions(
            application=name,
            weights=tmp_path / "w.weights.h5",
            labels=saved / "names.txt",
            top=1000,
            precision=precision,
        )
        classifier = load(name, options)
        prepared = [classifier.prepare(PictureFile(file)) for file in pictures]
        assert prepared[0].shape == (size, size, 3)
        answers.append([{one.label: one.score for one in found} for found in classifier.label(prepared)])
    for plain, half in zip(*answers, strict=True):
        assert sum(plain.values()) == pytest.approx(1, abs=1e-3)
        assert max(abs(plain[label] - half[label]) for label in plain) < 0.05
