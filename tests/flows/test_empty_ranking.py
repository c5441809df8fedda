"""`likelens rank` with nothing to rank: the reason is on standard error, and the output stays valid for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.settings import read_settings
from warehouse.database.publish import publish
from warehouse.schema.picture_tables import PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Post, PostPicture

pytestmark = pytest.mark.slow

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
    """Return a row of `runs` for a classifier's lane."""
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


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings with a published home: a post with hidden likes, labelled by `visual`; `m` could not run."""
    file = tmp_path_factory.mktemp("empty") / "likelens.toml"
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


@pytest.mark.parametrize(("form", "empty"), [("json", []), ("csv", ["rank", "label"]), ("table", None)])
def test_the_reason_is_apart_from_the_rows(config, command, form, empty) -> None:
    """JSON and CSV without rows are still JSON and CSV, and standard error has the reason."""
    ranked = command(config.parent, "rank", "--classifier", "visual", "--by", "likes", "--format", form)
    assert ranked.returncode == 0
    assert "The ranking is empty. The likes of all 1 post are hidden" in ranked.stderr
    if form == "json":
        assert json.loads(ranked.stdout) == empty
    if form == "csv":
        assert ranked.stdout.splitlines()[0].split(",")[:2] == empty and len(ranked.stdout.splitlines()) == 1
    comments = ("rank", "--classifier", "visual", "--by", "comments", "--format", form, "--min-posts", "1")
    by_mean = command(config.parent, *comments, "--statistic", "mean")
    assert by_mean.stderr == ("" if form == "table" else "1 post counted; left out: none.\n")
    by_lift = command(config.parent, *comments)
    assert "The ranking is empty. 0 posts compared; left out: 1 younger than 7 days" in by_lift.stderr


def test_days_and_kinds_without_posts_are_the_reason(config, command) -> None:
    """A period or a kind without labelled posts is named, for every statistic."""
    for slice_ in (("--since", "2026-04-02"), ("--until", "2026-03-31"), ("--kind", "video")):
        for statistic in ("lift", "mean"):
            arguments = (
                "rank",
                "--classifier",
                "visual",
                "--by",
                "comments",
                "--statistic",
                statistic,
                *slice_,
            )
            ranked = command(config.parent, *arguments)
            assert ranked.returncode == 0
            assert "No post that visual labelled is in the chosen part" in ranked.stderr
    included = ("--since", "2026-04-01", "--until", "2026-04-01", "--statistic", "mean")
    ranked = command(config.parent, "rank", "--classifier", "visual", "--by", "comments", *included)
    assert "red" in ranked.stdout


def test_a_classifier_without_labels_is_reported_with_its_reason(config, command) -> None:
    """A classifier that could not run is named with its message, an unknown one with the known ones."""
    failed = command(config.parent, "rank", "--classifier", "m", "--by", "likes")
    assert failed.returncode == 2 and "could not run: There is no file no.tflite." in failed.stderr
    unknown = command(config.parent, "rank", "--classifier", "inception", "--by", "likes")
    assert unknown.returncode == 2 and "has no such classifier; it has: visual, m." in unknown.stderr
