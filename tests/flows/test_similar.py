"""`likelens similar` with a file, an address and a hash, and what it refuses."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from classifiers.protocol import Label
from flows.settings import read_settings
from tasks.classify.stage import label_pictures
from warehouse.database.publish import publish
from warehouse.records.runs import begin_run

LANE = '\n[[classifiers]]\nname = "objects"\nkind = "keras"\napplication = "MobileNet"\nembeddings = true\n'


class Tiny:
    """A stand-in for a Keras model: its embedding is the picture at 6 x 6 pixels."""

    name, version, embedding_version, batch_size = "objects", "1", "e1", 8

    def prepare(self, picture):
        return picture.rgb_array(6, 6)

    def label(self, batch):
        return [[Label("thing", 1.0, 1)] for _ in batch]

    def label_and_embed(self, batch):
        return self.label(batch), np.stack(batch).reshape(len(batch), -1).astype(np.float16)


@pytest.fixture(scope="module")
def labelled(fetched, tmp_path_factory):
    """A published home folder with embeddings of the stand-in."""
    folder = shutil.copytree(fetched, tmp_path_factory.mktemp("labelled"), dirs_exist_ok=True)
    file = folder / "likelens.toml"
    file.write_text(file.read_text() + LANE)
    home = read_settings(file).home
    journal = begin_run(home.lake)
    journal.start("classify", "objects")
    journal.finish("classify", "objects", label_pictures(home, Tiny(), lambda *_: None))
    publish(home)
    return folder


@pytest.fixture
def embedded(labelled, monkeypatch):
    """The folder `labelled`, and a command that loads the stand-in too. Tests only read it."""
    monkeypatch.setattr("tasks.lane_models.load", lambda *_, **__: Tiny())
    return labelled


@pytest.mark.slow
def test_a_file_an_address_and_a_hash_give_similar_pictures(embedded, command, site, tmp_path):
    """The picture itself is first for a file and an address, and left out for its hash; posts come with their likes."""
    picture = sorted((embedded / "data" / "pictures").rglob("*.jpg"))[3]

    def rows(name, *options):
        ran = command(embedded, "similar", str(name), "--top", "3", "--format", "json", *options)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    by_file, by_hash = rows(picture), rows(picture.stem[:12], "--classifier", "objects")
    assert by_file[0]["sha256"] == picture.stem and by_file[0]["similarity"] == pytest.approx(1, abs=1e-3)
    assert [row["sha256"] for row in by_file[1:]] == [row["sha256"] for row in by_hash[:2]]
    assert [row["rank"] for row in by_hash] == [1, 2, 3] and all(row["account"] for row in by_hash)
    # The picture again, resized: still the first.
    with Image.open(picture) as image:
        image.resize((200, 200)).save(tmp_path / "smaller.png")
    assert rows(tmp_path / "smaller.png")[0]["sha256"] == picture.stem
    (url,) = read_settings(embedded / "likelens.toml").home.lake.query(
        "select picture_url from post_pictures where sha256 = ? limit 1", [picture.stem]
    )[0]
    before = sorted((embedded / "data").rglob("*.jpg"))
    assert rows(url) == by_file
    assert sorted((embedded / "data").rglob("*.jpg")) == before
    shown = command(embedded, "similar", picture.stem[:12])
    assert shown.stdout.startswith(f"Pictures like {picture.stem[:12]}, by objects")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nothing.jpg",), 2, "There is no file nothing.jpg. Name a picture's file, its http(s) address"),
        (("abcdef123456",), 2, "No stored picture has a hash that begins with abcdef123456"),
        (("likelens.toml",), 1, "(UnidentifiedImageError: cannot identify image file). Name another file."),
        (("http://localhost:1/a.jpg",), 1, "private_address). localhost:1 is not a public address"),
        (("likelens.toml", "--classifier", "visual"), 2, "Classifiers with embeddings: objects."),
        (("likelens.toml", "--top", "0"), 2, "0 is not in the range"),
    ],
)
def test_what_it_refuses(embedded, command, arguments, status, message):
    """A few words say what is wrong and what to do."""
    ran = command(embedded, "similar", *arguments)
    assert ran.returncode == status and message in ran.stderr


def test_without_embeddings_or_with_a_changed_model_it_says_what_to_do(
    command, embedded, monkeypatch, tmp_path
):
    """Embeddings of another version are not compared."""
    monkeypatch.setattr(Tiny, "embedding_version", "e2")
    picture = next((embedded / "data" / "pictures").rglob("*.jpg"))
    changed = command(embedded, "similar", str(picture))
    assert changed.returncode == 1 and "Run `likelens relabel --classifier objects` first." in changed.stderr
    unpublished = shutil.copytree(embedded, tmp_path / "unpublished")
    (unpublished / "data" / "likelens.duckdb").unlink()
    assert "Run `likelens run` first" in command(unpublished, "similar", str(picture)).stderr


@pytest.mark.slow
def test_a_database_without_embeddings(unlabelled, command):
    """The message names the setting."""
    ran = command(unlabelled, "similar", "likelens.toml")
    assert ran.returncode == 2 and "Set embeddings = true for a classifier of the kind keras" in ran.stderr
