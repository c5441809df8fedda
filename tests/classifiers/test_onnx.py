"""The kind `onnx`: layouts, types and levels; what does not fit, or reaches for other files, is refused."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.onnx import OnnxOptions, as_levels, load
from classifiers.pictures import PictureFile

_spec = importlib.util.spec_from_file_location("onnx_files", Path(__file__).with_name("onnx_files.py"))
assert _spec is not None and _spec.loader is not None
files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(files)

RED = (200, 30, 10)


@pytest.fixture
def red(tmp_path: Path) -> Path:
    Image.new("RGB", (50, 40), RED).save(tmp_path / "red.png")
    return tmp_path / "red.png"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a model and its names; returns the options."""

    def made(content: bytes, names: str = "red\ngreen\nblue\n", **options: Any) -> OnnxOptions:
        (tmp_path / "tiny.onnx").write_bytes(content)
        (tmp_path / "names.txt").write_text(names)
        return OnnxOptions(model=tmp_path / "tiny.onnx", labels=tmp_path / "names.txt", **options)

    return made


def softmax(values: Any) -> np.ndarray[Any, Any]:
    powers = np.exp(np.asarray(values, np.float64) - np.max(values))
    return np.asarray(powers / powers.sum())


@pytest.mark.parametrize(
    "shape", [("n", 3, 32, 32), ("n", 32, 32, 3), (1, 3, 32, 32), (4, 32, 32, 3), ("n", 3, "h", "w")]
)
def test_layouts(shape: tuple[int | str, ...], write: Any, red: Path) -> None:
    """Channels first or last, any batch or one of its own: a picture's scores are the same."""
    classifier = load("tiny", write(files.mean_colour(shape), size=32 if "h" in shape else None, levels="tf"))
    assert classifier.batch_size == (shape[0] if isinstance(shape[0], int) else 32)
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    expected = softmax(np.array(RED) / 127.5 - 1)
    assert [label.label for label in found] == ["red", "green", "blue"]
    assert [label.score for label in found] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", [files.FLOAT, files.FLOAT16, files.UINT8])
def test_types(kind: int, write: Any, red: Path) -> None:
    """Models of floats, half floats and bytes get their pictures as such; one of bytes gets them as they are."""
    levels = "none" if kind == files.UINT8 else "torch"
    classifier = load("tiny", write(files.mean_colour((1, 3, 32, 32), kind)))
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    expected = softmax(as_levels(np.full((1, 1, 1, 3), RED, np.uint8), levels)[0, 0, 0])
    assert found[0].label == "red"
    assert found[0].score == pytest.approx(expected[0], abs=2e-3)


def test_levels() -> None:
    """Each way of scaling gives black, white and the mean of ImageNet the values of its papers."""
    pictures = np.array([[0, 0, 0], [255, 255, 255], [124, 116, 104]], np.uint8).reshape(3, 1, 1, 3)
    ways = {way: as_levels(pictures, way)[:, 0, 0] for way in ("torch", "tf", "caffe", "none")}  # type: ignore[arg-type]
    assert ways["torch"][0] == pytest.approx([-2.1179, -2.0357, -1.8044], abs=1e-3)
    assert np.abs(ways["torch"][2]).max() < 0.02
    assert ways["tf"][:2].tolist() == [[-1] * 3, [1] * 3]
    assert np.abs(ways["caffe"][2]).max() < 1 and ways["caffe"][0].tolist() == pytest.approx(
        [-103.939, -116.779, -123.68]
    )
    assert ways["none"].tolist() == pictures[:, 0, 0].tolist()


def test_batches(write: Any, tmp_path: Path) -> None:
    """Neither the size of a batch nor the order in it changes a picture's labels."""
    classifier = load("tiny", write(files.mean_colour(("n", 3, 32, 32))))
    for number in range(5):
        Image.new("RGB", (9, 9), (50 * number, 100, 200 - 40 * number)).save(tmp_path / f"{number}.png")
    prepared = [classifier.prepare(PictureFile(tmp_path / f"{number}.png")) for number in range(5)]
    alone = [classifier.label([one])[0] for one in prepared]
    assert classifier.label(prepared) == alone
    assert classifier.label(prepared[::-1]) == alone[::-1]
    assert classifier.label([]) == []


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x08\x08" + b"\xff" * 40])
def test_no_model(content: bytes, write: Any) -> None:
    """A file that is no model is refused in one line that says what to do."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("tiny", write(content))
    assert "Set model to an .onnx file" in str(refused.value) and "\n" not in str(refused.value)


def test_missing_model(write: Any, tmp_path: Path) -> None:
    """So is one that is not there."""
    options = write(b"")
    (tmp_path / "tiny.onnx").unlink()
    with pytest.raises(ClassifierUnavailable, match="can't be read"):
        load("tiny", options)


WEIGHTS = np.array([[0, 3, 0], [0, 0, 3], [3, 0, 0]], np.float32)
"""Red counts for green, green for blue, blue for red."""


@pytest.fixture
def beside(write: Any, tmp_path: Path) -> Any:
    """Write a model that keeps its weights in another file, and that file; returns the options."""

    def made(file: str = "weights.bin", weights: Any = WEIGHTS, **entries: object) -> OnnxOptions:
        offset = int(str(entries.get("offset", 0)))
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(bytes(offset) + weights.tobytes())
        return write(files.weighed_colour(files.elsewhere("w", [3, 3], file, **entries)), levels="tf")

    return made


@pytest.mark.parametrize("file", ["weights.bin", "./weights.bin", "data/weights.bin", "Gewichte ä"])
@pytest.mark.parametrize("entries", [{}, {"offset": 4096, "length": 36}], ids=["whole", "part"])
def test_weights_in_another_file(
    file: str, entries: dict[str, Any], beside: Any, red: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """A model whose weights lie beside it labels as it should, whatever the current folder is and has in it."""
    options = beside(file, **entries)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / file).parent.mkdir(parents=True)
    (elsewhere / file).write_bytes(bytes(5000))
    versions = []
    for folder in (tmp_path, elsewhere, Path("/")):
        monkeypatch.chdir(folder)
        classifier = load("tiny", options)
        (found,) = classifier.label([classifier.prepare(PictureFile(red))])
        expected = softmax((np.array(RED) / 127.5 - 1) @ WEIGHTS)
        assert {label.label: label.score for label in found} == pytest.approx(
            dict(zip(["red", "green", "blue"], expected, strict=True)), abs=1e-4
        )
        versions.append(classifier.version)
    assert len(set(versions)) == 1


def test_version_follows_the_other_file(beside: Any) -> None:
    """Any change of the weights is a new version, also where the model file stays; none is none."""
    first = load("tiny", beside()).version
    assert load("tiny", beside()).version == first
    assert load("tiny", beside(weights=WEIGHTS.T.copy())).version != first


def test_version_without_another_file_is_as_before(write: Any) -> None:
    """A model that holds its tensors itself keeps the version that it has in the tables."""
    content = files.mean_colour((1, 3, 32, 32))
    told = b"red\ngreen\nblue\n5\ntorch\n32x32"
    expected = hashlib.sha256(content + told + b"stretch, bilinear, rgb, 1").hexdigest()[:12]
    assert load("tiny", write(content)).version == f"tiny-{expected}"


@pytest.mark.parametrize(
    "file",
    [
        "../outside.bin",
        "sub/../../outside.bin",
        "/etc/hostname",
        "{outside}",
        "link.bin",
        "folder/outside.bin",
        "..\\outside.bin",
        "",
        ".",
        "*/_ORT_MEM_ADDR_/*",
        "pipe",
        "missing.bin",
    ],
)
def test_no_file_elsewhere_is_read(file: str, write: Any, tmp_path: Path) -> None:
    """A model that wants its tensors from outside its folder, by a path or a link, gets none of them."""
    outside = tmp_path.parent / "outside.bin"
    outside.write_bytes(WEIGHTS.tobytes())
    (tmp_path / "link.bin").symlink_to(outside)
    (tmp_path / "folder").symlink_to(tmp_path.parent)
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "pipe")
    tensor = files.elsewhere("w", [3, 3], file.format(outside=outside))
    with pytest.raises(ClassifierUnavailable) as refused:
        load("tiny", write(files.weighed_colour(tensor)))
    assert "tiny.onnx" in str(refused.value) and "folder" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_linked_with_its_model(beside: Any, tmp_path: Path, red: Path) -> None:
    """A model and its weights that are links into one folder, as download caches have them, are read."""
    options = beside()
    (tmp_path / "snapshot").mkdir()
    for name in ("tiny.onnx", "weights.bin"):
        (tmp_path / "snapshot" / name).symlink_to(tmp_path / name)
    linked = options.model_copy(update={"model": tmp_path / "snapshot" / "tiny.onnx"})
    assert load("tiny", linked).version == load("tiny", options).version


@pytest.mark.parametrize(
    "entries",
    [
        {"length": 40},
        {"length": 4},
        {"offset": 8, "length": 36},
        {"offset": -4},
        {"offset": 2**62},
        {"offset": "x"},
    ],
)
def test_places_outside_the_other_file(entries: dict[str, Any], write: Any, tmp_path: Path) -> None:
    """Weights that the other file does not have are refused; no memory behind it is read."""
    (tmp_path / "weights.bin").write_bytes(WEIGHTS.tobytes())
    tensor = files.elsewhere("w", [3, 3], "weights.bin", **entries)
    with pytest.raises(ClassifierUnavailable, match="can be run"):
        load("tiny", write(files.weighed_colour(tensor)))


def test_inner_graphs(write: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """A tensor of an inner graph that lies in another file is refused, also where the current folder has that file."""
    (tmp_path / "weights.bin").write_bytes(WEIGHTS.tobytes())
    monkeypatch.chdir(tmp_path)
    tensor = files.elsewhere("w", [3, 3], "weights.bin")
    with pytest.raises(ClassifierUnavailable, match="inner graph"):
        load("tiny", write(files.with_inner_graph(tensor)))


def test_size_of_other_files(beside: Any, tmp_path: Path) -> None:
    """Files of many gigabytes are refused before they are read."""
    options = beside()
    with (tmp_path / "weights.bin").open("ab") as file:
        file.truncate(5 * 1024**3)  # takes no room: nothing is written
    with pytest.raises(ClassifierUnavailable, match="more than 4 GB"):
        load("tiny", options)


def test_own_operators(write: Any) -> None:
    """A model with operators of its own, which would be somebody's program, is refused."""
    nodes = [files.node("Anything", ["picture"], "scores", "some.domain")]
    with pytest.raises(ClassifierUnavailable, match="operators of its own"):
        load("tiny", write(files.model(nodes, [], (1, 3, 32, 32))))


@pytest.mark.parametrize("shape", [(1, 10), (1, 5, 32, 32), (1, 1, 32, 32)])
def test_no_picture_classifier(shape: tuple[int, ...], write: Any) -> None:
    """A model that takes no RGB picture is refused."""
    nodes = [files.node("Identity", ["picture"], "scores")]
    with pytest.raises(ClassifierUnavailable, match="does not take one RGB picture"):
        load("tiny", write(files.model(nodes, [], shape)))


def test_size_is_asked_for(write: Any) -> None:
    """A model that takes any size needs to be told the one that it was trained with."""
    with pytest.raises(ClassifierUnavailable, match="Set size to the one"):
        load("tiny", write(files.mean_colour(("n", 3, "h", "w"))))


def test_names_of_another_model(write: Any) -> None:
    """A file with too few or too many names is refused."""
    with pytest.raises(ClassifierUnavailable, match="are 2, but the model has 3 outputs"):
        load("tiny", write(files.mean_colour((1, 3, 32, 32)), names="a\nb\n"))


def test_version(write: Any) -> None:
    """The version names the model, and follows all that changes labels: weights, names, levels, number."""
    content = files.mean_colour((1, 3, 32, 32))
    versions = [
        load("tiny", options()).version
        for options in (
            lambda: write(content),
            lambda: write(content, levels="tf"),
            lambda: write(content, top=2),
            lambda: write(content, names="a\nb\nc\n"),
            lambda: write(files.mean_colour((1, 32, 32, 3))),
        )
    ]
    assert len(set(versions)) == 5
    assert all(version.startswith("tiny-") for version in versions)
    assert load("another name", write(content)).version == versions[0]
