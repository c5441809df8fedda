"""The kind `onnx`: layouts, types and levels; models that do not fit or name files elsewhere are refused."""

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
from classifiers.onnx import OnnxOptions, load, scale_pixels
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
def test_any_layout_and_batch_gives_the_same_scores(
    shape: tuple[int | str, ...], write: Any, red: Path
) -> None:
    """Channels first or last, any batch size or a fixed one: a picture's scores are the same."""
    classifier = load("tiny", write(files.mean_colour(shape), size=32 if "h" in shape else None, levels="tf"))
    assert classifier.batch_size == (shape[0] if isinstance(shape[0], int) else 32)
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    expected = softmax(np.array(RED) / 127.5 - 1)
    assert [label.label for label in found] == ["red", "green", "blue"]
    assert [label.score for label in found] == pytest.approx(expected, abs=1e-5)


def test_scores_without_a_dimension_for_the_pictures(write: Any, red: Path) -> None:
    """A model of one picture at a time may return just its scores."""
    classifier = load("tiny", write(files.one_picture(), levels="tf"))
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    assert [label.label for label in found] == ["red", "green", "blue"]
    assert found[0].score == pytest.approx(softmax(np.array(RED) / 127.5 - 1)[0], abs=0.01)


@pytest.mark.parametrize("kind", [files.FLOAT, files.FLOAT16, files.UINT8])
def test_models_of_every_type_get_their_pixels(kind: int, write: Any, red: Path) -> None:
    """Models of floats, half floats and bytes get pixels of their type; a model of bytes gets them unscaled."""
    levels = "none" if kind == files.UINT8 else "torch"
    classifier = load("tiny", write(files.mean_colour((1, 3, 32, 32), kind)))
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    expected = softmax(scale_pixels(np.full((1, 1, 1, 3), RED, np.uint8), levels)[0, 0, 0])
    assert found[0].label == "red"
    assert found[0].score == pytest.approx(expected[0], abs=2e-3)


def test_each_level_scales_pixels_as_published() -> None:
    """Each of the levels gives black, white and ImageNet's mean the published values."""
    pictures = np.array([[0, 0, 0], [255, 255, 255], [124, 116, 104]], np.uint8).reshape(3, 1, 1, 3)
    ways = {way: scale_pixels(pictures, way)[:, 0, 0] for way in ("torch", "tf", "caffe", "none")}  # type: ignore[arg-type]
    assert ways["torch"][0] == pytest.approx([-2.1179, -2.0357, -1.8044], abs=1e-3)
    assert np.abs(ways["torch"][2]).max() < 0.02
    assert ways["tf"][:2].tolist() == [[-1] * 3, [1] * 3]
    assert np.abs(ways["caffe"][2]).max() < 1 and ways["caffe"][0].tolist() == pytest.approx(
        [-103.939, -116.779, -123.68]
    )
    assert ways["none"].tolist() == pictures[:, 0, 0].tolist()


def test_labels_do_not_depend_on_the_batch(write: Any, tmp_path: Path) -> None:
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
def test_a_file_that_is_not_a_model_is_refused(content: bytes, write: Any) -> None:
    """The message for a file that is not a model is one line with what to do."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("tiny", write(content))
    assert "Set model to an .onnx file" in str(refused.value) and "\n" not in str(refused.value)


def test_a_missing_model_is_refused(write: Any, tmp_path: Path) -> None:
    """A missing model file is reported as unreadable."""
    options = write(b"")
    (tmp_path / "tiny.onnx").unlink()
    with pytest.raises(ClassifierUnavailable, match="can't be read"):
        load("tiny", options)


WEIGHTS = np.array([[0, 3, 0], [0, 0, 3], [3, 0, 0]], np.float32)
"""Red scores as green, green as blue, blue as red."""


@pytest.fixture
def beside(write: Any, tmp_path: Path) -> Any:
    """Write a model with its weights in another file, and that file; returns the options."""

    def made(file: str = "weights.bin", weights: Any = WEIGHTS, **entries: object) -> OnnxOptions:
        offset = int(str(entries.get("offset", 0)))
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(bytes(offset) + weights.tobytes())
        return write(files.weighted_colour(files.external_tensor("w", [3, 3], file, **entries)), levels="tf")

    return made


@pytest.mark.parametrize("file", ["weights.bin", "./weights.bin", "data/weights.bin", "Gewichte ä"])
@pytest.mark.parametrize("entries", [{}, {"offset": 4096, "length": 36}], ids=["complete file", "part"])
def test_weights_beside_the_model_are_read(
    file: str, entries: dict[str, Any], beside: Any, red: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """A model with its weights beside it labels correctly, whatever the current folder is and contains."""
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
    """A change of the weights is a new version although the model file is the same; no change is none."""
    first = load("tiny", beside()).version
    assert load("tiny", beside()).version == first
    assert load("tiny", beside(weights=WEIGHTS.T.copy())).version != first


def test_the_version_of_a_model_without_another_file_is_stable(write: Any) -> None:
    """A model that contains its tensors has the version that earlier releases stored in the tables."""
    content = files.mean_colour((1, 3, 32, 32))
    settings = b"red\ngreen\nblue\n5\ntorch\n32x32"
    expected = hashlib.sha256(content + settings + b"stretch, bilinear, rgb, 1").hexdigest()[:12]
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
    """A model that names tensor files outside its folder, by a path or a link, gets none of them."""
    outside = tmp_path.parent / "outside.bin"
    outside.write_bytes(WEIGHTS.tobytes())
    (tmp_path / "link.bin").symlink_to(outside)
    (tmp_path / "folder").symlink_to(tmp_path.parent)
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "pipe")
    tensor = files.external_tensor("w", [3, 3], file.format(outside=outside))
    with pytest.raises(ClassifierUnavailable) as refused:
        load("tiny", write(files.weighted_colour(tensor)))
    assert "tiny.onnx" in str(refused.value) and "folder" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_and_weights_that_are_links_are_read(beside: Any, tmp_path: Path, red: Path) -> None:
    """A model and its weights may be links into one folder, as in download caches."""
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
def test_offsets_outside_the_other_file_are_refused(
    entries: dict[str, Any], write: Any, tmp_path: Path
) -> None:
    """Weights beyond the end of the other file are refused; no memory after it is read."""
    (tmp_path / "weights.bin").write_bytes(WEIGHTS.tobytes())
    tensor = files.external_tensor("w", [3, 3], "weights.bin", **entries)
    with pytest.raises(ClassifierUnavailable, match="can't load"):
        load("tiny", write(files.weighted_colour(tensor)))


def test_external_tensors_of_inner_graphs_are_refused(write: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """A tensor of an inner graph in another file is refused, even if the current folder has that file."""
    (tmp_path / "weights.bin").write_bytes(WEIGHTS.tobytes())
    monkeypatch.chdir(tmp_path)
    tensor = files.external_tensor("w", [3, 3], "weights.bin")
    with pytest.raises(ClassifierUnavailable, match="inner graph"):
        load("tiny", write(files.with_inner_graph(tensor)))


def test_large_tensor_files_are_refused(beside: Any, tmp_path: Path) -> None:
    """Files of many gigabytes are refused before they are read."""
    options = beside()
    with (tmp_path / "weights.bin").open("ab") as file:
        file.truncate(5 * 1024**3)  # a sparse file: nothing is written
    with pytest.raises(ClassifierUnavailable, match="more than 4 GB"):
        load("tiny", options)


def test_custom_operators_are_refused(write: Any) -> None:
    """A model with custom operators, which would be a stranger's program, is refused."""
    nodes = [files.node("Anything", ["picture"], "scores", "some.domain")]
    with pytest.raises(ClassifierUnavailable, match="without custom operators"):
        load("tiny", write(files.model(nodes, [], (1, 3, 32, 32))))


@pytest.mark.parametrize("shape", [(1, 10), (1, 5, 32, 32), (1, 1, 32, 32)])
def test_a_model_without_an_rgb_input_is_refused(shape: tuple[int, ...], write: Any) -> None:
    """A model that does not take one RGB picture is refused."""
    nodes = [files.node("Identity", ["picture"], "scores")]
    with pytest.raises(ClassifierUnavailable, match="does not take one RGB picture"):
        load("tiny", write(files.model(nodes, [], shape)))


def test_a_model_of_any_size_requires_the_option_size(write: Any) -> None:
    """For a model that takes any size, the message says to set `size`."""
    with pytest.raises(ClassifierUnavailable, match="Set size to the one"):
        load("tiny", write(files.mean_colour(("n", 3, "h", "w"))))


def test_names_of_another_model_are_refused(write: Any) -> None:
    """A file with too few or too many names is refused."""
    with pytest.raises(ClassifierUnavailable, match="has 2 class names, but the model has 3 outputs"):
        load("tiny", write(files.mean_colour((1, 3, 32, 32)), names="a\nb\n"))


def test_the_version_follows_everything_that_changes_labels(write: Any) -> None:
    """The version has the model's name, and changes with the model, names, levels and `top`."""
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


@pytest.mark.parametrize("names", ["red\ngreen\nblue\n", "blue\nred\ngreen\n"])
def test_a_model_with_a_text_beside_its_map_of_scores_is_read(names: str, write: Any, red: Path) -> None:
    """Scores of a model as Custom Vision exports it keep their names, whatever the order in the labels file."""
    classifier = load("c", write(files.with_texts_and_maps(["red", "green", "blue"]), names, levels="none"))
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    assert (found[0].label, found[0].score) == ("red", pytest.approx(1.0))


def test_names_that_the_map_of_scores_lacks_are_refused(write: Any) -> None:
    """A labels file with other names than the model's maps is refused with the model's names."""
    options = write(files.with_texts_and_maps(["red", "green", "blue"]), "red\ngreen\nazure\n")
    with pytest.raises(ClassifierUnavailable, match=r"no class 'azure'.*red, green, blue|blue, green, red"):
        load("c", options)


def test_an_output_is_selected_by_its_name(write: Any, red: Path) -> None:
    """`output` selects one of several; another name is refused with those that exist, and so are texts."""
    content = files.two_tensors("Neg")
    scores = {}
    for output in ("scores", "more"):
        classifier = load("c", write(content, output=output, levels="tf"))
        scores[output] = classifier.label([classifier.prepare(PictureFile(red))])[0]
    assert scores["scores"][0].label == "red" and scores["more"][0].label != "red"
    with pytest.raises(
        ClassifierUnavailable, match=r"has no output 'logits'\. Set output to one of: scores, more"
    ):
        load("c", write(content, output="logits"))
    with pytest.raises(ClassifierUnavailable, match="has texts, not scores"):
        load("c", write(files.with_texts_and_maps(["red", "green", "blue"]), output="classLabel"))


def test_the_scores_of_a_model_of_many_labels_stay_as_they_are(write: Any, red: Path) -> None:
    """With `multi_label` independent scores are not made to sum to 1, and `min_score` leaves the low ones out."""
    options = {"output": "more", "levels": "tf", "multi_label": True}
    classifier = load("c", write(files.two_tensors("Sigmoid"), **options))
    (found,) = classifier.label([classifier.prepare(PictureFile(red))])
    expected = 1 / (1 + np.exp(1 - np.array(RED) / 127.5))
    assert [label.score for label in found] == pytest.approx(expected.tolist(), abs=1e-5)
    some = load("c", write(files.two_tensors("Sigmoid"), min_score=0.5, **options))
    (found,) = some.label([some.prepare(PictureFile(red))])
    assert [label.label for label in found] == ["red"] and some.version != classifier.version


def test_scores_that_are_no_probabilities_are_refused_for_many_labels(write: Any, red: Path) -> None:
    """A model that ends before its sigmoid can't have `multi_label`, and the message says so."""
    classifier = load("c", write(files.two_tensors("Neg"), levels="tf", multi_label=True))
    with pytest.raises(ClassifierUnavailable, match="Remove multi_label"):
        classifier.label([classifier.prepare(PictureFile(red))])


def test_a_model_of_several_inputs_is_refused_with_their_names(write: Any) -> None:
    """The message names the inputs."""
    with pytest.raises(ClassifierUnavailable, match=r"it has 2 inputs \(picture, mask\)"):
        load("c", write(files.two_inputs()))
