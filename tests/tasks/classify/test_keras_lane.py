"""On a CPU a Keras lane labels with a LiteRT copy of its model: the same labels, and Keras wherever the copy can't be used."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.backend import has_gpu_device
from classifiers.errors import ClassifierUnavailable
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy import lane as lane_choice
from classifiers.litert_copy.classifier import LitertCopy
from classifiers.litert_copy.files import CopyDescription, read_copy, read_description, write_copy
from classifiers.litert_copy.identity import identify
from classifiers.litert_copy.making import NAME, Job
from classifiers.protocol import Classifier
from tasks import lane_models, litert_copies
from tasks.classify import keras_lane
from tasks.classify.keras_lane import load_keras
from tasks.classify.on_cluster import worker
from tasks.classify.on_cluster.items import LaneModel
from tasks.classify.stage import label_pictures
from tasks.errors import RunStopped
from tasks.lane_models import open_lane_model
from tasks.similar.embedding import embed_file
from warehouse.errors import DiskFull
from warehouse.home import Home

PHOTOS = Path(__file__).resolve().parents[3].parent / "shared" / "photos"
OPTIONS = KerasOptions(application="EfficientNetLite0", precision="float32", embeddings=True)
MAX_SCORE_DIFFERENCE = 0.00001
"""Between a score of Keras and of the copy, as docs/classifiers.md states it."""
LABELS = "select sha256, rank, label, label_id, score, version from labels where classifier = 'objects' order by all"
VECTORS = (
    "select sha256, vector::float[], version from embeddings where classifier = 'objects' order by sha256"
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
Made = tuple[CopyDescription, bytes]


@pytest.fixture(scope="module")
def by_keras() -> Classifier:
    """The classifier on TensorFlow, loaded once."""
    from classifiers.keras import load

    return load("objects", OPTIONS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A real copy, made in this process, with a speed that does not depend on the machine."""
    from classifiers.litert_copy import conversion

    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "measure_speedup", lambda *_: 2.0)
        conversion.run(Job(options=OPTIONS, precision="float32", version=None, folder=folder))
    found = read_copy(folder, NAME)
    assert found is not None, (folder / f"{NAME}.tflite.json").read_text()
    return found


@pytest.fixture
def home(labelling: Any, tmp_path: Path) -> Home:
    """Six pictures, for which a lane makes a copy; one file is missing, which makes no difference."""
    chance = np.random.default_rng(14)
    for number in range(6):
        pixels = np.kron(chance.integers(0, 256, (6, 8, 3)), np.ones((40 + number, 40, 1)))
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{number}.jpg")
        labelling.store(tmp_path / f"{number}.jpg")
    gone: Path = labelling.file_of(labelling.rows("select min(sha256) from pictures")[0][0])
    gone.unlink()
    return Home(labelling.home.folder)


@pytest.fixture
def makings(made: Made, by_keras: Classifier, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The versions of which a copy was made, which takes no time; 'keras' each time that Keras was loaded."""
    calls: list[str] = []

    def make(options: KerasOptions, version: str, raise_if_halted: Callable[[], None]) -> Made:
        calls.append(version)
        return made

    def load(*_: object) -> Classifier:
        calls.append("keras")
        return by_keras

    monkeypatch.setattr(litert_copies, "make_copy", make)
    monkeypatch.setattr(keras_lane, "load", load)
    monkeypatch.setattr(keras_lane, "MIN_PICTURES", 6)
    monkeypatch.setattr(lane_choice, "has_gpu_device", lambda: False)
    return calls


def open_lane(home: Home, options: KerasOptions = OPTIONS) -> Classifier:
    return load_keras(home, "objects", options, lambda: None)


def store_copy(home: Home, description: CopyDescription, content: bytes | None) -> Path:
    write_copy(home.litert_copies, identify(OPTIONS), description, content)
    return home.litert_copies / f"{identify(OPTIONS)}.tflite"


def rows_of(home: Home, classifier: Classifier) -> tuple[list[Any], list[Any]]:
    """Labels and embeddings that the lane stores, which are then removed."""
    label_pictures(home, classifier, lambda *_: None)
    rows = home.lake.query(LABELS), home.lake.query(VECTORS)
    for table in ("labels", "unlabelled", "embeddings"):
        home.lake.delete(table, "classifier", ["objects"])
    return rows


def assert_same_rows(home: Home, one: Classifier, other: Classifier) -> None:
    """The same labels, ids, ranks and versions; scores and embeddings to rounding."""
    (expected, vectors), (found, own) = rows_of(home, one), rows_of(home, other)
    assert [row[:4] + row[5:] for row in found] == [row[:4] + row[5:] for row in expected] != []
    assert [row[4] for row in found] == pytest.approx([row[4] for row in expected], abs=MAX_SCORE_DIFFERENCE)
    assert [(row[0], row[2]) for row in own] == [(row[0], row[2]) for row in vectors] != []
    left, right = (np.array([row[1] for row in some], np.float32) for some in (vectors, own))
    assert np.all(np.linalg.norm(left - right, axis=1) < 0.002 * np.linalg.norm(left, axis=1))


def test_a_lane_makes_a_copy_once_and_stores_the_rows_of_keras(
    home: Home, made: Made, makings: list[str], by_keras: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    """The next night loads no Keras; labels and embeddings are those of Keras, under the same versions."""
    caplog.set_level(logging.INFO)
    assert isinstance(open_lane(home), LitertCopy)
    assert makings == ["keras", by_keras.version]
    second = open_lane(home)
    assert isinstance(second, LitertCopy)
    assert makings == ["keras", by_keras.version], "nothing more was loaded or made"
    assert "objects: labelled by its LiteRT copy" in caplog.text
    assert_same_rows(home, by_keras, second)


@pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"the photographs in {PHOTOS} are not here")
def test_photographs_have_the_labels_of_keras(
    labelling: Any, made: Made, makings: list[str], by_keras: Classifier
) -> None:
    """All labels of all photographs are those of Keras."""
    for file in PHOTOS.glob("*.jpg"):
        labelling.store(file)
    copy = open_lane(labelling.home)
    assert isinstance(copy, LitertCopy)
    assert_same_rows(labelling.home, by_keras, copy)


def test_few_pictures_are_labelled_by_keras(
    home: Home, makings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy is not worth its making for them; one that is there is used."""
    monkeypatch.setattr(keras_lane, "MIN_PICTURES", 7)
    assert not isinstance(open_lane(home), LitertCopy)
    assert makings == ["keras"]
    assert not home.litert_copies.exists()


def test_a_deleted_or_damaged_copy_is_made_again(home: Home, made: Made, makings: list[str]) -> None:
    """Neither a cut file nor a removed folder stops the lane; older versions of the classifier go."""
    write_copy(home.litert_copies, "old", CopyDescription(version="old", classifier="objects"), b"model")
    write_copy(home.litert_copies, "other", CopyDescription(version="old", classifier="other"), b"model")
    file = store_copy(home, made[0], made[1][:-1])
    assert isinstance(open_lane(home), LitertCopy)
    assert file.read_bytes() == made[1]
    assert {one.name.partition(".")[0] for one in home.litert_copies.glob("[!.]*")} == {file.stem, "other"}
    shutil.rmtree(home.litert_copies)
    assert isinstance(open_lane(home), LitertCopy)
    assert makings == ["keras", made[0].version] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"problem": "it can't be converted"}, "it can't be converted"),
        ({"speedup": 0.0}, "its copy was made for labels in bfloat16"),
        ({"speedup": 0.9}, "the model takes 0.90 times its processor time"),
        ({"max_difference": 0.0005}, "its scores differ by up to 0.05%"),
    ],
)
def test_a_copy_that_is_not_better_is_not_used(
    change: dict[str, Any],
    reason: str,
    home: Home,
    made: Made,
    makings: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line of the log says why, and it is not made again."""
    caplog.set_level(logging.INFO)
    store_copy(home, replace(made[0], **change), None if "problem" in change else made[1])
    assert not isinstance(open_lane(home), LitertCopy)
    assert makings == ["keras"]
    assert f"objects: labelled by Keras, without a LiteRT copy: {reason}" in caplog.messages


def test_a_copy_with_other_labels_is_not_used(
    home: Home,
    made: Made,
    makings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is compared with Keras on stored pictures before its first use; the next night does not try again."""
    names = tuple(reversed(made[0].names))
    monkeypatch.setattr(litert_copies, "make_copy", lambda *_: (replace(made[0], names=names), made[1]))
    caplog.set_level(logging.INFO)
    for _ in range(2):
        assert not isinstance(open_lane(home), LitertCopy)
    assert caplog.text.count("a LiteRT copy is made") == 1
    assert caplog.text.count("it gives 5 of 5 stored pictures other labels") == 2
    description = read_description(home.litert_copies, identify(OPTIONS))
    assert description is not None
    assert description.problem == "it gives 5 of 5 stored pictures other labels"
    assert not list(home.litert_copies.glob("*.tflite"))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("has_gpu_device", True, "the machine has a GPU"),
        ("configured_backend", "jax", "Keras runs on jax"),
        ("choose_precision", "bfloat16", "the model computes in bfloat16"),
    ],
)
def test_a_gpu_another_backend_and_bfloat16_need_keras(
    name: str,
    value: object,
    reason: str,
    home: Home,
    made: Made,
    makings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Even where a copy is there; the log says why."""
    caplog.set_level(logging.INFO)
    store_copy(home, *made)
    monkeypatch.setattr(lane_choice, name, lambda *_: value)
    assert not isinstance(open_lane(home), LitertCopy)
    assert f"objects: labelled by Keras, without a LiteRT copy: {reason}" in caplog.messages


@pytest.mark.parametrize(
    "error", [ClassifierUnavailable("no memory"), DiskFull("no memory"), OSError("no memory")]
)
def test_a_copy_that_cannot_be_made_costs_no_label(
    error: Exception,
    home: Home,
    makings: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Keras labels, and the log has the reason. The next night tries again."""

    def fail(*_: object) -> Made:
        makings.append("failed")
        raise error

    monkeypatch.setattr(litert_copies, "make_copy", fail)
    for _ in range(2):
        assert not isinstance(open_lane(home), LitertCopy)
    assert makings == ["keras", "failed"] * 2
    assert "objects: labelled by Keras, without a LiteRT copy: no memory" in caplog.messages


def test_a_run_that_is_stopped_makes_no_copy(
    home: Home, makings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stops the run also stops the making."""

    def make(options: KerasOptions, version: str, raise_if_halted: Callable[[], None]) -> Made:
        raise_if_halted()
        raise AssertionError("it went on")

    def halt() -> None:
        raise RunStopped("The run was stopped.")

    monkeypatch.setattr(litert_copies, "make_copy", make)
    with pytest.raises(RunStopped):
        load_keras(home, "objects", OPTIONS, halt)


def test_a_worker_of_a_cluster_uses_the_copy_that_it_sees(
    home: Home, made: Made, makings: list[str], by_keras: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not see the folder loads Keras; both have the version of the driver."""
    monkeypatch.setattr(worker, "load", keras_lane.load)
    monkeypatch.setattr(worker, "_models", [])
    store_copy(home, *made)
    with_copy = worker.describe_model(LaneModel("keras", "objects", OPTIONS, home.litert_copies))
    assert makings == []
    without = worker.describe_model(LaneModel("keras", "objects", OPTIONS, home.folder / "elsewhere"))
    assert makings == ["keras"]
    assert not with_copy.problem and not without.problem
    expected = (by_keras.version, made[0].embedding_version)
    assert (with_copy.version, with_copy.embedding_version) == expected
    assert (without.version, without.embedding_version) == expected


def test_the_description_of_an_older_likelens_counts_as_none(
    home: Home, made: Made, makings: list[str]
) -> None:
    """A description that can't be read is made again."""
    file = store_copy(home, *made).with_suffix(".tflite.json")
    file.write_text(json.dumps({"format": "older"}))
    assert isinstance(open_lane(home), LitertCopy)
    assert makings == ["keras", made[0].version]


def test_commands_open_the_copy_that_the_lane_labels_with(
    home: Home,
    made: Made,
    makings: list[str],
    by_keras: Classifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A picture that `similar` or `train` embeds gets the embedding of Keras; without a copy Keras gives it."""
    monkeypatch.setattr(lane_models, "load", lambda *_, single: keras_lane.load())
    without = open_lane_model(home, "keras", "objects", OPTIONS, single=True)
    assert without is by_keras and makings == ["keras"]
    store_copy(home, *made)
    model = open_lane_model(home, "keras", "objects", OPTIONS, single=True)
    assert isinstance(model, LitertCopy) and makings == ["keras"]
    version = str(made[0].embedding_version)
    expected, found = (
        embed_file(one, tmp_path / "1.jpg", version).astype(np.float32) for one in (by_keras, model)
    )
    assert np.linalg.norm(expected - found) < 0.002 * np.linalg.norm(expected)


@pytest.mark.skipif(has_gpu_device(), reason="a machine with a GPU labels without the copy")
def test_doctor_names_the_copy_and_starts_no_keras(home: Home, made: Made, tmp_path: Path) -> None:
    """It reports the versions of the lane. Neither TensorFlow, which takes ten seconds, nor Prefect is imported."""
    store_copy(home, *made)
    (tmp_path / "posts.jsonl").touch()
    (tmp_path / "likelens.toml").write_text(
        f'home = "{home.folder}"\n[[sources]]\nname = "s"\nkind = "jsonl"\nfile = "posts.jsonl"\n'
        '[[classifiers]]\nname = "objects"\nkind = "keras"\napplication = "EfficientNetLite0"\n'
        'precision = "float32"\nembeddings = true\n'
    )
    program = (
        "import sys; from flows.cli import main\n"
        "try: main(['doctor'])\n"
        "finally: print(sorted({'keras', 'tensorflow', 'prefect'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True
    )
    description, _ = made
    line = f"classifier objects: {description.version}, embeddings {description.embedding_version}, by its LiteRT copy"
    assert line in ran.stdout, ran.stdout + ran.stderr
    assert ran.stdout.endswith("GPU: this machine has none, and models use the CPU\n[]\n")
