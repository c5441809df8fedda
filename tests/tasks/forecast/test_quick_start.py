"""A training makes LiteRT copies of Keras classifiers; a copy is used for few pictures, and only if its labels are the stored ones."""

from __future__ import annotations

import hashlib
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.classifier import CopyModel, LitertCopy
from classifiers.litert_copy.making import make_copy
from classifiers.pictures import PictureFile
from classifiers.trained import TrainedOptions
from classifiers.visual import VisualOptions
from tasks import litert_copies
from tasks.forecast import labelling
from tasks.forecast.labelling import MAX_WITH_COPY, Lane, label_files, open_classifiers
from tasks.forecast.quick_start import make_copies
from tasks.forecast_model import ForecastInfo
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.picture_tables import Picture, PictureLabel

pytestmark = pytest.mark.slow

OPTIONS = KerasOptions(application="EfficientNetLite0", precision="float32")
LANES = [Lane("objects", "keras", OPTIONS), Lane("visual", "visual", VisualOptions())]
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def info_of(**classifiers: str) -> ForecastInfo:
    """A model that knows labels of these classifiers, by version."""
    return ForecastInfo(
        measure="likes", version="", method="ridge", trained_at=NOW, posts=100, accounts=1, first_posted_at=NOW,
        last_posted_at=NOW, classifiers=classifiers, time_zone="UTC", skill_by_time=None, skill_by_account=None,
        label_skill=None, verdict="labels help", coverage=None, coverage_worst_tenth=None,
        spearman_within_accounts=None, backfilled=0.0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made():
    """The description and the model of a real copy, which a process of its own made."""
    description, content = make_copy(OPTIONS, None)
    assert not description.problem
    assert description.max_difference < 0.0001
    return description, content


@pytest.fixture
def makings(made, monkeypatch) -> list[str | None]:
    """The versions of which a copy was made, which takes no time here."""
    versions: list[str | None] = []

    def make(options, version, raise_if_halted):
        versions.append(version)
        if version not in (None, made[0].version):
            raise ClassifierUnavailable("The settings give another version.")
        return made

    monkeypatch.setattr(litert_copies, "make_copy", make)
    return versions


@pytest.fixture
def home(made, empty_home, tmp_path) -> Home:
    """Three stored pictures with the labels of the classifier `objects`."""
    home = Home(Path(shutil.copytree(empty_home.folder, tmp_path / "home")))
    copy = LitertCopy("objects", OPTIONS, made[0], CopyModel(made[1]))
    chance, rows = np.random.default_rng(14), []
    for number in range(3):
        stream = io.BytesIO()
        pixels = np.kron(chance.integers(0, 256, (6, 8, 3)), np.ones((40, 40, 1)))
        Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG")
        data = stream.getvalue()
        sha256, path = hashlib.sha256(data).hexdigest(), f"pictures/{number}.jpg"
        home.picture_files.put(path, data)
        rows.append(
            Picture(
                sha256=sha256,
                bytes=len(data),
                width=320,
                height=240,
                format="jpeg",
                path=path,
                fetched_at=NOW,
            )
        )
        [labels] = copy.label([copy.prepare(PictureFile(home.folder / path))])
        home.lake.append([row_of(sha256, made[0].version, one) for one in labels])
    home.lake.append(rows)
    publish(home)
    return home


def row_of(sha256, version, label) -> PictureLabel:
    return PictureLabel(
        sha256=sha256, classifier="objects", version=version, region=0, rank=label.rank, label=label.label,
        label_id=None, score=label.score, x0=None, y0=None, x1=None, y1=None, labelled_at=NOW,
    )  # fmt: skip


def test_one_picture_is_labelled_by_the_copy(home, made, makings, monkeypatch):
    """It gives a stored file its stored labels, Keras is not loaded, and a second training makes no copy."""

    def refuse(*given: object, **options: object) -> None:
        raise AssertionError("Keras was loaded")

    version = made[0].version
    with published(home) as database:
        assert make_copies(home, database, LANES, [info_of(objects=version, visual="visual-1")]) == []
        assert make_copies(home, database, LANES, [info_of(objects=version)], retry=True) == []
        assert makings == [version]
        monkeypatch.setattr(labelling, "load", refuse)
        file = home.folder / "pictures" / "0.jpg"
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        for count in (1, MAX_WITH_COPY):
            classifiers = open_classifiers(home, LANES, {"objects": version}, pictures=count)
            assert [type(one) for one in classifiers] == [LitertCopy]
            [labelled] = label_files(classifiers, ["objects"], [file])
            stored = database.execute("select label from labels where sha256 = ? order by rank", [sha256])
            assert labelled.labels == {"objects": [label for (label,) in stored.fetchall()]}
    for count in (None, MAX_WITH_COPY + 1):
        with pytest.raises(AssertionError, match="Keras was loaded"):
            open_classifiers(home, LANES, {"objects": version}, pictures=count)
    with pytest.raises(AssertionError, match="Keras was loaded"):
        open_classifiers(home, LANES, {"objects": "objects-0"}, pictures=1)


def test_a_copy_with_other_labels_than_the_stored_ones_is_not_used(home, made, makings):
    """A note says so; it is made again only when a person trains, or with other settings."""
    version = made[0].version
    [sha256] = [path.name for path in (home.folder / "pictures").glob("1.jpg")]
    wrong = hashlib.sha256((home.folder / "pictures" / sha256).read_bytes()).hexdigest()
    stored = PictureLabel(
        sha256=wrong, classifier="objects", version=version, region=0, rank=6, label="unicorn", label_id=None, score=0.9,
        x0=None, y0=None, x1=None, y1=None, labelled_at=NOW,
    )  # fmt: skip
    home.lake.append([stored])
    publish(home)
    with published(home) as database:
        for retry, count in ((False, 1), (False, 1), (True, 2)):
            [note] = make_copies(home, database, LANES, [info_of(objects=version)], retry=retry)
            assert note == (
                "A forecast of one picture starts TensorFlow, because objects has no LiteRT copy (it gives 1 of 3 stored"
                " pictures other labels)."
            )
            assert len(makings) == count
    assert not list(home.litert_copies.glob("*.tflite"))


def test_old_copies_go_and_a_problem_is_a_note(home, made, makings):
    """A copy that no model needs is removed; where a new one can't be made, the training goes on with a sentence."""
    version = made[0].version
    with published(home) as database:
        assert make_copies(home, database, LANES, [info_of(objects=version)]) == []
        assert len(list(home.litert_copies.glob("*.tflite"))) == 1
        [note] = make_copies(home, database, LANES, [info_of(objects="objects-2")])
        assert note.endswith("has no LiteRT copy (The settings give another version).")
        gone = Lane("objects", "keras", OPTIONS.model_copy(update={"labels": home.folder / "gone.txt"}))
        [note] = make_copies(home, database, [gone], [info_of(objects="objects-2")])
        assert "No such file or directory" in note
        assert not list(home.litert_copies.glob("*.tflite*"))
        assert make_copies(home, database, LANES[1:], [info_of(visual="visual-1")]) == []


def test_two_trainings_make_one_copy(home, made, makings):
    """While another process makes copies nothing is done."""
    home.litert_copies.mkdir(parents=True)
    with FileLock(home.litert_copies / ".lock"), published(home) as database:
        assert make_copies(home, database, LANES, [info_of(objects=made[0].version)]) == []
    assert makings == []


def test_a_backbone_has_a_copy_with_embeddings(home, makings):
    """A model that knows a category of one's own needs the backbone, whose labels it may not know."""
    lanes = [
        Lane("objects", "keras", OPTIONS.model_copy(update={"embeddings": True})),
        Lane("food", "trained", TrainedOptions(model=home.trained / "food")),
    ]
    with published(home) as database:
        assert make_copies(home, database, lanes, [info_of(food="food-1")]) == []
        assert makings == [None]
        assert make_copies(home, database, LANES, [info_of(visual="visual-1")]) == []
    assert makings == [None]
