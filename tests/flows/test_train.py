"""`likelens train`: what it prints and stores, and bad input in a few lines. The backbone is a stand-in without weights."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.registry import load
from classifiers.trained import TrainedOptions
from flows import backbones
from flows.settings import read_settings
from tasks import lane_models

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "files"
kind = "jsonl"
file = "posts.jsonl"

[[classifiers]]
name = "objects"
kind = "keras"
embeddings = true

[[classifiers]]
name = "visual"
kind = "visual"
"""


class Squares:
    """Its embedding is the picture's colours in 8 x 8 squares."""

    name, version, embedding_version, batch_size = "objects", "squares-1", "squares-e1", 8

    def prepare(self, picture: Any) -> Any:
        return picture.rgb_array(8, 8)

    def label(self, batch: Sequence[Any]) -> list[Any]:
        return [[] for _ in batch]

    def label_and_embed(self, batch: Sequence[Any]) -> tuple[list[Any], Any]:
        return self.label(batch), np.stack([one.reshape(-1) / 255 for one in batch]).astype(np.float16)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, a folder of red pictures, and two with others."""
    (tmp_path / "likelens.toml").write_text(SETTINGS)
    random = np.random.default_rng(1)
    for name, red, count in (("red", 80, 12), ("grey", 0, 12), ("grey2", 0, 14)):
        (tmp_path / name).mkdir()
        for number in range(count):
            squares = random.integers(40, 170, (8, 8, 3)) + np.array([red, 0, 0])
            image = Image.fromarray(squares.astype(np.uint8)).resize((32, 32), Image.Resampling.NEAREST)
            image.save(tmp_path / name / f"{number}.png")
    monkeypatch.setattr(
        lane_models, "load", lambda kind, *rest, **_: Squares() if kind == "keras" else load(kind, *rest)
    )
    return tmp_path


def test_a_category_is_trained_and_its_settings_can_be_pasted(folder: Path, command: Any) -> None:
    """The figures, the confusions, the least sure pictures, and settings that load the stored model."""
    ran = command(folder, "train", "red", "--yes", "red", "--no", "grey")
    assert ran.returncode == 0, ran.stderr
    for text in (
        "no red 12, red 12",
        "24 scenes",
        "found no red",
        "The least sure:",
        "fewer than 20 scenes of red",
    ):
        assert text in ran.stdout
    block = "[[classifiers]]" + ran.stdout.split("[[classifiers]]", 1)[1].split("\n\n", 1)[0]
    assert tomllib.loads(block)["classifiers"][0]["model"] == "data/trained/red"
    settings = folder / "likelens.toml"
    settings.write_text(SETTINGS + block)
    lane = read_settings(settings).classifiers[-1]
    assert load(lane.kind, lane.name, lane.options).vectors_of == ("objects", "squares-e1")

    taken = command(folder, "train", "red", "--yes", "red", "--no", "grey")
    assert taken.returncode == 2 and "exists already. Add --replace" in taken.stderr
    again = ran.stdout.strip().splitlines()[-1].split()
    assert command(folder, *again[1:]).returncode == 0

    (folder / "notes.txt").write_text("mine")
    settings.write_text(SETTINGS + block.replace("data/trained/red", "notes.txt"))
    refused = command(folder, "train", "red", "--yes", "red", "--no", "grey", "--replace")
    assert refused.returncode == 2 and "notes.txt is no trained model, and is not replaced" in refused.stderr
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("red", "--yes", "grey", "--no", "grey2"), 1, "do not tell the classes apart.*Nothing was stored"),
        (("red", "--yes", "red"), 2, "Name pictures that do not show it"),
        (("red", "--no", "grey"), 2, "Name the pictures that show it"),
        (("red", "--csv", "t.csv", "--yes", "red"), 2, "--csv names all pictures"),
        (("../red", "--yes", "red", "--no", "grey"), 2, "A name has letters"),
        (("visual", "--yes", "red", "--no", "grey"), 2, "of the kind visual. Choose another name"),
        (("red", "--yes", "red", "--no", "grey", "--backbone", "visual"), 2, "visual stores no embeddings"),
        (("red", "--yes", "red", "--no", "grey", "--backbone", "objets"), 2, "has no classifier 'objets'"),
        (("red", "--yes", "gone", "--no", "grey"), 1, "There is no folder gone"),
        (("red", "--csv", "gone.csv"), 1, "gone.csv can't be read"),
        (("red", "--yes-label", "red"), 1, "There is no database"),
    ],
)
def test_bad_input_is_described(
    arguments: tuple[str, ...], status: int, message: str, folder: Path, command: Any
) -> None:
    """Each mistake is a sentence or two, and nothing is stored."""
    ran = command(folder, "train", *arguments)
    assert ran.returncode == status
    assert all(part in ran.stderr for part in message.split(".*"))
    assert not (folder / "data" / "trained").exists()


def test_a_guess_is_stored_only_by_force(folder: Path, command: Any) -> None:
    """With --force the model is stored, and the note stays."""
    ran = command(folder, "train", "red", "--yes", "grey", "--no", "grey2", "--force")
    assert ran.returncode == 0 and "no better than a guess for red" in ran.stdout


def test_without_a_backbone_the_message_says_what_to_set(folder: Path, command: Any) -> None:
    """No classifier of the settings stores embeddings."""
    (folder / "likelens.toml").write_text(SETTINGS.replace("embeddings = true", ""))
    ran = command(folder, "train", "red", "--yes", "red", "--no", "grey")
    assert ran.returncode == 2 and "Set embeddings = true for one of the kind keras" in ran.stderr


def test_a_changed_backbone_is_found(folder: Path, command: Any) -> None:
    """What `doctor` says of a trained classifier whose backbone is gone, stores nothing, or has changed."""
    assert command(folder, "train", "red", "--yes", "red", "--no", "grey").returncode == 0
    trained = load("trained", "red", TrainedOptions(model=folder / "data" / "trained" / "red"))
    describe = backbones.describe_mismatch
    assert describe(trained, {"objects": "squares-e1"}) is None
    assert describe(trained, {"objects": None}) is None
    assert "is not in the settings" in str(describe(trained, {}))
    assert "stores no embeddings" in str(describe(trained, {"objects": ""}))
    changed = str(describe(trained, {"objects": "squares-e2"}))
    assert "it stores squares-e2" in changed and "likelens train red --csv" in changed
    assert describe(Squares(), {}) is None
