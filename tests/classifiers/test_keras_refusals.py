"""The kind `keras`: a file that can't be used is refused in one line with what to do, and runs no code."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.keras import KerasOptions, load

# Keras 3.15 with NumPy 2.4 warns so of each of its tensors.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
ENDINGS = (".weights.h5", ".h5", ".keras", ".safetensors")


@pytest.fixture(scope="module", autouse=True)
def cached_applications(keras: Any) -> Iterator[None]:
    """Build each application once for all tests of this file: a refused file leaves no usable model."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("MobileNet", "MobileNetV2"):
            patched.setattr(keras.applications, name, cache(getattr(keras.applications, name)))
        yield


class TouchOnUnpickle:
    """Creates a file when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        """What unpickling calls."""
        return (Path.touch, (self.proof,))


def refusal(weights: Path, names: Path, application: str = "MobileNet") -> str:
    """The message that refuses the weights: one line, not too long."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("lane", KerasOptions(application=application, weights=weights, labels=names))
    message = str(refused.value)
    assert "\n" not in message and len(message) < 500 + 2 * len(str(weights))
    return message


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_weights_of_another_application_are_refused(ending: str, saved: Path) -> None:
    """Weights of another application are refused, also a complete model: its preprocessing would be wrong."""
    message = refusal(saved / f"mobilenet{ending}", saved / "names.txt", "MobileNetV2")
    assert (
        "do not fit MobileNetV2" in message and "application to the model that it was saved from" in message
    )


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("damage", ["empty", "short", "nonsense", "flipped head", "flipped bytes"])
def test_a_damaged_file_is_refused(ending: str, damage: str, saved: Path, tmp_path: Path) -> None:
    """A file that is empty, truncated, random or damaged in its structure is refused."""
    complete = (saved / f"mobilenet{ending}").read_bytes()
    flipped = bytearray(complete)
    for offset in range(40, 4000, 37):
        flipped[offset] ^= 0xFF
    data = {
        "empty": b"",
        "short": complete[: len(complete) // 2],
        "nonsense": bytes(range(256)) * 20,
        "flipped head": bytes(flipped[:64]) + complete[64:-9],
        "flipped bytes": bytes(flipped),
    }[damage]
    (tmp_path / f"damaged{ending}").write_bytes(data)
    message = refusal(tmp_path / f"damaged{ending}", saved / "names.txt")
    assert "do not fit MobileNet" in message and "Set weights to a file" in message


@pytest.mark.parametrize("missing", ["layers", "layers/conv2d_3"])
def test_a_file_without_some_layers_is_refused(missing: str, saved: Path, tmp_path: Path) -> None:
    """A valid HDF5 file in which layers are missing is refused: Keras would leave their weights random."""
    import h5py

    shutil.copyfile(saved / "mobilenet.weights.h5", tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as opened:
        del opened[missing]
    assert "tensors are missing" in refusal(tmp_path / "m.weights.h5", saved / "names.txt")


@pytest.mark.parametrize("ending", [".pkl", ".pickle", ".npz", ".npy", ".pt", ".bin", ".ckpt", ""])
def test_formats_with_pickle_are_not_opened(ending: str, saved: Path, tmp_path: Path) -> None:
    """Files in formats that can contain pickled objects are refused without opening them."""
    file, proof = tmp_path / f"weights{ending}", tmp_path / "proof"
    with file.open("wb") as out:
        np.save(out, np.array([TouchOnUnpickle(proof)], dtype=object), allow_pickle=True)
    message = refusal(file, saved / "names.txt")
    assert "it might run code" in message and ".safetensors" in message
    assert not proof.exists()


@pytest.mark.slow
def test_a_keras_file_with_pickled_weights_is_refused(saved: Path, tmp_path: Path) -> None:
    """A .keras file that contains pickled weights is refused, and nothing in it runs."""
    proof, pickled = tmp_path / "proof", io.BytesIO()
    np.savez(pickled, __root__=np.array([TouchOnUnpickle(proof)], dtype=object))
    with (
        zipfile.ZipFile(saved / "mobilenet.keras") as good,
        zipfile.ZipFile(tmp_path / "m.keras", "w") as bad,
    ):
        for name in ("metadata.json", "config.json"):
            bad.writestr(name, good.read(name))
        bad.writestr("model.weights.npz", pickled.getvalue())
    assert "do not fit" in refusal(tmp_path / "m.keras", saved / "names.txt")
    assert not proof.exists()


def test_a_lambda_layer_is_refused(keras: Any, saved: Path, tmp_path: Path) -> None:
    """A .keras file with a Lambda layer, which is Python code, is refused."""
    layers = keras.layers
    made = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Lambda(lambda pixels: pixels * 2),
            layers.Flatten(),
            layers.Dense(1000),
        ]
    )
    made.save(tmp_path / "m.keras")
    assert "Lambda" in refusal(tmp_path / "m.keras", saved / "names.txt")


@pytest.mark.slow
def test_a_model_of_another_shape_is_refused(keras: Any, saved: Path, tmp_path: Path) -> None:
    """A .keras file that does not classify RGB pictures of one size is refused."""
    layers = keras.layers
    picture, grey, any_size = keras.Input((8, 8, 3)), keras.Input((8, 8, 1)), keras.Input((None, None, 3))

    def out(given: Any) -> Any:
        return layers.Dense(1000)(layers.GlobalAveragePooling2D()(given))

    models = {
        "grey": keras.Model(grey, out(grey)),
        "any size": keras.Model(any_size, out(any_size)),
        "two answers": keras.Model(picture, [out(picture), out(picture)]),
        "two pictures": keras.Model([picture, grey], out(layers.Concatenate()([picture, grey]))),
        "a picture back": keras.Model(picture, layers.ReLU()(picture)),
    }
    for made in models.values():
        made.save(tmp_path / "m.keras")
        assert "does not classify RGB pictures" in refusal(tmp_path / "m.keras", saved / "names.txt")


def test_a_tensor_of_another_shape_is_refused(model: Any, saved: Path, tmp_path: Path) -> None:
    """A .safetensors file with the right names and one wrong shape is refused."""
    from safetensors.numpy import save_file

    tensors = {one.path: one.numpy() for one in model.weights}
    tensors["conv1/kernel"] = np.zeros((3, 3, 3, 31), np.float32)
    save_file(tensors, tmp_path / "m.safetensors")
    assert "do not fit MobileNet" in refusal(tmp_path / "m.safetensors", saved / "names.txt")


@pytest.mark.parametrize("name", ["none.h5", "", "folder.keras"])
def test_a_missing_file_is_refused(name: str, saved: Path, tmp_path: Path) -> None:
    """The message for a weights file that is missing or a folder has both ways to fix it."""
    (tmp_path / "folder.keras").mkdir()
    message = refusal(tmp_path / name, saved / "names.txt")
    assert "does not exist" in message and "'imagenet'" in message


@pytest.mark.parametrize("application", ["Inception", "inceptionv3", "imagenet_utils", "__doc__", ""])
def test_an_unknown_application_is_refused(application: str, keras: Any, saved: Path) -> None:
    """The message for an application that Keras does not have lists those that it has."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("lane", KerasOptions(application=application, labels=saved / "names.txt"))
    message = str(refused.value)
    assert f"no model '{application}'" in message
    assert (
        "InceptionV3" in message.split("one of:")[1] and "imagenet_utils" not in message.split("one of:")[1]
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "can't be read"),
        (b"\xff\xfe\x00", "can't be read"),
        (b"", "has 0 class names, but the model has 1000 outputs"),
        (b"a\nb\n", "has 2 class names, but the model has 1000 outputs"),
        (b"thing\n" * 1001, "has 1001 class names, but the model has 1000 outputs"),
    ],
)
def test_class_names_that_do_not_fit_are_refused(
    content: bytes | None, words: str, saved: Path, tmp_path: Path
) -> None:
    """A file of names that is missing, unreadable or of another length is refused with both numbers."""
    names = tmp_path / "names.txt"
    if content is not None:
        names.write_bytes(content)
    message = refusal(saved / "mobilenet.safetensors", names)
    assert words in message and str(names) in message and "Set labels to" in message
