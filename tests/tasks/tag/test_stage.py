"""A lane against the fake Clarifai: what is sent, what is stored, what is paid."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PIL import Image

from tasks.maintain.originals import reduce_originals


def test_concepts_and_regions_become_labels(shop, stand_in):
    """Each picture gets the concepts of one model and the boxes of the other, with their scores."""
    first, second = shop.store(2)
    result = shop.run(regions_model=stand_in.REGIONS)
    assert (result.status, result.items, result.failures) == ("done", 4, 0)
    for sha256 in (first, second):
        rows = shop.rows(
            f"select region, rank, label, label_id, round(score, 3), x0, y0, x1, y1 from labels"
            f" where sha256 = '{sha256}' order by region, rank"
        )
        best = sorted(stand_in.concepts_of(sha256), key=lambda one: -one[1])
        concepts = [row for row in rows if row[0] == 0]
        assert [(row[2], row[4]) for row in concepts] == best
        assert [row[1] for row in concepts] == [1, 2, 3]
        assert all(row[3] == f"ai_{row[2]}" and row[5:] == (None,) * 4 for row in concepts)
        regions = [row for row in rows if row[0] == 1]
        assert len(regions) == 2 and len(rows) == 5
        box = [round(edge, 4) for edge in stand_in.box_of(sha256)]
        assert [round(edge, 4) for edge in regions[0][5:]] == box
    version = f"{stand_in.CONCEPTS}@{stand_in.VERSIONS[stand_in.CONCEPTS]}"
    assert result.version == f"{version} + regions {stand_in.REGIONS}@{stand_in.VERSIONS[stand_in.REGIONS]}"
    assert shop.rows("select distinct version from labels") == [(result.version,)]


def test_a_second_run_sends_nothing(shop):
    """A labelled picture is never sent again."""
    shop.store(5)
    shop.run()
    again = shop.run()
    assert (again.status, again.items) == ("done", 0)
    assert len(shop.clarifai.requests) == 1
    assert shop.outcomes() == {"billed": 5}


@pytest.mark.slow
def test_a_smaller_copy_is_sent_in_place_of_its_original(shop):
    """After `originals_days` the copy is what there is; it is labelled under the original's hash, and the lane says so."""
    sha256 = shop.store_picture(Image.effect_noise((1200, 900), 40).convert("RGB"))
    assert reduce_originals(shop.home, datetime.now(UTC), lambda *_: None).copies == 1
    result = shop.run()
    assert (result.status, result.items) == ("done", 1)
    assert result.message.startswith("1 pictures were labelled from smaller copies")
    assert shop.labelled() == {sha256}
