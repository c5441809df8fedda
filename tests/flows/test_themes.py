"""Themes from the command line: relabel, rankings, the report's pictures, forgetting, and settings that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.protocol import Label
from flows.errors import SettingsError
from flows.settings import read_settings
from tasks.labels import LabelledPicture, append_labels
from warehouse.embeddings.themes import record_embedding_version
from warehouse.embeddings.vectors import append_embeddings
from warehouse.home import Home
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.utc import as_utc

BACKBONE = """
[[classifiers]]
name = "objects"
kind = "keras"
application = "EfficientNetLite0"
embeddings = true
"""
THEMES = """
[[classifiers]]
name = "themes"
kind = "themes"
"""
WORDS = ("cat", "espresso")


def embed(home: Home) -> int:
    """Store what a night of the backbone stores: two kinds of pictures with their labels and embeddings."""
    rows = home.lake.query("select sha256, fetched_at from pictures order by sha256")
    hashes = [sha256 for sha256, _ in rows]
    kinds = np.arange(len(hashes)) % 2
    vectors = np.eye(8)[kinds] * 3 + np.random.default_rng(1).normal(size=(len(hashes), 8), scale=0.3)
    append_embeddings(home.lake, "objects", "net-e1", hashes, vectors.astype(np.float16))
    when = as_utc(rows[0][1])
    append_labels(
        home.lake,
        [
            LabelledPicture(one, "objects", "net-1", [Label(WORDS[kind], 0.9, 1)], when)
            for one, kind in zip(hashes, kinds, strict=True)
        ],
    )
    journal = begin_run(home.lake, go_on=False)
    journal.start("classify", "objects", record_embedding_version("net-e1"))
    journal.finish("classify", "objects", StageResult("done", len(hashes), version="net-1"))
    journal.finish("run", "", StageResult("done"))
    return len(hashes)


@pytest.mark.slow
def test_themes_are_found_ranked_and_shown(unlabelled, likelens, command) -> None:
    """After `relabel` the themes rank like labels, the page shows typical pictures of each, and forgetting leaves no hash."""
    settings = unlabelled / "likelens.toml"
    settings.write_text(settings.read_text().partition("[[classifiers]]")[0] + BACKBONE + THEMES)
    home = read_settings(settings).home
    count = embed(home)
    ran = likelens(unlabelled, "relabel", "--classifier", "themes")
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    ranked = command(unlabelled, "rank", "--classifier", "themes", "--by", "count", "--format", "json")
    assert {row["label"] for row in json.loads(ranked.stdout)} == {*WORDS}
    assert home.lake.count("select count(*) from labels where classifier = 'themes'") == count
    page = (home.report / "report.html").read_text("utf-8")
    themes = page.partition('class="card themes"')[2].partition("</article>")[0]
    assert all(f"<bdi>{word}</bdi>" in themes for word in WORDS)
    assert themes.count("<img ") == 8
    account = home.lake.query("select account from posts limit 1")[0][0]
    hashes = [sha256 for (sha256,) in home.lake.query("select sha256 from pictures")]
    assert command(unlabelled, "forget", "--account", account, "--yes").returncode == 0
    stored = b"".join(file.read_bytes() for file in home.themes.rglob("*") if file.is_file())
    assert hashes and not [one for one in hashes if one.encode() in stored]


@pytest.mark.parametrize(
    ("classifiers", "message"),
    [
        (THEMES, "no classifier stores the embeddings that it groups; set embeddings = true"),
        (
            BACKBONE.replace("true", "false") + THEMES + 'backbone = "objects"\n',
            "objects stores no embeddings",
        ),
        (BACKBONE + THEMES + 'backbone = "other"\n', "backbone names no other classifier ('other')"),
        (BACKBONE + THEMES + 'names_from = "themes"\n', "names_from names no other classifier ('themes')"),
        (
            BACKBONE + BACKBONE.replace('"objects"', '"second"') + THEMES,
            "set backbone to one of the classifiers that store embeddings: objects, second",
        ),
        (BACKBONE + THEMES + "count = 1\n", "(themes): count"),
    ],
)
def test_settings_that_do_not_fit_are_mistakes(
    tmp_path: Path, without_classifiers: str, classifiers: str, message: str
) -> None:
    """Each is named with the classifier and what to set."""
    file = tmp_path / "likelens.toml"
    file.write_text(without_classifiers + classifiers)
    with pytest.raises(SettingsError) as caught:
        read_settings(file)
    assert message in str(caught.value) and "(themes)" in str(caught.value)


def test_empty_settings_are_completed(tmp_path: Path, without_classifiers: str) -> None:
    """The only classifier that stores embeddings is the backbone, and its labels name the themes."""
    file = tmp_path / "likelens.toml"
    file.write_text(without_classifiers + THEMES + BACKBONE)
    options = read_settings(file).classifiers[0].options
    assert (options.backbone, options.names_from, options.count) == ("objects", "objects", 20)
