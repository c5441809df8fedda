"""Labels of pictures that are not posted yet: those that a run would store, and no others."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.pictures import PictureFile
from classifiers.protocol import Label
from classifiers.visual import VisualOptions
from classifiers.visual.classifier import VisualClassifier
from tasks.errors import BadInput
from tasks.forecast.labelling import Lane, label_files, open_classifiers, read_stored
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.picture_tables import PictureLabel, Unlabelled

LANES = [Lane("visual", "visual", VisualOptions())]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A red picture, a text, and a blue picture."""
    names = [tmp_path / name for name in ("red.png", "notes.txt", "blue.png")]
    for file, colour in ((names[0], (200, 0, 0)), (names[2], (0, 0, 200))):
        Image.fromarray(np.full((64, 96, 3), colour, np.uint8)).save(file)
    names[1].write_text("no picture")
    return names


@dataclass
class Backbone:
    """Its embedding is the first pixel."""

    name: str = "backbone"
    version: str = "backbone-1"
    batch_size: int = 1
    embedding_version: str | None = "embedding-1"

    def prepare(self, picture: PictureFile) -> np.ndarray:
        return picture.rgb_array(1, 1)[0, 0]

    def label(self, batch):
        return [[] for _ in batch]

    def label_and_embed(self, batch):
        return self.label(batch), np.array(batch, np.float16)


@dataclass
class OfVectors:
    """Names the colour of an embedding; twice, as a classifier with regions does."""

    name: str = "colours"
    version: str = "colours-1"
    batch_size: int = 1
    vectors_of: tuple[str, str] = ("backbone", "embedding-1")

    def prepare(self, picture):
        raise AssertionError("it reads no picture")

    def label(self, batch):
        raise AssertionError("it reads no picture")

    def label_vectors(self, vectors):
        names = ["red" if vector[0] > vector[2] else "blue" for vector in vectors]
        return [[Label(name, 1.0, 1), Label(name, 0.5, 1, region=1)] for name in names]


def test_labels_are_those_that_a_run_stores(files):
    """`visual` gives a file the labels of its own pass; a file that is no picture has its reason."""
    classifier = VisualClassifier("visual")
    found = list(label_files([classifier], ["visual"], files))
    for place in (0, 2):
        [expected] = classifier.label([classifier.prepare(PictureFile(files[place]))])
        assert found[place].labels == {"visual": [one.label for one in expected]}
    assert found[1].labels == {}
    assert found[1].unreadable == "UnidentifiedImageError: cannot identify image file"


def test_labels_of_embeddings_need_the_backbone_and_come_once(files):
    """The backbone's labels are left out where the model does not know it; other embeddings are refused."""
    found = list(label_files([Backbone(), OfVectors()], ["colours"], files))
    assert [one.labels for one in found] == [{"colours": ["red"]}, {}, {"colours": ["blue"]}]
    with pytest.raises(ClassifierUnavailable, match="needs the embeddings embedding-1 of backbone"):
        list(label_files([Backbone(embedding_version="embedding-2"), OfVectors()], ["colours"], files))


def test_without_classifiers_a_file_has_to_be_a_picture(files):
    """A model that knows no labels still refuses a text."""
    assert [bool(one.unreadable) for one in label_files([], [], files)] == [False, True, False]


def test_labels_of_another_version_are_refused(tmp_path):
    """The sentence names both versions and the commands; a classifier that is gone is named too."""
    home = Home(tmp_path)
    with pytest.raises(
        BadInput, match=r"labels of visual visual-0, and visual has the version visual-\d now"
    ):
        open_classifiers(home, LANES, {"visual": "visual-0"})
    with pytest.raises(
        BadInput, match=r"objects \(v1\), which is not among the classifiers of the settings any more"
    ):
        open_classifiers(home, LANES, {"objects": "v1"})
    assert [one.name for one in open_classifiers(home, LANES, {"visual": VisualClassifier.version})] == [
        "visual"
    ]


@pytest.mark.slow
def test_a_stored_picture_has_its_labels_without_a_classifier(tmp_path, empty_home, files):
    """Labels of the model's version are read; of another version, or of other bytes, there are none."""
    home = Home(Path(shutil.copytree(empty_home.folder, tmp_path / "home")))
    red, notes, blue = files
    at = datetime(2026, 11, 27, tzinfo=UTC)
    hashes = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    home.lake.append(
        [
            PictureLabel(
                sha256=hashes[red], classifier="visual", version="v1", region=region, rank=rank, label=label,
                label_id=None, score=0.9, x0=None, y0=None, x1=None, y1=None, labelled_at=at,
            )
            for region, rank, label in ((0, 1, "warm"), (0, 2, "dark"), (1, 1, "warm"))
        ]
    )  # fmt: skip
    home.lake.append(
        [
            Unlabelled(
                sha256=hashes[file], classifier="visual", version="v1", reason=reason, message=None, attempted_at=at
            )
            for file, reason in ((blue, "no_labels"), (notes, "unreadable"))
        ]
    )  # fmt: skip
    publish(home)
    missing = tmp_path / "none.png"
    with published(home) as database:
        found = read_stored(database, {"visual": "v1"}, [*files, missing])
        assert {file: one.labels for file, one in found.items()} == {
            red: {"visual": ["warm", "dark"]},
            blue: {"visual": []},
        }
        assert read_stored(database, {"visual": "v2"}, files) == {}
        assert read_stored(database, {"visual": "v1", "other": "v1"}, files) == {}
        assert read_stored(database, {}, files) == {}
