"""Pictures that can't be labelled: none of them affects the others, and each is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def broken(labelling: Any, tmp_path: Path, damaged_inside: bytes) -> str:
    """Five good pictures, and one with a good header and damaged pixels; its hash."""
    labelling.store_colours(5)
    (tmp_path / "damaged.png").write_bytes(damaged_inside)
    sha256: str = labelling.store(tmp_path / "damaged.png")
    return sha256


def test_an_unreadable_picture_becomes_a_row(labelling: Any, mean_colour: Any, broken: str) -> None:
    """The row has the reason, and the rest of the batch is labelled."""
    result = labelling.run(mean_colour())
    assert (result.status, result.items, result.failures) == ("done", 5, 1)
    assert result.message == "1 pictures got no label; the table unlabelled has the reasons."
    assert labelling.rows("select count(*) from labels") == [(5,)]
    ((sha256, classifier, version, reason, message),) = labelling.rows(
        "select sha256, classifier, version, reason, message from unlabelled"
    )
    assert (sha256, classifier, version, reason) == (broken, "mean", "mean-1", "unreadable")
    assert "image file" in message


def test_an_unreadable_picture_is_not_retried_by_the_same_version(
    labelling: Any, mean_colour: Any, broken: str
) -> None:
    """The next version and other classifiers try it once each."""
    labelling.run(mean_colour())
    assert labelling.run(mean_colour()).failures == 0
    assert labelling.run(mean_colour(version="mean-2")).failures == 1
    assert labelling.run(mean_colour(name="other")).failures == 1
    assert labelling.rows("select count(*) from unlabelled") == [(3,)]


@pytest.mark.slow
def test_real_classifiers_skip_an_unreadable_picture(
    labelling: Any, broken: str, visual: Any, mobilenet: Any
) -> None:
    """They label the others."""
    for classifier in (visual, mobilenet):
        result = labelling.run(classifier)
        assert (result.status, result.items, result.failures) == ("done", 5, 1)
    rows = labelling.rows("select classifier, sha256, reason from unlabelled order by 1")
    assert rows == [("mobilenet", broken, "unreadable"), ("visual", broken, "unreadable")]


def test_a_lane_with_only_unreadable_pictures_is_done(
    labelling: Any, mean_colour: Any, tmp_path: Path, damaged_inside: bytes
) -> None:
    """The model gets no batch."""
    (tmp_path / "damaged.png").write_bytes(damaged_inside)
    labelling.store(tmp_path / "damaged.png")
    classifier = mean_colour()
    assert labelling.run(classifier).failures == 1
    assert classifier.batches == []


def test_a_missing_file_makes_the_lane_incomplete(labelling: Any, mean_colour: Any, broken: str) -> None:
    """The message says what to do. Put back, the file is labelled by the next run."""
    labelling.store_colours(6)
    lost = labelling.file_of(labelling.rows("select max(sha256) from pictures where format = 'bmp'")[0][0])
    content = lost.read_bytes()
    lost.unlink()
    result = labelling.run(mean_colour())
    assert (result.status, result.items, result.failures) == ("incomplete", 5, 2)
    assert "1 picture files are missing or damaged; put them back and run again." in result.message
    assert labelling.rows("select count(*) from unlabelled") == [(1,)]
    assert labelling.run(mean_colour()).status == "incomplete"
    lost.write_bytes(content)
    result = labelling.run(mean_colour())
    assert (result.status, result.items, result.failures) == ("done", 1, 0)
    assert labelling.rows("select count(*) from labels") == [(6,)]


def test_a_damaged_file_is_not_an_unreadable_picture(labelling: Any, mean_colour: Any) -> None:
    """Empty, cut off or overwritten, it gets no row. Put back, it is labelled."""
    labelling.store_colours(5)
    files = [labelling.file_of(sha256) for (sha256,) in labelling.rows("select sha256 from pictures limit 3")]
    contents = [file.read_bytes() for file in files]
    for file, damage in zip(files, (b"", b"BM", bytes(500)), strict=True):
        file.write_bytes(damage)
    result = labelling.run(mean_colour())
    assert (result.status, result.items, result.failures) == ("incomplete", 2, 3)
    assert labelling.rows("select count(*) from unlabelled") == [(0,)]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    assert labelling.run(mean_colour()).items == 3
