"""A lane: pending pictures are labelled once, in batches of any size, and stored in portions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from tasks.classify.stage import label_pictures

PORTION = 64


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of 64 pictures."""
    monkeypatch.setattr("tasks.classify.storing.STORE_PICTURES", PORTION)


def test_a_second_run_labels_nothing(labelling: Any, mean_colour: Any) -> None:
    """The classifier gets no picture and no row changes."""
    labelling.store_colours(9)
    labelling.run(mean_colour())
    before = labelling.rows("from labels order by all")
    second = mean_colour()
    result = labelling.run(second)
    assert (result.status, result.items, second.batches) == ("done", 0, [])
    assert labelling.rows("from labels order by all") == before and len(before) == 9


def test_only_new_pictures_are_labelled(labelling: Any, mean_colour: Any) -> None:
    """Old pictures keep their rows."""
    labelling.store_colours(5)
    labelling.run(mean_colour())
    labelling.store_colours(12)
    assert labelling.run(mean_colour()).items == 7
    assert labelling.rows("select count(*), count(distinct sha256) from labels") == [(12, 12)]


def test_batches_are_full_and_change_no_label(labelling: Any, mean_colour: Any) -> None:
    """With any batch size all batches but the last are full, and each picture has its own label."""
    labelling.store_colours(23)
    for batch_size in (1, 5, 64):
        classifier = mean_colour(name=f"batches of {batch_size}", batch_size=batch_size)
        labelling.run(classifier)
        full, rest = divmod(23, batch_size)
        assert classifier.batches == [batch_size] * full + [rest] * (rest > 0)
        _check_colours(labelling, 23, classifier.name)


@pytest.mark.usefixtures("small_portions")
def test_labels_are_stored_in_portions(labelling: Any, mean_colour: Any) -> None:
    """Progress is reported after each portion is stored."""
    total = PORTION + 30
    labelling.store_colours(total)
    reports = []

    def progress(done: int, of: int) -> None:
        reports.append((done, of, labelling.rows("select count(*) from labels")[0][0]))

    label_pictures(labelling.home, mean_colour(batch_size=32), progress)
    assert reports == [(PORTION, total, PORTION), (total, total, total)]
    _check_colours(labelling, total)


@pytest.mark.usefixtures("small_portions")
def test_a_lane_that_failed_resumes_after_its_stored_labels(labelling: Any, mean_colour: Any) -> None:
    """Stored portions stay, and the next run labels only the rest."""
    total = PORTION + 30
    labelling.store_colours(total)
    with pytest.raises(ClassifierUnavailable, match="out of order"):
        labelling.run(mean_colour(batch_size=32, stop_at=PORTION // 32 + 1))
    assert labelling.rows("select count(*) from labels") == [(PORTION,)]
    assert labelling.run(mean_colour(batch_size=32)).items == 30
    _check_colours(labelling, total)


def test_a_new_version_or_name_labels_everything_again(labelling: Any, mean_colour: Any) -> None:
    """The rows of the old version stay, and the same version under another name is another classifier."""
    labelling.store_colours(6)
    labelling.run(mean_colour())
    assert labelling.run(mean_colour(version="mean-2")).items == 6
    assert labelling.run(mean_colour(version="mean-1")).items == 0
    assert labelling.run(mean_colour(name="other")).items == 6
    rows = labelling.rows("select classifier, version, count(*) from labels group by all order by all")
    assert rows == [("mean", "mean-1", 6), ("mean", "mean-2", 6), ("other", "mean-1", 6)]


def test_a_picture_without_labels_becomes_a_row(labelling: Any, mean_colour: Any, tmp_path: Path) -> None:
    """The row says so, and the same version does not get the picture again."""
    labelling.store_colours(5)
    Image.new("RGB", (4, 4)).save(tmp_path / "black.png")
    sha256 = labelling.store(tmp_path / "black.png")
    result = labelling.run(mean_colour())
    assert (result.status, result.items, result.failures) == ("done", 5, 1)
    assert labelling.rows("select sha256, reason, message from unlabelled") == [(sha256, "no_labels", None)]
    second = mean_colour()
    labelling.run(second)
    assert second.batches == []


def test_a_lane_without_pictures_is_done(labelling: Any, mean_colour: Any) -> None:
    """The classifier gets no batch."""
    classifier = mean_colour()
    result = labelling.run(classifier)
    assert (result.status, result.items, result.version) == ("done", 0, "mean-1")
    assert classifier.batches == []


def _check_colours(labelling: Any, count: int, name: str = "mean") -> None:
    """Each picture has the label of its own file's colour."""
    query = f"select path, label from labels join pictures using (sha256) where classifier = '{name}'"
    labels = dict(labelling.rows(query))
    assert len(labels) == count
    for path, label in labels.items():
        with Image.open(labelling.home.folder / path) as image:
            assert label == str(np.asarray(image)[0, 0].tolist())
