"""A lane on a cluster: the labels of one machine, by reference and as bytes, also when workers die."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.registry import load
from classifiers.visual import VisualOptions
from tasks.classify.on_cluster import cutting, lane
from tasks.classify.on_cluster.items import LaneModel
from tasks.classify.on_cluster.lane import LaneWorkers
from tasks.classify.stage import label_pictures
from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.errors import RunStopped
from warehouse.pictures.local import LocalPictures

LABELS = "select * exclude (labelled_at) from labels order by all"
EMBEDDINGS = "select sha256, classifier, version, vector::float[] from embeddings order by all"


def run(labelling: Any, session: Any, options: Any, kind: str = "colours", check: Any = lambda: None) -> Any:
    """Run a lane on a cluster."""
    workers = LaneWorkers(session, LaneModel(kind, "lane", options), check)
    return label_pictures(labelling.home, load(kind, "lane", options), lambda *_: None, workers=workers)


def in_threads(labelling: Any, options: Any, kind: str = "colours") -> tuple[list[Any], list[Any]]:
    """The labels and embeddings of the same lane on this machine, which are then removed."""
    label_pictures(labelling.home, load(kind, "lane", options), lambda *_: None)
    expected = labelling.rows(LABELS), labelling.rows(EMBEDDINGS)
    for table in ("labels", "unlabelled", "embeddings"):
        labelling.home.lake.delete(table, "classifier", ["lane"])
    return expected


@pytest.fixture
def small_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items of 8 pictures."""
    monkeypatch.setattr(cutting, "ITEM_PICTURES", 7)


@pytest.fixture
def stand_in(cluster_stand_in: Any) -> Any:
    return cluster_stand_in.StandInSession(cluster_stand_in.StandInCluster())


@pytest.mark.usefixtures("small_items")
def test_bytes_travel_where_workers_do_not_see_the_home_folder(
    labelling: Any, stand_in: Any, cluster_kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker opens a file, and the rows are those of threads."""
    labelling.store_colours(30)
    expected = in_threads(labelling, cluster_kinds.ColourOptions())
    monkeypatch.setattr(lane, "sees_file", lambda *_: False)
    monkeypatch.setattr(LocalPictures, "source_ahead", None)
    assert run(labelling, stand_in, cluster_kinds.ColourOptions()).items == 30
    assert (labelling.rows(LABELS), labelling.rows(EMBEDDINGS)) == expected


@pytest.mark.usefixtures("small_items")
def test_a_picture_that_one_worker_does_not_find_is_sent_as_bytes(
    labelling: Any, stand_in: Any, cluster_kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that joins later may see less; a file that is missing here stays pending."""
    labelling.store_colours(30)
    gone = labelling.rows("select path from pictures order by sha256 limit 1 offset 9")[0][0]
    (labelling.home.folder / gone).unlink()

    monkeypatch.setattr(LocalPictures, "source_ahead", lambda self, path: self.home / "elsewhere" / path)
    result = run(labelling, stand_in, cluster_kinds.ColourOptions())
    assert (result.status, result.items, result.failures) == ("incomplete", 29, 1)
    assert labelling.rows("select count(*), count(distinct sha256) from labels") == [(29, 29)]


@pytest.mark.usefixtures("small_items")
def test_an_item_of_bytes_ends_with_the_batch_that_fills_it(
    labelling: Any, stand_in: Any, cluster_kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large pictures travel in smaller items, and all of them are labelled."""
    labelling.store_colours(30)
    monkeypatch.setattr(lane, "sees_file", lambda *_: False)
    monkeypatch.setattr(cutting, "MAX_ITEM_BYTES", 1)
    seen = []
    label_item = lane.label_item
    monkeypatch.setattr(lane, "label_item", lambda item: seen.append(len(item.pictures)) or label_item(item))
    run(labelling, stand_in, cluster_kinds.ColourOptions())
    assert sorted(seen, reverse=True) == [4] * 7 + [2]
    assert labelling.rows("select count(distinct sha256) from labels") == [(30,)]


def test_a_picture_that_can_not_be_decoded_has_its_row(
    labelling: Any, stand_in: Any, cluster_kinds: Any, damaged_inside: bytes, tmp_path: Path
) -> None:
    """The reason and the message are those of one machine."""
    labelling.store_colours(5)
    (tmp_path / "damaged.png").write_bytes(damaged_inside)
    sha256 = labelling.store(tmp_path / "damaged.png")
    assert run(labelling, stand_in, cluster_kinds.ColourOptions()).failures == 1
    assert labelling.rows("select sha256, reason from unlabelled") == [(sha256, "unreadable")]


def test_a_worker_with_another_version_of_the_classifier_is_refused(
    labelling: Any, stand_in: Any, cluster_kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has both versions; a worker that joins later is refused too."""
    labelling.store_colours(5)
    with monkeypatch.context() as patched:
        patched.setattr(lane, "describe_model", lambda model: lane.WorkerModel("colours-2"))
        with pytest.raises(ClassifierUnavailable, match=r"worker one .*colours-2.*this machine \(colours-1"):
            run(labelling, stand_in, cluster_kinds.ColourOptions())
    monkeypatch.setattr(lane, "installed_versions", lambda: {"numpy": "0.1"})
    with pytest.raises(ClassifierUnavailable, match=r"joined that labels otherwise .*numpy 0\.1 here"):
        run(labelling, stand_in, cluster_kinds.ColourOptions())
    assert labelling.rows("from labels") == []


@pytest.mark.usefixtures("small_items")
def test_a_lane_that_stopped_in_the_middle_resumes(labelling: Any, stand_in: Any, cluster_kinds: Any) -> None:
    """What came back is stored; the next run labels the rest, and no picture twice."""
    labelling.store_colours(40)
    expected = in_threads(labelling, cluster_kinds.ColourOptions())
    checks = []

    def stop() -> None:
        checks.append(1)
        if len(checks) > 2:
            raise RunStopped("stopped")

    with pytest.raises(RunStopped):
        run(labelling, stand_in, cluster_kinds.ColourOptions(), check=stop)
    assert 0 < len(labelling.rows("from labels")) < 40
    run(labelling, stand_in, cluster_kinds.ColourOptions())
    assert (labelling.rows(LABELS), labelling.rows(EMBEDDINGS)) == expected


def test_without_pending_pictures_no_cluster_is_opened(labelling: Any, cluster_kinds: Any) -> None:
    """A run without new pictures needs no workers."""
    assert run(labelling, ClusterSession(ClusterOptions("dask")), cluster_kinds.ColourOptions()).items == 0


@pytest.mark.slow
def test_two_processes_give_the_labels_of_threads(labelling: Any, dask: Any, cluster_kinds: Any) -> None:
    """Row by row, with embeddings, and for a classifier of ours."""
    labelling.store_colours(300)
    for kind, options in (("colours", cluster_kinds.ColourOptions()), ("visual", VisualOptions())):
        expected = in_threads(labelling, options, kind)
        result = run(labelling, dask, options, kind)
        assert (result.status, result.items) == ("done", 300)
        assert (labelling.rows(LABELS), labelling.rows(EMBEDDINGS)) == expected
        labelling.home.lake.delete("labels", "classifier", ["lane"])
        labelling.home.lake.delete("embeddings", "classifier", ["lane"])


@pytest.mark.slow
@pytest.mark.usefixtures("small_items")
def test_a_killed_worker_loses_and_doubles_nothing(
    labelling: Any, dask: Any, cluster_kinds: Any, tmp_path: Path
) -> None:
    """One process ends by SIGKILL in the middle of a batch; its items run again."""
    labelling.store_colours(120)
    options = cluster_kinds.ColourOptions(kill_once=tmp_path / "killed")
    plain = in_threads(labelling, cluster_kinds.ColourOptions())
    assert run(labelling, dask, options).items == 120
    assert (tmp_path / "killed").exists()
    assert (labelling.rows(LABELS), labelling.rows(EMBEDDINGS)) == plain


@pytest.mark.slow
def test_a_picture_that_kills_its_workers_is_found(
    labelling: Any, dask: Any, cluster_kinds: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It gets a row with its own reason; all others are labelled once."""
    monkeypatch.setattr(cutting, "ITEM_PICTURES", 2)
    labelling.store_colours(9)
    Image.new("RGB", (4, 4), (3, 7, 200)).save(tmp_path / "deadly.bmp")
    deadly = labelling.store(tmp_path / "deadly.bmp")
    result = run(labelling, dask, cluster_kinds.ColourOptions(deadly=200, batch_size=2))
    assert (result.status, result.items, result.failures) == ("done", 9, 1)
    assert labelling.rows("select sha256, reason from unlabelled") == [(deadly, "killed_workers")]
    assert labelling.rows("select count(*), count(distinct sha256) from labels") == [(9, 9)]


@pytest.mark.slow
def test_two_workers_of_ray_give_the_labels_of_threads(
    labelling: Any, ray: Any, cluster_kinds: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also when one of them is killed in the middle: Ray runs its item again."""
    monkeypatch.setattr(cutting, "ITEM_PICTURES", 7)
    labelling.store_colours(60)
    expected = in_threads(labelling, cluster_kinds.ColourOptions())
    result = run(labelling, ray, cluster_kinds.ColourOptions(kill_once=tmp_path / "killed"))
    assert (result.status, result.items) == ("done", 60)
    assert (tmp_path / "killed").exists()
    assert (labelling.rows(LABELS), labelling.rows(EMBEDDINGS)) == expected
