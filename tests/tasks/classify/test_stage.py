"""A lane: what waits is labelled once, in batches that change nothing, and is stored as it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.classify.stage import label_pictures
from tasks.classify.storing import STORE_PICTURES


def test_second_run(labelling: Any, mean_colour: Any) -> None:
    """A second run asks the classifier nothing and changes no row."""
    labelling.store_colours(9)
    labelling.run(mean_colour())
    before = labelling.rows("from labels order by all")
    again = mean_colour()
    ended = labelling.run(again)
    assert (ended.status, ended.items, again.batches) == ("done", 0, [])
    assert labelling.rows("from labels order by all") == before and len(before) == 9


def test_only_what_is_new(labelling: Any, mean_colour: Any) -> None:
    """Of old and new pictures only the new are labelled."""
    labelling.store_colours(5)
    labelling.run(mean_colour())
    labelling.store_colours(12)
    ended = labelling.run(mean_colour())
    assert ended.items == 7
    assert labelling.rows("select count(*), count(distinct sha256) from labels") == [(12, 12)]


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_batch_size(batch_size: int, labelling: Any, mean_colour: Any) -> None:
    """Whatever the size of the batches, they are full but for the last, and each picture has its own label."""
    labelling.store_colours(23)
    classifier = mean_colour(batch_size=batch_size)
    labelling.run(classifier)
    full, rest = divmod(23, batch_size)
    assert classifier.batches == [batch_size] * full + [rest] * (rest > 0)
    _check_colours(labelling, 23)


def test_stored_as_it_goes(labelling: Any, mean_colour: Any) -> None:
    """Labels are stored every so many pictures, and progress is told when they are."""
    total = STORE_PICTURES + 30
    labelling.store_colours(total)
    told = []

    def progress(done: int, of: int) -> None:
        told.append((done, of, labelling.rows("select count(*) from labels")[0][0]))

    label_pictures(labelling.home, mean_colour(batch_size=32), progress)
    assert told == [(STORE_PICTURES, total, STORE_PICTURES), (total, total, total)]
    _check_colours(labelling, total)


def test_broken_down(labelling: Any, mean_colour: Any) -> None:
    """Where a lane breaks down in the middle, what was stored stays, and the next run labels only the rest."""
    total = STORE_PICTURES + 30
    labelling.store_colours(total)
    with pytest.raises(RuntimeError, match="out of order"):
        labelling.run(mean_colour(batch_size=32, stop_at=STORE_PICTURES // 32 + 1))
    assert labelling.rows("select count(*) from labels") == [(STORE_PICTURES,)]
    assert labelling.run(mean_colour(batch_size=32)).items == 30
    _check_colours(labelling, total)


def test_new_version(labelling: Any, mean_colour: Any) -> None:
    """A new version labels everything again; the old version's rows stay as they were."""
    labelling.store_colours(6)
    labelling.run(mean_colour())
    assert labelling.run(mean_colour(version="mean-2")).items == 6
    assert labelling.run(mean_colour(version="mean-1")).items == 0
    found = labelling.rows("select version, count(*) from labels group by 1 order by 1")
    assert found == [("mean-1", 6), ("mean-2", 6)]


def test_another_name(labelling: Any, mean_colour: Any) -> None:
    """The same version under another name is another classifier."""
    labelling.store_colours(6)
    labelling.run(mean_colour())
    assert labelling.run(mean_colour(name="other")).items == 6


def test_no_labels(labelling: Any, mean_colour: Any, tmp_path: Path) -> None:
    """A picture for which the classifier finds nothing becomes a row that says so, and is not asked about again."""
    labelling.store_colours(5)
    Image.new("RGB", (4, 4)).save(tmp_path / "black.png")
    sha256 = labelling.store(tmp_path / "black.png")
    ended = labelling.run(mean_colour())
    assert (ended.status, ended.items, ended.failures) == ("done", 5, 1)
    assert labelling.rows("select sha256, reason, message from unlabelled") == [(sha256, "no_labels", None)]
    again = mean_colour()
    labelling.run(again)
    assert again.batches == []


def test_nothing_stored(labelling: Any, mean_colour: Any) -> None:
    """Without pictures a lane is done at once."""
    classifier = mean_colour()
    ended = labelling.run(classifier)
    assert (ended.status, ended.items, ended.version) == ("done", 0, "mean-1")
    assert classifier.batches == []


def _check_colours(labelling: Any, count: int) -> None:
    """Each picture has the label of its own file's colour."""
    found = dict(labelling.rows("select path, label from labels join pictures using (sha256)"))
    assert len(found) == count
    for path, label in found.items():
        with Image.open(labelling.home.folder / path) as image:
            assert label == str(np.asarray(image)[0, 0].tolist())
