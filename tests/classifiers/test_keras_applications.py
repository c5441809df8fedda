"""Every model of keras.applications by its name: its own input size, 1000 classes and preprocessing."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.applications import applications, find_application
from classifiers.compiled import CompiledModel
from classifiers.keras import KerasOptions, load
from classifiers.scores import Classes
from classifiers.structure import custom_structure

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")

# Pixels per side, from the models' papers; all others take 224.
SIZES = {
    "EfficientNetB1": 240, "EfficientNetB2": 260, "EfficientNetB3": 300, "EfficientNetB4": 380,
    "EfficientNetB5": 456, "EfficientNetB6": 528, "EfficientNetB7": 600,
    "EfficientNetV2B1": 240, "EfficientNetV2B2": 260, "EfficientNetV2B3": 300,
    "EfficientNetV2S": 384, "EfficientNetV2M": 480, "EfficientNetV2L": 480,
    "InceptionResNetV2": 299, "InceptionV3": 299, "NASNetLarge": 331, "Xception": 299,
}  # fmt: skip

LITE = "EfficientNetLite0"


class InputShape(Exception):
    """Carries the input shape out of a model's function, so that its layers need not be built."""


@pytest.fixture
def input_shape(keras: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The input shape of an application; building all of them takes minutes."""
    obtain = keras.applications.imagenet_utils.decode_predictions.__globals__["obtain_input_shape"]

    def stop(*args: Any, **options: Any) -> None:
        raise InputShape(obtain(*args, **options))

    def shape_of(name: str) -> tuple[int, ...]:
        build = find_application(name).build
        with monkeypatch.context() as patched:
            module = inspect.getmodule(inspect.unwrap(build)).imagenet_utils
            patched.setattr(module, "obtain_input_shape", stop)
            with pytest.raises(InputShape) as raised:
                build(weights=None)
        shape: tuple[int, ...] = raised.value.args[0]
        return shape

    return shape_of


@pytest.mark.slow
def test_every_application_has_its_size_and_1000_classes(input_shape: Any) -> None:
    """Each model takes RGB pictures of the size that it was trained with, and has ImageNet's 1000 classes."""
    names = applications()
    assert len(names) >= 38 and set(SIZES) <= set(names)
    # MobileNetV3 takes any size; another test builds one.
    sized = [name for name in names if not name.startswith("MobileNetV3") and name != LITE]
    assert {name: input_shape(name) for name in sized} == {
        name: (*[SIZES.get(name, 224)] * 2, 3) for name in sized
    }
    assert {
        inspect.signature(find_application(name).build).parameters["classes"].default
        for name in names
        if name != LITE
    } == {1000}
    lite = find_application(LITE).build(weights=None)
    assert lite.input_shape == (None, 224, 224, 3) and lite.output_shape == (None, 1000)


@pytest.mark.parametrize("scaling", ["tf", "caffe", "torch", "none", "lite"])
def test_every_application_scales_pixels_as_published(scaling: str, keras: Any) -> None:
    """Each application scales pixels as its weights were trained: in one of four ways, from their papers."""
    prefixes = {
        "tf": ("Inception", "Xception", "MobileNet", "NASNet", "ResNet50V2", "ResNet101V2", "ResNet152V2"),
        "caffe": ("ResNet50", "ResNet101", "ResNet152", "VGG16", "VGG19"),
        "torch": ("DenseNet",),
        "none": ("EfficientNet", "ConvNeXt", "MobileNetV3"),
        "lite": (LITE,),
    }
    red = np.array([255, 0, 0], np.float32)
    expected = {
        "tf": [1, -1, -1],
        "caffe": [-103.939, -116.779, 255 - 123.68],
        "torch": (red / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
        "none": red,
        "lite": (red - 127) / 128,
    }

    def scaling_of(name: str) -> str:
        matches = [
            (len(prefix), one)
            for one, group in prefixes.items()
            for prefix in group
            if name.startswith(prefix)
        ]
        return max(matches)[1]

    names = [name for name in applications() if scaling_of(name) == scaling]
    assert names
    for name in names:
        picture = np.broadcast_to(red, (1, 4, 4, 3)).copy()
        assert find_application(name).preprocess(picture)[0, 0, 0] == pytest.approx(
            expected[scaling], abs=1e-3
        )


def test_tensors_are_scaled_as_arrays(keras: Any) -> None:
    """The compiled part scales pixels exactly as Keras scales arrays, for every model."""
    pictures = np.random.default_rng(2).integers(0, 256, (1, 5, 4, 3)).astype(np.float32)
    for name in applications():
        preprocess = find_application(name).preprocess
        compiled = keras.ops.convert_to_numpy(preprocess(keras.ops.convert_to_tensor(pictures)))
        assert compiled == pytest.approx(preprocess(pictures.copy()), abs=1e-4), name


@pytest.mark.slow
def test_a_model_of_any_size_that_scales_in_its_layers_works_in_both_precisions(keras: Any) -> None:
    """MobileNetV3, which scales pixels in its own layers and takes any size, gets 224 and works in both precisions."""
    keras.utils.set_random_seed(3)
    application = find_application("MobileNetV3Small")
    model = application.build(weights=None)
    classes = Classes([str(number) for number in range(1000)], [None] * 1000, 1000)
    pictures = list(np.random.default_rng(6).integers(0, 256, (2, 224, 224, 3), np.uint8))
    scores = []
    for precision in ("float32", "bfloat16"):  # the second changes the model
        compiled = CompiledModel(model, application.preprocess, precision, classes, on_gpu=False)
        assert compiled.size == (224, 224)
        best = compiled.best_classes(pictures)
        scores.append(np.take_along_axis(best.scores, np.argsort(best.indices, axis=1), 1))
    assert scores[0].sum(axis=1) == pytest.approx(1, abs=1e-3)
    assert np.abs(scores[0] - scores[1]).max() < 0.05


def test_the_structure_follows_the_layers(keras: Any, tmp_path: Path) -> None:
    """The version covers the layers of a .keras file that are not the application's; training settings do not count."""
    picture = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, name="conv")(picture))
    last = keras.layers.Dense(3)(pooled)
    application = keras.Model(picture, last)

    def structure(output: Any, **training: str) -> bytes:
        model = keras.Model(picture, output, name="own")
        if training:
            model.compile(**training)
        model.save(tmp_path / "own.keras")
        return custom_structure(tmp_path / "own.keras", model, application)

    assert structure(last) == structure(last, optimizer="sgd", loss="mse") == b""
    softmax = structure(keras.layers.Activation("softmax", name="last")(last))
    assert softmax
    trained = structure(keras.layers.Activation("softmax", name="last")(last), optimizer="sgd", loss="mse")
    assert trained == softmax
    assert structure(keras.layers.Activation("sigmoid", name="last")(last)) not in (b"", softmax)


@pytest.mark.slow
def test_weights_by_layer_name_fit_after_other_models(keras: Any, tmp_path: Path) -> None:
    """Weights by layer names load although Keras numbers unnamed layers across models: a second lane loads too."""
    from safetensors.numpy import save_file

    keras.utils.clear_session()  # as in the program that saved them
    model = keras.applications.Xception(weights=None)
    assert any(variable.path.startswith("conv2d/") for variable in model.weights)
    save_file({one.path: one.numpy() for one in model.weights}, tmp_path / "xception.safetensors")
    (tmp_path / "names.txt").write_text("".join(f"thing_{number}\n" for number in range(1000)))
    options = KerasOptions(
        application="Xception", weights=tmp_path / "xception.safetensors", labels=tmp_path / "names.txt"
    )
    assert load("xception", options).version.startswith("Xception-")
