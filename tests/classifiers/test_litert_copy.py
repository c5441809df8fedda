"""A LiteRT copy of a Keras model gives the labels of the model's lane, without TensorFlow; a damaged one is not used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.keras import load
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy import conversion
from classifiers.litert_copy.agreement import agree, tolerance_of
from classifiers.litert_copy.classifier import LitertCopy, count_interpreters, open_copy
from classifiers.litert_copy.files import CopyDescription, read_copy, remove_older, remove_others, write_copy
from classifiers.litert_copy.identity import identify
from classifiers.litert_copy.making import NAME, Job, make_copy
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, EmbeddingClassifier, Label

MAX_SCORE_DIFFERENCE = 0.0001
"""Between a score of the lane and one of the copy, in float32, as docs/forecast.md states."""

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def copy_of(options: KerasOptions, folder: Path) -> LitertCopy:
    """A copy that is made in this process, so that TensorFlow starts once for all tests."""
    conversion.run(Job(options=options, precision="float32", version=None, folder=folder))
    found = read_copy(folder, NAME)
    assert found is not None, (folder / f"{NAME}.tflite.json").read_text()
    write_copy(folder, identify(options), *found)
    copy = open_copy(folder, "objects", options)
    assert copy is not None
    return copy


def assert_same(lane: Classifier, copy: LitertCopy, files: list[Path]) -> None:
    """The same labels in the same order; scores differ by rounding."""
    assert copy.version == lane.version
    for file in files:
        inputs = lane.prepare(PictureFile(file)), copy.prepare(PictureFile(file))
        assert np.array_equal(*inputs)
        [expected], [found] = lane.label(inputs[:1]), copy.label(inputs[1:])
        assert [(one.label, one.label_id, one.rank) for one in found] == [
            (one.label, one.label_id, one.rank) for one in expected
        ]
        assert [one.score for one in found] == pytest.approx(
            [one.score for one in expected], abs=MAX_SCORE_DIFFERENCE
        )


@pytest.fixture(scope="module")
def options(saved: Path) -> KerasOptions:
    """The tests' MobileNet, with embeddings and a least score that leaves some pictures with few labels."""
    return KerasOptions(
        application="MobileNet",
        weights=saved / "mobilenet.keras",
        labels=saved / "names.txt",
        top=7,
        min_score=0.01,
        precision="float32",
        embeddings=True,
    )


@pytest.fixture(scope="module")
def copies(options: KerasOptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the copy of that model; do not change it."""
    folder = tmp_path_factory.mktemp("copies")
    copy_of(options, folder)
    return folder


def test_a_copy_gives_the_labels_and_embeddings_of_the_lane(
    options: KerasOptions, copies: Path, pictures: list[Path]
) -> None:
    """Labels, ids, ranks and limits are the lane's, and embeddings of the same version differ by rounding."""
    lane, copy = load("objects", options), open_copy(copies, "objects", options)
    assert copy is not None
    assert isinstance(copy, EmbeddingClassifier)
    assert_same(lane, copy, pictures)
    assert copy.embedding_version == lane.embedding_version is not None
    assert copy.groups == lane.groups
    batch = [lane.prepare(PictureFile(file)) for file in pictures]
    vectors, found = lane.label_and_embed(batch)[1], copy.label_and_embed(batch)[1]
    assert vectors.dtype == found.dtype == np.float16
    distance = np.linalg.norm(vectors.astype(np.float32) - found, axis=1)
    assert np.all(distance < 0.002 * np.linalg.norm(vectors.astype(np.float32), axis=1))


def test_a_copy_needs_no_tensorflow(options: KerasOptions, copies: Path, pictures: list[Path]) -> None:
    """A process that labels with a copy imports neither TensorFlow nor Keras."""
    program = (
        "import sys; from pathlib import Path; from classifiers.keras_options import KerasOptions\n"
        "from classifiers.litert_copy.classifier import open_copy; from classifiers.pictures import PictureFile\n"
        "copy = open_copy(Path(sys.argv[1]), 'objects', KerasOptions.model_validate_json(sys.argv[2]))\n"
        "copy.label([copy.prepare(PictureFile(Path(sys.argv[3])))])\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(copies), options.model_dump_json(), str(pictures[0])]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_threads_that_share_a_copy_get_the_same_labels(
    options: KerasOptions, copies: Path, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each caller has an interpreter of its own; one that computes a picture on all cores gives the same labels."""
    monkeypatch.setattr("classifiers.interpreters.cores", lambda: 3)
    monkeypatch.setattr("classifiers.litert_copy.classifier.cores", lambda: 3)
    copy, one = (open_copy(copies, "objects", options, one_caller=only) for only in (False, True))
    assert copy is not None and one is not None
    assert (copy.callers, one.callers) == (3, 1)
    batches = [[copy.prepare(PictureFile(file))] * 3 for file in pictures]
    expected = [one.label(batch) for batch in batches]
    with ThreadPoolExecutor(copy.callers) as threads:
        found = list(threads.map(copy.label, batches * 2))
    for labels, other in zip(found, expected * 2, strict=True):
        for left, right in zip(labels, other, strict=True):
            assert [one.label for one in left] == [one.label for one in right]
            assert [one.score for one in left] == pytest.approx([one.score for one in right], abs=0.00001)
    assert copy.label([]) == []


def test_interpreters_of_a_large_model_are_few() -> None:
    """Their memory is bounded: with fewer interpreters than cores, each computes on several."""
    assert count_interpreters(18_000_000, 4) == 4
    assert count_interpreters(18_000_000, 64) == 16
    assert count_interpreters(95_000_000, 64) == 7
    assert count_interpreters(599_000_000, 64) == 1


def test_the_speed_of_a_copy_is_part_of_its_description(options: KerasOptions, copies: Path) -> None:
    """It is the ratio of two processor times."""
    found = read_copy(copies, identify(options))
    assert found is not None
    assert found[0].speedup > 0


def test_a_conversion_ends_when_the_run_is_stopped(tmp_path: Path) -> None:
    """Its process is ended, and the reason goes to the caller."""

    class StopError(Exception):
        """The run is stopped."""

    def stop() -> None:
        raise StopError

    options = KerasOptions(application="EfficientNetLite0", precision="float32")
    with pytest.raises(StopError):
        make_copy(options, None, stop)


@pytest.mark.parametrize(
    "change",
    [{"top": 6}, {"min_score": 0.0}, {"multi_label": True}, {"precision": "bfloat16"}, {"embeddings": False}],
)
def test_other_settings_have_no_copy(options: KerasOptions, copies: Path, change: dict[str, Any]) -> None:
    """Whatever may change labels or version needs a copy of its own."""
    assert open_copy(copies, "objects", options.model_copy(update=change)) is None


def test_other_files_have_no_copy(options: KerasOptions, copies: Path, tmp_path: Path) -> None:
    """Files with the same bytes have the copy, wherever they are; other names, other weights and missing files do not."""
    weights, names = tmp_path / "moved.keras", tmp_path / "moved.txt"
    assert isinstance(options.weights, Path)
    assert options.labels is not None
    shutil.copy(options.weights, weights)
    shutil.copy(options.labels, names)
    moved = options.model_copy(update={"weights": weights, "labels": names})
    assert open_copy(copies, "objects", moved) is not None
    names.write_text(names.read_text().replace("thing_3\n", "another thing\n"))
    assert open_copy(copies, "objects", moved) is None
    names.write_text(options.labels.read_text())
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert open_copy(copies, "objects", moved) is None
    weights.unlink()
    assert open_copy(copies, "objects", moved) is None


def test_a_damaged_copy_is_not_used(options: KerasOptions, copies: Path, tmp_path: Path) -> None:
    """Neither a cut model, nor one without description, nor a description that is broken or says why there is none."""
    folder, name = tmp_path / "copies", identify(options)
    shutil.copytree(copies, folder)
    model, description = folder / f"{name}.tflite", folder / f"{name}.tflite.json"
    complete, text = model.read_bytes(), description.read_text()
    model.write_bytes(complete[:-1])
    assert open_copy(folder, "objects", options) is None
    model.write_bytes(complete)
    for broken in ("", "{", json.dumps(json.loads(text) | {"problem": "other labels"})):
        description.write_text(broken)
        assert open_copy(folder, "objects", options) is None
    found = CopyDescription(version="v1", sha256=conversion.hashlib.sha256(b"no model").hexdigest())
    write_copy(folder, name, found, b"no model")
    assert open_copy(folder, "objects", options) is None
    description.write_text(text)
    model.write_bytes(complete)
    assert open_copy(folder, "objects", options) is not None


def test_a_model_that_cannot_be_converted_has_a_reason(
    options: KerasOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the converter, and scores that differ, are in the description, and there is no model."""
    job = Job(options=options, precision="float32", version=None, folder=tmp_path)
    read = conversion.read_model(options)
    monkeypatch.setattr(conversion, "read_model", lambda options: read)

    def fail(*args: object) -> bytes:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(conversion, "convert", fail)
    conversion.run(job)
    text = (tmp_path / f"{NAME}.tflite.json").read_text()
    assert "it can't be converted (RuntimeError: no such operation)" in text
    monkeypatch.setattr(conversion, "convert", lambda *args: b"model")
    monkeypatch.setattr(conversion, "compare", lambda *args: 0.25)
    conversion.run(job)
    assert "its scores differ by up to 25.00%" in (tmp_path / f"{NAME}.tflite.json").read_text()
    assert not (tmp_path / f"{NAME}.tflite").exists()
    with pytest.raises(ClassifierUnavailable, match="and a copy of objects-0 is needed"):
        conversion.run(job.model_copy(update={"version": "objects-0"}))


def test_the_process_says_why_a_model_cannot_be_loaded(tmp_path: Path) -> None:
    """Its message is that of the lane."""
    missing = KerasOptions(weights=tmp_path / "none.h5", precision="float32")
    with pytest.raises(ClassifierUnavailable, match=r"The weights file .*none\.h5 does not exist"):
        make_copy(missing, None)


def test_old_copies_are_removed(tmp_path: Path) -> None:
    """Those of a needed version, or of a needed name, stay; half-written ones go. A lane removes only its own."""
    for name, version in (("a", "v1"), ("b", "v2"), ("c", "v3")):
        write_copy(tmp_path, name, CopyDescription(version=version), b"model")
    (tmp_path / "d.tflite").write_bytes(b"model")
    assert remove_others(tmp_path, {"a"}, {"v2"}) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "a.tflite", "a.tflite.json", "b.tflite", "b.tflite.json",
    ]  # fmt: skip
    for name, classifier, version in (("a", "one", "v1"), ("b", "one", "v2"), ("c", "two", "v1")):
        write_copy(tmp_path, name, CopyDescription(version=version, classifier=classifier), b"model")
    remove_older(tmp_path, "one", "v2")
    assert sorted(file.stem for file in tmp_path.glob("*.tflite")) == ["b", "c"]


def test_labels_agree_up_to_rounding() -> None:
    """A label may be missing only where rounding decides; the tolerance follows from the version's precision."""

    def labels(**scores: float) -> list[Label]:
        return [Label(name, score, rank) for rank, (name, score) in enumerate(scores.items(), 1)]

    stored = labels(cat=0.5, dog=0.2, fox=0.1)

    def same(other: list[Label], top: int = 3, min_score: float = 0.0) -> bool:
        return agree(stored, other, top, min_score, 0.001)

    assert same(labels(cat=0.5004, dog=0.2, fox=0.0995))
    assert not same(labels(cat=0.502, dog=0.2, fox=0.1))
    assert same(labels(cat=0.5, dog=0.2, owl=0.1002)), "the third place is a tie"
    assert not same(labels(cat=0.5, dog=0.2, owl=0.15))
    assert not same(labels(cat=0.5, dog=0.2)), "two labels are fewer than the stored three"
    assert same(labels(cat=0.5, dog=0.2), min_score=0.0996), "the third score is at the limit"
    assert same(stored, top=5)
    assert tolerance_of("EfficientNetLite0-0123456789ab") == 0.001
    assert tolerance_of("EfficientNetLite0-bfloat16-0123456789ab") == 0.05
