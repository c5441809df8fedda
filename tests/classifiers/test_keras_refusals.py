"""The kind `keras`: what can't be used is refused in one line that says what to do, and runs no code."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.keras import KerasOptions, load

# Keras 3.15 with NumPy 2.4; it says so of each of its tensors.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
ENDINGS = (".weights.h5", ".h5", ".keras", ".safetensors")


class RunsCode:
    """Writes a file when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        """What unpickling calls."""
        return (Path.touch, (self.proof,))


def refusal(weights: Path, names: Path, application: str = "MobileNet") -> str:
    """The words with which the weights are refused: one line, not too long."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("lane", KerasOptions(application=application, weights=weights, labels=names))
    told = str(refused.value)
    assert "\n" not in told and len(told) < 500 + 2 * len(str(weights))
    return told


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_models_weights(ending: str, saved: Path) -> None:
    """Weights of another application are refused, also a whole model: its preprocessing would be wrong."""
    told = refusal(saved / f"mobilenet{ending}", saved / "names.txt", "MobileNetV2")
    assert "do not fit MobileNetV2" in told and "application to the model that it was saved from" in told


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("damage", ["empty", "short", "nonsense", "flipped head", "flipped bytes"])
def test_damaged_file(ending: str, damage: str, saved: Path, tmp_path: Path) -> None:
    """A file that is empty, cut short, of nonsense or damaged in its structure is refused."""
    whole = (saved / f"mobilenet{ending}").read_bytes()
    flipped = bytearray(whole)
    for place in range(40, 4000, 37):
        flipped[place] ^= 0xFF
    data = {
        "empty": b"",
        "short": whole[: len(whole) // 2],
        "nonsense": bytes(range(256)) * 20,
        "flipped head": bytes(flipped[:64]) + whole[64:-9],
        "flipped bytes": bytes(flipped),
    }[damage]
    (tmp_path / f"damaged{ending}").write_bytes(data)
    told = refusal(tmp_path / f"damaged{ending}", saved / "names.txt")
    assert "do not fit MobileNet" in told and "Set weights to a file" in told


@pytest.mark.parametrize("lacking", ["layers", "layers/conv2d_3"])
def test_incomplete_file(lacking: str, saved: Path, tmp_path: Path) -> None:
    """A whole HDF5 file that lacks some of the layers is refused: Keras would leave those to chance."""
    import h5py

    shutil.copyfile(saved / "mobilenet.weights.h5", tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as opened:
        del opened[lacking]
    assert "are not in it" in refusal(tmp_path / "m.weights.h5", saved / "names.txt")


@pytest.mark.parametrize("ending", [".pkl", ".pickle", ".npz", ".npy", ".pt", ".bin", ".ckpt", ""])
def test_formats_with_pickle(ending: str, saved: Path, tmp_path: Path) -> None:
    """Files in formats that can hold pickled objects are not even opened."""
    file, proof = tmp_path / f"weights{ending}", tmp_path / "proof"
    with file.open("wb") as out:
        np.save(out, np.array([RunsCode(proof)], dtype=object), allow_pickle=True)
    told = refusal(file, saved / "names.txt")
    assert "it might run code" in told and ".safetensors" in told
    assert not proof.exists()


def test_pickle_within_a_model(saved: Path, tmp_path: Path) -> None:
    """A .keras file that brings pickled weights is refused, and nothing in it runs."""
    proof, pickled = tmp_path / "proof", io.BytesIO()
    np.savez(pickled, __root__=np.array([RunsCode(proof)], dtype=object))
    with (
        zipfile.ZipFile(saved / "mobilenet.keras") as good,
        zipfile.ZipFile(tmp_path / "m.keras", "w") as bad,
    ):
        for name in ("metadata.json", "config.json"):
            bad.writestr(name, good.read(name))
        bad.writestr("model.weights.npz", pickled.getvalue())
    assert "do not fit" in refusal(tmp_path / "m.keras", saved / "names.txt")
    assert not proof.exists()


def test_lambda_layer(keras: Any, saved: Path, tmp_path: Path) -> None:
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


def test_model_of_another_shape(keras: Any, saved: Path, tmp_path: Path) -> None:
    """A .keras file that is no classifier of RGB pictures of one size is refused."""
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
        assert "no classifier of RGB pictures" in refusal(tmp_path / "m.keras", saved / "names.txt")


def test_tensor_of_another_shape(model: Any, saved: Path, tmp_path: Path) -> None:
    """A .safetensors file with the right names and one wrong shape is refused."""
    from safetensors.numpy import save_file

    tensors = {one.path: one.numpy() for one in model.weights}
    tensors["conv1/kernel"] = np.zeros((3, 3, 3, 31), np.float32)
    save_file(tensors, tmp_path / "m.safetensors")
    assert "do not fit MobileNet" in refusal(tmp_path / "m.safetensors", saved / "names.txt")


@pytest.mark.parametrize("name", ["none.h5", "", "folder.keras"])
def test_no_file(name: str, saved: Path, tmp_path: Path) -> None:
    """A weights file that is not there, or is a folder, is told with both ways out."""
    (tmp_path / "folder.keras").mkdir()
    told = refusal(tmp_path / name, saved / "names.txt")
    assert "There is no weights file" in told and "'imagenet'" in told


@pytest.mark.parametrize("application", ["Inception", "inceptionv3", "imagenet_utils", "__doc__", ""])
def test_unknown_application(application: str, keras: Any, saved: Path) -> None:
    """An application that Keras does not have is told with those that it has."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("lane", KerasOptions(application=application, labels=saved / "names.txt"))
    told = str(refused.value)
    assert f"no model '{application}'" in told
    assert "InceptionV3" in told.split("one of:")[1] and "imagenet_utils" not in told.split("one of:")[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "can't be read"),
        (b"\xff\xfe\x00", "can't be read"),
        (b"", "are 0, but the model has 1000 outputs"),
        (b"a\nb\n", "are 2, but the model has 1000 outputs"),
        (b"thing\n" * 1001, "are 1001, but the model has 1000 outputs"),
    ],
)
def test_class_names(content: bytes | None, words: str, saved: Path, tmp_path: Path) -> None:
    """A file of names that is missing, unreadable or of another length is refused with both numbers."""
    names = tmp_path / "names.txt"
    if content is not None:
        names.write_bytes(content)
    told = refusal(saved / "mobilenet.safetensors", names)
    assert words in told and str(names) in told and "Set labels to" in told
