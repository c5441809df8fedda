"""`likelens rank` with nothing to rank: the reason is on standard error, and what a program reads stays valid."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.commands.rank import Asked, rank
from flows.settings import SettingsError, read_settings
from warehouse.publish import publish
from warehouse.tables import Observation, PictureLabel, Post, PostPicture, StageRun

NOW = datetime(2026, 4, 1, tzinfo=UTC)
SHA = "a" * 64
SETTINGS = """
[[sources]]
name = "demo"
kind = "jsonl"
file = "posts.jsonl"

[[classifiers]]
name = "visual"
kind = "visual"

[[classifiers]]
name = "m"
kind = "litert"
model = "no.tflite"
labels = "no.txt"
"""


def lane(name: str, status: str, message: str | None, version: str | None) -> StageRun:
    """A row of `runs`: how a classifier's lane ended."""
    times: dict[str, Any] = {"started_at": NOW, "ended_at": NOW}
    return StageRun(
        run_id="one",
        stage="classify",
        lane=name,
        status=status,
        items=1,
        failures=0,
        message=message,
        version=version,
        **times,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings with a published home: a post with hidden likes, labelled by `visual`; `m` could not run."""
    file = tmp_path / "likelens.toml"
    file.write_text(SETTINGS)
    home = read_settings(file).home
    home.prepare()
    of_post: dict[str, Any] = {"source": "demo", "post_id": "1"}
    seen: dict[str, Any] = {"first_seen_at": NOW, "last_seen_at": NOW, "posted_at": NOW}
    texts: dict[str, Any] = {"caption": None, "place": None, "pinned": None}
    box: dict[str, Any] = dict.fromkeys(("label_id", "x0", "y0", "x1", "y1"))
    label = PictureLabel(
        sha256=SHA,
        classifier="visual",
        version="1",
        region=0,
        rank=1,
        label="red",
        score=0.5,
        labelled_at=NOW,
        **box,
    )
    rows: list[Any] = [
        Post(account="ann", url="https://x.example/1", kind="image", **of_post, **seen, **texts),
        PostPicture(position=0, picture_url="https://x.example/1.jpg", sha256=SHA, **of_post),
        Observation(observed_at=NOW, likes=None, comments=3, likes_hidden=True, **of_post),
        label,
        lane("visual", "done", None, "1"),
        lane("m", "failed", "There is no file no.tflite.", None),
    ]
    for row in rows:
        home.lake.append([row])
    publish(home)
    return file


def asked(classifier: str, by: str = "likes") -> Asked:
    """A question with what the settings say for the rest."""
    return Asked(classifier, by, None, None, None, None, None)


@pytest.mark.parametrize(("form", "empty"), [("json", []), ("csv", ["rank", "label"]), ("table", None)])
def test_the_reason_is_apart_from_the_rows(config, capsys, form, empty) -> None:
    """JSON and CSV without rows are still JSON and CSV, and standard error has the reason."""
    assert rank(config, asked("visual"), form) == 0
    out, error = capsys.readouterr()
    assert "The ranking is empty. The likes of all 1 post are hidden" in error
    if form == "json":
        assert json.loads(out) == empty
    if form == "csv":
        assert out.splitlines()[0].split(",")[:2] == empty and len(out.splitlines()) == 1
    rank(config, asked("visual", "comments"), form)
    assert capsys.readouterr().err == ""


def test_a_lane_without_labels(config) -> None:
    """A classifier that could not run is told with its own message; one that is not in the settings as such."""
    with pytest.raises(SettingsError, match=r"could not run: There is no file no\.tflite\."):
        rank(config, asked("m"), "table")
    with pytest.raises(SettingsError, match=r"has no such classifier; it has: visual, m\."):
        rank(config, asked("inception"), "table")
