"""Tone by a model: where it is used, and what happens where it can't be."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tasks.read_comments.options import ReadOptions
from tasks.read_comments.stage import read_comments
from warehouse.home import Home
from warehouse.records.runs import StageResult
from warehouse.schema.tables import Comment

_PATH = Path(__file__).parents[2] / "classifiers" / "tone_models.py"
_spec = importlib.util.spec_from_file_location("models", _PATH)
assert _spec is not None and _spec.loader is not None
models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(models)

SECRET = "Das Bild ist hässlich, Das Bild ist schlecht, geheimer Freund"
TEXTS = {
    "bad": SECRET,
    "good": "Was für ein schöner Abend, schöner Abend ist schöner 🙁",
    "neutral": "Das ist das Bild, das ist ein Abend, das Bild ist ein Bild",
    "english": "This is so beautiful, I love it!",
    "french": "Quelle magnifique lumière ce soir, bravo",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, empty_home: Home) -> Home:
    """A home folder with comments in three languages."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("tone") / "home"))
    rows = [
        Comment(
            source="s", post_id="p", comment_id=name, parent_id=None, author=None, text=text, posted_at=None, likes=None,
        )
        for name, text in TEXTS.items()
    ]  # fmt: skip
    home.lake.append(rows)
    return home


def read(home: Home, options: ReadOptions) -> tuple[StageResult, dict[str, tuple[str | None, int | None]]]:
    """The result, and what each comment's tone comes from with its sign, by the version that the stage used."""
    result = read_comments(home, "hashed", lambda *_: None, options)
    rows = home.lake.query(
        "select comment_id, tone_by, sign(tone) from comment_readings where version = ?", [result.version]
    )
    return result, {name: (by, sign) for name, by, sign in rows}


def test_the_model_reads_its_languages_and_lexicons_the_others(home: Home, tmp_path: Path) -> None:
    """German has the model's tone, its emoji counts too, English stays VADER's, and French has none."""
    options = ReadOptions(tone_model=models.write_model(tmp_path / "tone"), tone_languages=("de",))
    result, found = read(home, options)
    assert (result.status, result.items) == ("done", 5) and "+tone-" in str(result.version)
    assert found["bad"] == ("model", -1)
    assert found["good"] == ("model and emoji", 1)
    assert found["neutral"] == ("model", 0)
    assert found["english"] == ("vader", 1)
    assert found["french"] == (None, None)
    assert read(home, options)[0].items == 0


def test_a_model_that_fails_is_replaced_loudly_and_read_again_when_it_works(
    home: Home, tmp_path: Path
) -> None:
    """Its row says why; all comments have the lexicons' tone meanwhile, so that two measures are never mixed."""
    folder = models.write_model(tmp_path / "tone")
    options = ReadOptions(tone_model=folder)
    good, _ = read(home, options)
    content = (folder / "model.onnx").read_bytes()
    for broken in (b"no model", models.towers.text_tower()):
        (folder / "model.onnx").write_bytes(broken)
        result, found = read(home, options)
        assert result.status == "incomplete" and "The tone model is not used: /" in result.message
        assert "comes from the lexicons of English and of emoji" in result.message
        assert SECRET not in result.message and result.version == "rules-2"
        assert len(found) == 5 and found["bad"] == (None, None)
    (folder / "model.onnx").write_bytes(content)
    again, found = read(home, options)
    assert (again.status, again.items, again.version) == ("done", 0, good.version)
    assert found["bad"] == ("model", -1)


def test_another_language_or_model_reads_the_comments_again(home: Home, tmp_path: Path) -> None:
    """What decides about a reading is in its version."""
    folder = models.write_model(tmp_path / "tone")
    versions = [
        read(home, options)[0].version
        for options in (
            ReadOptions(),
            ReadOptions(languages=("de", "en")),
            ReadOptions(tone_model=folder),
            ReadOptions(tone_model=folder, tone_languages=("de", "en")),
            ReadOptions(tone_model=models.write_model(tmp_path / "other", ("NEG", "NEU", "POS"))),
        )
    ]
    assert len(set(versions)) == 5
