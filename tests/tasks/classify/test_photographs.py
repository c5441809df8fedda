"""Lanes over real photographs, with a real model: what is stored is what the model says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from classifiers import registry
from classifiers.litert import LitertOptions
from classifiers.pictures import PictureFile

# As the model's and the photographs' README files tell, with bilinear 224 x 224 pictures.
EXPECTED: dict[str, tuple[str, float]] = {
    "cat-street.jpg": ("Egyptian cat", 0.82),
    "cat-2.jpg": ("tiger cat", 0.38),
    "cat-3.jpg": ("tiger cat", 0.53),
    "dog-2.jpg": ("soft-coated wheaten terrier", 0.55),
    "dog-3.jpg": ("golden retriever", 0.31),
    "hot-dog.jpg": ("hotdog", 0.89),
    "hot-dog-2.jpg": ("hotdog", 0.98),
    "hot-dog-3.jpg": ("hotdog", 1.00),
    "hot-dog-4.jpg": ("hotdog", 0.98),
    "chickadee.jpg": ("chickadee", 0.99),
    "daisy.jpg": ("daisy", 0.99),
    "dragonfly.jpg": ("dragonfly", 0.97),
    "grace-hopper.jpg": ("military uniform", 0.93),
}


@pytest.fixture
def stored(labelling: Any, photographs: Path) -> dict[str, str]:
    """All photographs, stored; their names by their hashes."""
    return {labelling.store(photographs / name): name for name in EXPECTED}


def test_top_labels(labelling: Any, stored: dict[str, str], mobilenet: Any) -> None:
    """Each photograph's first label is what it shows, with the score that the model is known to give."""
    ended = labelling.run(mobilenet)
    assert (ended.status, ended.items, ended.failures) == ("done", len(stored), 0)
    assert ended.version == mobilenet.version
    # The model's file of names has synonyms after a comma.
    found = labelling.rows("select sha256, split_part(label, ',', 1), score from labels where rank = 1")
    assert {stored[sha256]: label for sha256, label, _ in found} == {
        name: label for name, (label, _) in EXPECTED.items()
    }
    for sha256, _, score in found:
        assert score == pytest.approx(EXPECTED[stored[sha256]][1], abs=0.011)


def test_rows(labelling: Any, stored: dict[str, str], mobilenet: Any) -> None:
    """A picture has up to five labels, ranked by score, with the lane's name, version and time; none scores 0."""
    before = datetime.now(UTC)
    labelling.run(mobilenet)
    rows = labelling.rows(
        """select sha256, list(rank order by rank), list(score order by rank), list(label_id order by rank),
                  min(epoch_us(labelled_at)), max(epoch_us(labelled_at)), any_value(classifier), any_value(version)
           from labels where region = 0 and x0 is null and y0 is null and x1 is null and y1 is null group by all"""
    )
    assert {row[0] for row in rows} == set(stored)
    after = datetime.now(UTC)
    for _, ranks, scores, ids, first, last, name, version in rows:
        assert ranks == [1, 2, 3, 4, 5][: len(ranks)]
        assert scores == sorted(scores, reverse=True) and scores[-1] > 0 and scores[0] <= 1
        assert len(set(ids)) == len(ids)
        assert before.timestamp() * 1e6 <= first and last <= after.timestamp() * 1e6
        assert (name, version) == ("mobilenet", mobilenet.version)


def test_stored_is_what_the_classifier_says(labelling: Any, photographs: Path, mobilenet: Any) -> None:
    """Every label that is stored is the classifier's own answer, to the last digit."""
    sha256 = labelling.store(photographs / "daisy.jpg")
    labelling.run(mobilenet)
    (said,) = mobilenet.label([mobilenet.prepare(PictureFile(photographs / "daisy.jpg"))])
    found = labelling.rows(
        f"select label, score, rank, label_id from labels where sha256 = '{sha256}' order by rank"
    )
    assert found == [(label.label, label.score, label.rank, label.label_id) for label in said]


def test_two_lanes(labelling: Any, stored: dict[str, str], mobilenet: Any, visual: Any) -> None:
    """Two classifiers label the same pictures side by side; each has its own rows."""
    labelling.run(visual)
    alone = labelling.rows("from labels order by all")
    labelling.run(mobilenet)
    assert labelling.rows("from labels where classifier = 'visual' order by all") == alone
    found = labelling.rows("select classifier, count(distinct sha256) from labels group by 1 order by 1")
    assert found == [("mobilenet", len(stored)), ("visual", len(stored))]


def test_changed_weights(
    labelling: Any, stored: dict[str, str], mobilenet: Any, litert_files: tuple[Path, Path], tmp_path: Path
) -> None:
    """New weights are a new version: all is labelled again under it, and the old labels stay."""
    labelling.run(mobilenet)
    before = labelling.rows("from labels order by all")
    model, names = litert_files
    changed = bytearray(model.read_bytes())
    place = len(changed) // 2  # within the weights
    changed[place : place + 64] = bytes(value ^ 1 for value in changed[place : place + 64])
    (tmp_path / model.name).write_bytes(changed)
    newer = registry.load("litert", "mobilenet", LitertOptions(model=tmp_path / model.name, labels=names))
    assert newer.version != mobilenet.version
    assert labelling.run(newer).items == len(stored)
    assert labelling.rows(f"from labels where version = '{mobilenet.version}' order by all") == before
    pictures = f"select count(distinct sha256) from labels where version = '{newer.version}'"
    assert labelling.rows(pictures) == [(len(stored),)]


def test_moved_model(
    labelling: Any, stored: dict[str, str], mobilenet: Any, litert_files: tuple[Path, Path], tmp_path: Path
) -> None:
    """The same model at another place is the same version, and nothing is labelled again."""
    labelling.run(mobilenet)
    model, names = litert_files
    (tmp_path / model.name).write_bytes(model.read_bytes())
    moved = registry.load("litert", "mobilenet", LitertOptions(model=tmp_path / model.name, labels=names))
    assert labelling.run(moved).items == 0
