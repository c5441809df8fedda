"""Several lanes of a run: a picture is decoded once for all, and each lane gets the same as alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers import pictures
from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from tasks.classify.decoding import BATCHES_AHEAD, SharedDecoder, decoders
from tasks.classify.stage import label_pictures
from tasks.classify.throughput import Throughput
from tasks.errors import OutOfTime, RunStopped
from warehouse.records.pending import StoredPicture
from warehouse.records.runs import StageResult

HANG_SECONDS = 600.0


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of all images that are decoded from now on."""
    sizes: list[tuple[int, int]] = []
    decode = pictures._upright_rgb

    def counted(image: Image.Image) -> Image.Image:
        sizes.append(image.size)
        return decode(image)

    monkeypatch.setattr(pictures, "_upright_rgb", counted)
    return sizes


def run_together(
    labelling: Any, lanes: Sequence[Any], names: Sequence[str] = ()
) -> list[Future[StageResult]]:
    """Run lanes at the same time, as the nightly run does; `names` are further expected lanes, which never join."""
    expected = [*(lane.name for lane in lanes), *names]
    with SharedDecoder(labelling.home.picture_files, expected) as decoding, ThreadPoolExecutor() as threads:

        def run(lane: Any) -> StageResult:
            try:
                return label_pictures(labelling.home, lane, lambda done, total: None, decoding)
            finally:
                decoding.leave(lane.name)

        futures = [threads.submit(run, lane) for lane in lanes]
        for name in names:
            decoding.leave(name)
    return futures


def labels(labelling: Any, lane: str) -> list[tuple[str, str]]:
    """Hash and label of every row of a lane."""
    return [
        (a, b)
        for a, b in labelling.rows(
            f"select sha256, label from labels where classifier = '{lane}' order by all"
        )
    ]


def test_a_picture_is_decoded_once_for_all_lanes(
    labelling: Any, mean_colour: Any, decodings: list[tuple[int, int]]
) -> None:
    """Three lanes with batches of different sizes store the labels that one lane alone stores."""
    labelling.store_colours(30)
    lanes = [mean_colour(name=name, batch_size=size) for name, size in (("a", 4), ("b", 7), ("c", 32))]
    assert [one.result().items for one in run_together(labelling, lanes)] == [30, 30, 30]
    assert len(decodings) == 30
    labelling.run(mean_colour(name="alone"))
    assert (
        labels(labelling, "a")
        == labels(labelling, "b")
        == labels(labelling, "c")
        == labels(labelling, "alone")
    )
    assert len(labels(labelling, "a")) == 30


def test_lanes_with_the_same_scale_share_a_decoding(
    labelling: Any, mean_colour: Any, decodings: list[tuple[int, int]], tmp_path: Path
) -> None:
    """A lane that needs a JPEG at another scale gets it, the same as alone."""

    class Small(mean_colour):  # type: ignore[misc]
        exact = False

        def prepare(self, picture: PictureFile) -> PreparedPicture:
            return picture.rgb_array(40, 40, exact=self.exact)

    class Full(Small):
        exact = True

    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg", quality=95)
    labelling.store(tmp_path / "a.jpg")
    for one in run_together(labelling, [Small(name="small"), Full(name="full"), Small(name="too")]):
        one.result()
    assert sorted(decodings) == [(100, 75), (400, 300)]
    small = Small().prepare(PictureFile(tmp_path / "a.jpg"))
    full = Full().prepare(PictureFile(tmp_path / "a.jpg"))
    assert not np.array_equal(small, full)
    shared = PictureFile(tmp_path / "a.jpg")
    for lane, alone in ((Full(), full), (Small(), small), (Full(), full)):
        np.testing.assert_array_equal(lane.prepare(shared), alone)


def test_lanes_with_different_pending_pictures_get_only_theirs(
    labelling: Any, mean_colour: Any, decodings: list[tuple[int, int]]
) -> None:
    """A lane that has labelled some pictures gets only the others."""
    labelling.store_colours(20)
    labelling.run(mean_colour(name="old"))
    with pytest.raises(ClassifierUnavailable, match="out of order"):
        labelling.run(mean_colour(name="half", batch_size=4, stop_at=3))
    decodings.clear()
    lanes = [mean_colour(name=name) for name in ("old", "half", "new")]
    assert [one.result().items for one in run_together(labelling, lanes)] == [0, 12, 20]
    assert len(decodings) == 20
    assert (
        len(labels(labelling, "old")) == len(labels(labelling, "half")) == len(labels(labelling, "new")) == 20
    )


def test_a_broken_lane_does_not_affect_the_others(labelling: Any, mean_colour: Any) -> None:
    """One lane never joins, one model raises an error, and one fails to prepare; the fourth lane labels everything."""

    class Clumsy(mean_colour):  # type: ignore[misc]
        def prepare(self, picture: PictureFile) -> PreparedPicture:
            raise KeyError("a mistake")

    labelling.store_colours(60)
    lanes = [
        mean_colour(name="broken", batch_size=4, stop_at=2),
        Clumsy(name="clumsy"),
        mean_colour(name="good"),
    ]
    broken, clumsy, good = run_together(labelling, lanes, names=["unavailable"])
    with pytest.raises(ClassifierUnavailable, match="out of order"):
        broken.result()
    with pytest.raises(KeyError, match="a mistake"):
        clumsy.result()
    assert good.result().items == len(labels(labelling, "good")) == 60
    assert len(labels(labelling, "broken")) == 4


def test_a_late_lane_gets_all_its_pictures(labelling: Any, mean_colour: Any) -> None:
    """A lane that joins after the others have started, as a retried one does, is decoded for alone."""
    labelling.store_colours(10)
    with SharedDecoder(labelling.home.picture_files, ["a"]) as decoding:
        assert (
            label_pictures(labelling.home, mean_colour(name="a"), lambda done, total: None, decoding).items
            == 10
        )
        assert (
            label_pictures(labelling.home, mean_colour(name="b"), lambda done, total: None, decoding).items
            == 10
        )


def test_the_logged_rate_excludes_waiting_for_other_lanes(
    labelling: Any, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock starts at a lane's first picture, not while another lane's model is loaded."""
    starts: list[float] = []
    is_ready = threading.Event()

    class Watched(Throughput):
        def __init__(self, started: float) -> None:
            super().__init__(started)
            starts.append(started)
            is_ready.set()

    monkeypatch.setattr("tasks.classify.stage.Throughput", Watched)
    labelling.store_colours(8)
    with (
        SharedDecoder(labelling.home.picture_files, ["a", "slow to load"]) as decoding,
        ThreadPoolExecutor() as threads,
    ):
        lane = threads.submit(
            label_pictures, labelling.home, mean_colour(name="a"), lambda done, total: None, decoding
        )
        assert is_ready.wait(HANG_SECONDS)
        left_at = time.monotonic()
        decoding.leave("slow to load")
        assert lane.result(HANG_SECONDS).items == 8
    assert starts[0] <= left_at <= starts[-1]


def test_a_fast_lane_waits_for_a_slow_one(labelling: Any, mean_colour: Any) -> None:
    """The number of pictures decoded ahead stays bounded."""
    lock, prepared, taken = threading.Lock(), 0, 0
    most = 0

    class Slow(mean_colour):  # type: ignore[misc]
        def prepare(self, picture: PictureFile) -> PreparedPicture:
            nonlocal prepared, most
            with lock:
                prepared += 1
                most = max(most, prepared - taken)
            return super().prepare(picture)

        def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
            nonlocal taken
            threading.Event().wait(0.02)
            with lock:
                taken += len(batch)
            return list(super().label(batch))

    labelling.store_colours(60)
    for one in run_together(
        labelling, [Slow(name="slow", batch_size=4), mean_colour(name="fast", batch_size=32)]
    ):
        assert one.result().items == 60
    # Beyond those ahead: a batch at the model, and one that waits for it or is being put together.
    assert most <= BATCHES_AHEAD * 4 + decoders() + 3 * 4


def test_halted_lanes_end_soon_and_resume(labelling: Any, mean_colour: Any) -> None:
    """When the run is stopped each lane ends after its batch; its labels are stored, and the next run resumes."""
    both_work, is_halted = threading.Barrier(3), threading.Event()

    class Watched(mean_colour):  # type: ignore[misc]
        def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
            if len(self.batches) == 2:
                both_work.wait(HANG_SECONDS)
                assert is_halted.wait(HANG_SECONDS)
            return list(super().label(batch))

    labelling.store_colours(60)
    lanes = [Watched(name="a"), Watched(name="b")]
    with ThreadPoolExecutor() as threads, SharedDecoder(labelling.home.picture_files, ["a", "b"]) as decoding:
        futures = [
            threads.submit(label_pictures, labelling.home, lane, lambda done, total: None, decoding)
            for lane in lanes
        ]
        both_work.wait(HANG_SECONDS)
        decoding.halt()
        is_halted.set()
    for future in futures:
        with pytest.raises(RunStopped, match="the next one resumes"):
            future.result(HANG_SECONDS)
    stored = len(labels(labelling, "a"))
    assert 8 <= stored < 60
    assert labelling.run(mean_colour(name="a")).items == 60 - stored


def test_a_late_lane_is_halted_too(labelling: Any, mean_colour: Any) -> None:
    """A retried lane ends with the run, whether it has started or not."""
    labelling.store_colours(40)
    pending = [
        StoredPicture(sha256, path)
        for sha256, path in labelling.rows("select sha256, path from pictures order by 1")
    ]
    with SharedDecoder(labelling.home.picture_files, ["a"]) as decoding:
        decoding.leave("a")
        started = decoding.join(mean_colour(name="a"), iter(pending))
        next(started)
        decoding.halt()
        for lane in (started, decoding.join(mean_colour(name="a"), iter(pending))):
            with pytest.raises(RunStopped):
                next(lane)
        with pytest.raises(RunStopped):
            decoding.raise_if_halted()


def test_no_list_is_read_after_a_halt(labelling: Any, mean_colour: Any) -> None:
    """A lane that leaves a stopped run does not start the others."""
    read: list[str] = []

    def pending() -> Iterator[StoredPicture]:
        read.append("a")
        yield from ()

    with SharedDecoder(labelling.home.picture_files, ["a", "slow to load"]) as decoding:
        decoding.halt()
        with pytest.raises(RunStopped):
            next(decoding.join(mean_colour(name="a"), pending()))
        decoding.leave("slow to load")
    assert not read


def test_lanes_that_take_too_long_are_ended(
    labelling: Any, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their labels are stored, and the next run resumes."""
    monkeypatch.setattr("tasks.classify.decoding.LIMIT_SECONDS", -1.0)
    labelling.store_colours(3)
    with pytest.raises(OutOfTime, match="the next run resumes"):
        labelling.run(mean_colour(name="a"))


def test_an_unreadable_picture_holds_no_pixels(labelling: Any, mean_colour: Any, tmp_path: Path) -> None:
    """Only the reason stays in memory until the row is stored."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    (tmp_path / "a.png").write_bytes(data)
    labelling.store(tmp_path / "a.png")
    pending = [StoredPicture(*row) for row in labelling.rows("select sha256, path from pictures")]
    with SharedDecoder(labelling.home.picture_files, ["a"]) as decoding:
        ((_, error),) = decoding.join(mean_colour(name="a"), iter(pending))
    assert isinstance(error, UnreadablePicture)
    assert error.__traceback__ is None and error.__cause__ is None
    assert "broken data stream" in str(error)


def test_an_error_while_listing_pictures_reaches_every_lane(labelling: Any, mean_colour: Any) -> None:
    """No lane takes the broken list for a complete one."""
    labelling.store_colours(8)
    pending = [
        StoredPicture(sha256, path)
        for sha256, path in labelling.rows("select sha256, path from pictures order by 1")
    ]

    def failing() -> Iterator[StoredPicture]:
        yield from pending[:4]
        raise OSError("the disk is gone")

    lists: list[Callable[[], Iterator[StoredPicture]]] = [failing, lambda: iter(pending)]
    with SharedDecoder(labelling.home.picture_files, ["0", "1"]) as decoding, ThreadPoolExecutor() as threads:
        futures = [
            threads.submit(lambda n=n, one=one: list(decoding.join(mean_colour(name=n), one())))
            for n, one in zip("01", lists, strict=True)
        ]
    for future in futures:
        with pytest.raises(OSError, match="the disk is gone"):
            future.result(HANG_SECONDS)


def test_a_lane_is_retried_after_its_list_failed(labelling: Any, mean_colour: Any) -> None:
    """It then gets all its pictures."""
    labelling.store_colours(6)

    def failing() -> Iterator[StoredPicture]:
        raise OSError("the disk is busy")
        yield

    with SharedDecoder(labelling.home.picture_files, ["a"]) as decoding:
        with pytest.raises(OSError, match="the disk is busy"):
            next(decoding.join(mean_colour(name="a"), failing()))
        decoding.raise_if_halted()
        retried = label_pictures(labelling.home, mean_colour(name="a"), lambda done, total: None, decoding)
    assert retried.items == 6
