"""One's own words through a run: a word that is added on the second night needs no picture file."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from tests.night_stages import night

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "ann"
kind = "jsonl"
file = "posts.jsonl"

[[classifiers]]
name = "mine"
kind = "zero_shot"
model = "models/tiny"
words = ["red"]
"""
COLOURS = {"red": (220, 20, 20), "green": (20, 200, 30), "blue": (10, 20, 210), "grey": (128, 128, 128)}


@pytest.fixture
def first_night(tmp_path: Path) -> Path:
    """A home after a night in which the classifier knew the word 'red'. Blue pictures have the most likes."""
    path = Path(__file__).parents[1] / "classifiers" / "zero_shot_models.py"
    spec = importlib.util.spec_from_file_location("models", path)
    assert spec is not None and spec.loader is not None
    models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(models)
    models.write_model(tmp_path / "models" / "tiny")
    (tmp_path / "pictures").mkdir()
    rows = []
    for number in range(24):
        name = list(COLOURS)[number % 4]
        colour = tuple(min(255, level + number) for level in COLOURS[name])
        Image.new("RGB", (90, 40), colour).save(tmp_path / "pictures" / f"{number}.png")
        likes = (900 if name == "blue" else 100) + number
        times = {"posted_at": f"2026-01-{number + 1:02}T08:00:00Z", "observed_at": "2026-03-01T08:00:00Z"}
        post = {"v": 1, "account": "ann", "post_id": str(number), "url": f"https://pix.example/p/{number}"}
        rows.append({**post, **times, "likes": likes, "comments": 3, "pictures": [f"pictures/{number}.png"]})
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "likelens.toml").write_text(SETTINGS, "utf-8")
    night(tmp_path / "likelens.toml")
    return tmp_path


def query(folder: Path, sql: str) -> list[tuple]:
    """Query the published database."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_a_word_of_the_second_night_is_ranked_without_the_picture_files(first_night, command):
    """All pictures get the new version's labels from their vectors; rank, groups, sql, status and doctor show them."""
    settings = first_night / "likelens.toml"
    shutil.rmtree(first_night / "data" / "pictures")
    groups = '\n[classifiers.groups]\ncold = ["green", "blue"]\n'
    settings.write_text(SETTINGS + "exclusive = false\n" + groups, "utf-8")
    night(settings)
    found = query(first_night, "select label, count(*) from current_labels group by 1 order by 1")
    assert found == [("blue", 6), ("green", 6), ("other", 6), ("red", 6)]
    assert query(first_night, "select count(*), count(distinct version) from embeddings") == [(24, 1)]
    assert query(first_night, "select version, count(*) from labels group by all having count(*) <> 24") == []
    rank = ("rank", "--classifier", "mine", "--min-posts", "3", "--format", "json", "--by")
    first = json.loads(command(first_night, *rank, "likes").stdout)[0]
    assert (first["label"], first["posts"]) == ("blue", 6) and first["lift"] > 3
    grouped = json.loads(command(first_night, *rank, "count", "--group").stdout)
    assert {row["label"]: row["posts"] for row in grouped} == {"cold": 12, "red": 6, "other": 6}
    assert "tiny-" in command(first_night, "status").stdout
    assert "ok       classifier mine: tiny-" in command(first_night, "doctor").stdout


def test_doctor_names_mistakes_without_labelling(first_night, command):
    """A word that stands twice is a mistake of the settings; a missing part of the model has its line."""
    settings = first_night / "likelens.toml"
    settings.write_text(SETTINGS.replace('["red"]', '["Beach", "beach "]'), "utf-8")
    refused = command(first_night, "doctor")
    assert refused.returncode == 2
    assert "[[classifiers]] 1 (mine): 'Beach' and 'beach' are the same word" in refused.stderr
    settings.write_text(SETTINGS, "utf-8")
    (first_night / "models" / "tiny" / "tokenizer.json").unlink()
    checked = command(first_night, "doctor")
    assert checked.returncode == 3
    (missing,) = (line for line in checked.stdout.splitlines() if line.startswith("MISSING"))
    assert "classifier mine: The model folder" in missing and "has no tokenizer.json" in missing
