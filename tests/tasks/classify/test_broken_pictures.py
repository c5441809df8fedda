"""Pictures that can't be labelled: each costs itself alone, and is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def broken(labelling: Any, tmp_path: Path, damaged_inside: bytes) -> str:
    """Five good pictures, and one whose header is good and whose pixels are not; its hash."""
    labelling.store_colours(5)
    (tmp_path / "damaged.png").write_bytes(damaged_inside)
    sha256: str = labelling.store(tmp_path / "damaged.png")
    return sha256


def test_unreadable(labelling: Any, mean_colour: Any, broken: str) -> None:
    """A picture that can't be decoded becomes a row that says why; its batch is labelled without it."""
    ended = labelling.run(mean_colour())
    assert (ended.status, ended.items, ended.failures) == ("done", 5, 1)
    assert ended.message == "1 pictures got no label; the table unlabelled has the reasons."
    assert labelling.rows("select count(*) from labels") == [(5,)]
    ((sha256, classifier, version, reason, message),) = labelling.rows(
        "select sha256, classifier, version, reason, message from unlabelled"
    )
    assert (sha256, classifier, version, reason) == (broken, "mean", "mean-1", "unreadable")
    assert "image file" in message


def test_not_asked_twice(labelling: Any, mean_colour: Any, broken: str) -> None:
    """The same bytes are not tried again by the same version, but by the next and by other classifiers."""
    labelling.run(mean_colour())
    assert labelling.run(mean_colour()).failures == 0
    assert labelling.run(mean_colour(version="mean-2")).failures == 1
    assert labelling.run(mean_colour(name="other")).failures == 1
    assert labelling.rows("select count(*) from unlabelled") == [(3,)]


def test_real_classifiers(labelling: Any, broken: str, visual: Any, mobilenet: Any) -> None:
    """The real classifiers leave a broken picture out too, and label the others."""
    for classifier in (visual, mobilenet):
        ended = labelling.run(classifier)
        assert (ended.status, ended.items, ended.failures) == ("done", 5, 1)
    found = labelling.rows("select classifier, sha256, reason from unlabelled order by 1")
    assert found == [("mobilenet", broken, "unreadable"), ("visual", broken, "unreadable")]


def test_only_broken_ones(labelling: Any, mean_colour: Any, tmp_path: Path, damaged_inside: bytes) -> None:
    """Where no picture can be decoded the lane still ends well, and the model is not asked."""
    (tmp_path / "damaged.png").write_bytes(damaged_inside)
    labelling.store(tmp_path / "damaged.png")
    classifier = mean_colour()
    assert labelling.run(classifier).failures == 1
    assert classifier.batches == []


def test_missing_file(labelling: Any, mean_colour: Any, broken: str) -> None:
    """A stored file that is gone is told, with what to do; the lane is incomplete until it is back."""
    labelling.store_colours(6)
    lost = labelling.file_of(labelling.rows("select max(sha256) from pictures where format = 'bmp'")[0][0])
    kept = lost.read_bytes()
    lost.unlink()
    ended = labelling.run(mean_colour())
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 5, 2)
    assert "1 picture files are missing or damaged; put them back" in ended.message
    assert labelling.rows("select count(*) from unlabelled") == [(1,)]
    assert labelling.run(mean_colour()).status == "incomplete"
    lost.write_bytes(kept)
    ended = labelling.run(mean_colour())
    assert (ended.status, ended.items, ended.failures) == ("done", 1, 0)
    assert labelling.rows("select count(*) from labels") == [(6,)]


@pytest.mark.parametrize("damage", [b"", b"BM", bytes(500)])
def test_damaged_file(damage: bytes, labelling: Any, mean_colour: Any) -> None:
    """A stored file that was damaged later is no unreadable picture: put back, it is labelled."""
    labelling.store_colours(3)
    hurt = labelling.file_of(labelling.rows("select min(sha256) from pictures")[0][0])
    kept = hurt.read_bytes()
    hurt.write_bytes(damage)
    ended = labelling.run(mean_colour())
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 2, 1)
    assert labelling.rows("select count(*) from unlabelled") == [(0,)]
    hurt.write_bytes(kept)
    assert labelling.run(mean_colour()).items == 1
