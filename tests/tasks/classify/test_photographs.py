"""Lanes over real photographs, with a real model: the stored labels are those of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from classifiers import registry
from classifiers.litert import LitertOptions
from classifiers.pictures import PictureFile
from warehouse.home import Home
from warehouse.records.runs import StageResult

# From the README files of the model and the photographs, with bilinear 224 x 224 pictures.
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


@dataclass(frozen=True)
class Photographed:
    """A home folder with all photographs, their names by their hashes, and the result of the model's run."""

    labelling: Any
    names: dict[str, str]
    started: datetime
    result: StageResult


@pytest.fixture(scope="module")
def photographed(
    copy_home: Callable[[Path, Path], Any],
    empty_home: Home,
    photographs: Path,
    mobilenet: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Photographed:
    """All photographs, stored and labelled once by the model."""
    labelling = copy_home(empty_home.folder, tmp_path_factory.mktemp("photographs") / "home")
    names = {labelling.store(photographs / name): name for name in EXPECTED}
    started = datetime.now(UTC)
    return Photographed(labelling, names, started, labelling.run(mobilenet))


@pytest.fixture
def copied(copy_home: Callable[[Path, Path], Any], photographed: Photographed, tmp_path: Path) -> Any:
    """A copy of that home folder, for a test that changes it."""
    return copy_home(photographed.labelling.home.folder, tmp_path / "home")


def test_the_first_label_is_what_the_photograph_shows(photographed: Photographed, mobilenet: Any) -> None:
    """Its score is the model's known score."""
    result, names = photographed.result, photographed.names
    assert (result.status, result.items, result.failures) == ("done", len(names), 0)
    assert result.version == mobilenet.version
    # The model's file of names has synonyms after a comma.
    rows = photographed.labelling.rows(
        "select sha256, split_part(label, ',', 1), score from labels where rank = 1"
    )
    assert {names[sha256]: label for sha256, label, _ in rows} == {
        name: label for name, (label, _) in EXPECTED.items()
    }
    for sha256, _, score in rows:
        assert score == pytest.approx(EXPECTED[names[sha256]][1], abs=0.011)


def test_a_picture_has_up_to_five_labels_ranked_by_score(photographed: Photographed, mobilenet: Any) -> None:
    """Each row has the lane's name, version and time; no score is 0."""
    rows = photographed.labelling.rows(
        """select sha256, list(rank order by rank), list(score order by rank), list(label_id order by rank),
                  min(epoch_us(labelled_at)), max(epoch_us(labelled_at)), any_value(classifier), any_value(version)
           from labels where region = 0 and x0 is null and y0 is null and x1 is null and y1 is null group by all"""
    )
    assert {row[0] for row in rows} == set(photographed.names)
    now = datetime.now(UTC)
    for _, ranks, scores, ids, first, last, name, version in rows:
        assert ranks == [1, 2, 3, 4, 5][: len(ranks)]
        assert scores == sorted(scores, reverse=True) and scores[-1] > 0 and scores[0] <= 1
        assert len(set(ids)) == len(ids)
        assert photographed.started.timestamp() * 1e6 <= first and last <= now.timestamp() * 1e6
        assert (name, version) == ("mobilenet", mobilenet.version)


def test_the_stored_labels_are_those_of_the_classifier(
    photographed: Photographed, photographs: Path, mobilenet: Any
) -> None:
    """They are equal to the last digit."""
    (labels,) = mobilenet.label([mobilenet.prepare(PictureFile(photographs / "daisy.jpg"))])
    sha256 = next(sha256 for sha256, name in photographed.names.items() if name == "daisy.jpg")
    rows = photographed.labelling.rows(
        f"select label, score, rank, label_id from labels where sha256 = '{sha256}' order by rank"
    )
    assert rows == [(label.label, label.score, label.rank, label.label_id) for label in labels]


def test_two_classifiers_have_rows_of_their_own(copied: Any, visual: Any) -> None:
    """The second classifier labels the same pictures and changes no row of the first."""
    before = copied.rows("from labels order by all")
    copied.run(visual)
    assert copied.rows("from labels where classifier = 'mobilenet' order by all") == before
    rows = copied.rows("select classifier, count(distinct sha256) from labels group by 1 order by 1")
    assert rows == [("mobilenet", len(EXPECTED)), ("visual", len(EXPECTED))]


def test_changed_weights_label_everything_again(
    copied: Any, mobilenet: Any, litert_files: tuple[Path, Path], tmp_path: Path
) -> None:
    """New weights are a new version, and the labels of the old one stay."""
    before = copied.rows("from labels order by all")
    model, names = litert_files
    changed = bytearray(model.read_bytes())
    middle = len(changed) // 2  # within the weights
    changed[middle : middle + 64] = bytes(value ^ 1 for value in changed[middle : middle + 64])
    (tmp_path / model.name).write_bytes(changed)
    newer = registry.load("litert", "mobilenet", LitertOptions(model=tmp_path / model.name, labels=names))
    assert newer.version != mobilenet.version
    assert copied.run(newer).items == len(EXPECTED)
    assert copied.rows(f"from labels where version = '{mobilenet.version}' order by all") == before
    pictures = f"select count(distinct sha256) from labels where version = '{newer.version}'"
    assert copied.rows(pictures) == [(len(EXPECTED),)]


def test_a_moved_model_labels_nothing_again(
    copied: Any, litert_files: tuple[Path, Path], tmp_path: Path
) -> None:
    """The same model under another path is the same version."""
    model, names = litert_files
    (tmp_path / model.name).write_bytes(model.read_bytes())
    moved = registry.load("litert", "mobilenet", LitertOptions(model=tmp_path / model.name, labels=names))
    assert copied.run(moved).items == 0
