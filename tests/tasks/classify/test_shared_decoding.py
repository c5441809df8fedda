"""Several lanes of a run: a picture is decoded once for all, and each lane gets what it would get alone."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers import pictures
from classifiers.errors import UnreadablePicture
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, Prepared
from tasks.classify.decoding import BATCHES_AHEAD, Decoding, decoders
from tasks.classify.stage import label_pictures
from tasks.errors import OutOfTime, RunStopped
from warehouse.pending import StoredPicture
from warehouse.runs import StageResult

SECONDS = 30.0


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of all images that are decoded from now on."""
    seen: list[tuple[int, int]] = []
    decode = pictures._upright_rgb

    def counted(image: Image.Image) -> Image.Image:
        seen.append(image.size)
        return decode(image)

    monkeypatch.setattr(pictures, "_upright_rgb", counted)
    return seen


def together(labelling: Any, lanes: Sequence[Any], names: Sequence[str] = ()) -> list[Future[StageResult]]:
    """Run lanes at the same time, as the nightly run does; `names` are those that are expected beside them."""
    expected = [*(lane.name for lane in lanes), *names]
    with Decoding(labelling.home.folder, expected) as decoding, ThreadPoolExecutor() as threads:

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
    """Hash and label of all that a lane stored."""
    return [
        (a, b)
        for a, b in labelling.rows(
            f"select sha256, label from labels where classifier = '{lane}' order by all"
        )
    ]


def test_decoded_once(labelling: Any, mean_colour: Any, decodings: list[tuple[int, int]]) -> None:
    """With three lanes each picture is decoded once, and the lanes say what they would say alone."""
    labelling.store_colours(50)
    lanes = [mean_colour(name=name, batch_size=size) for name, size in (("a", 4), ("b", 7), ("c", 32))]
    assert [one.result().items for one in together(labelling, lanes)] == [50, 50, 50]
    assert len(decodings) == 50
    labelling.run(mean_colour(name="alone"))
    assert (
        labels(labelling, "a")
        == labels(labelling, "b")
        == labels(labelling, "c")
        == labels(labelling, "alone")
    )
    assert len(labels(labelling, "a")) == 50


def test_scales(labelling: Any, mean_colour: Any, decodings: list[tuple[int, int]], tmp_path: Path) -> None:
    """Lanes that want a JPEG at one scale share it; one that wants another gets that, as it would alone."""

    class Small(mean_colour):  # type: ignore[misc]
        exact = False

        def prepare(self, picture: PictureFile) -> Prepared:
            return picture.rgb_array(40, 40, exact=self.exact)

    class Full(Small):
        exact = True

    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg", quality=95)
    labelling.store(tmp_path / "a.jpg")
    for one in together(labelling, [Small(name="small"), Full(name="full"), Small(name="too")]):
        one.result()
    assert sorted(decodings) == [(100, 75), (400, 300)]
    small = Small().prepare(PictureFile(tmp_path / "a.jpg"))
    full = Full().prepare(PictureFile(tmp_path / "a.jpg"))
    assert not np.array_equal(small, full)
    shared = PictureFile(tmp_path / "a.jpg")
    for lane, alone in ((Full(), full), (Small(), small), (Full(), full)):
        np.testing.assert_array_equal(lane.prepare(shared), alone)


def test_different_lists(labelling: Any, mean_colour: Any, decodings: list[tuple[int, int]]) -> None:
    """A lane that has labelled some before waits for the others only, and is not given them again."""
    labelling.store_colours(20)
    labelling.run(mean_colour(name="old"))
    with pytest.raises(RuntimeError, match="out of order"):
        labelling.run(mean_colour(name="half", batch_size=4, stop_at=3))
    decodings.clear()
    lanes = [mean_colour(name=name) for name in ("old", "half", "new")]
    assert [one.result().items for one in together(labelling, lanes)] == [0, 12, 20]
    assert len(decodings) == 20
    assert (
        len(labels(labelling, "old")) == len(labels(labelling, "half")) == len(labels(labelling, "new")) == 20
    )


def test_broken_lanes(labelling: Any, mean_colour: Any) -> None:
    """A lane that never comes, one whose model breaks down and one that can't prepare cost the others nothing."""

    class Clumsy(mean_colour):  # type: ignore[misc]
        def prepare(self, picture: PictureFile) -> Prepared:
            raise KeyError("a mistake")

    labelling.store_colours(60)
    lanes = [
        mean_colour(name="broken", batch_size=4, stop_at=2),
        Clumsy(name="clumsy"),
        mean_colour(name="good"),
    ]
    broken, clumsy, good = together(labelling, lanes, names=["unavailable"])
    with pytest.raises(RuntimeError, match="out of order"):
        broken.result()
    with pytest.raises(KeyError, match="a mistake"):
        clumsy.result()
    assert good.result().items == len(labels(labelling, "good")) == 60
    assert len(labels(labelling, "broken")) == 4


def test_late(labelling: Any, mean_colour: Any) -> None:
    """A lane that is tried again while the others are under way gets all its pictures."""
    labelling.store_colours(10)
    with Decoding(labelling.home.folder, ["a"]) as decoding:
        assert (
            label_pictures(labelling.home, mean_colour(name="a"), lambda done, total: None, decoding).items
            == 10
        )
        assert (
            label_pictures(labelling.home, mean_colour(name="b"), lambda done, total: None, decoding).items
            == 10
        )


def test_pace(labelling: Any, mean_colour: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The pace that a lane tells is its own: that it waited for another's model to be loaded is not in it."""
    labelling.store_colours(60)
    caplog.set_level("INFO", "tasks.classify.stage")
    with Decoding(labelling.home.folder, ["a", "slow to load"]) as decoding, ThreadPoolExecutor() as threads:
        lane = threads.submit(
            label_pictures, labelling.home, mean_colour(name="a"), lambda done, total: None, decoding
        )
        threading.Event().wait(2.0)
        decoding.leave("slow to load")
        assert lane.result(SECONDS).items == 60
    told = re.search(r"; ([0-9,.]+) a second", caplog.text)
    assert told and float(told[1].replace(",", "")) > 60 / 2.0


def test_bounded(labelling: Any, mean_colour: Any) -> None:
    """A fast lane waits for a slow one: what is decoded ahead stays bounded."""
    lock, prepared, taken = threading.Lock(), 0, 0
    most = 0

    class Slow(mean_colour):  # type: ignore[misc]
        def prepare(self, picture: PictureFile) -> Prepared:
            nonlocal prepared, most
            with lock:
                prepared += 1
                most = max(most, prepared - taken)
            return super().prepare(picture)

        def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
            nonlocal taken
            threading.Event().wait(0.02)
            with lock:
                taken += len(batch)
            return list(super().label(batch))

    labelling.store_colours(120)
    for one in together(
        labelling, [Slow(name="slow", batch_size=4), mean_colour(name="fast", batch_size=32)]
    ):
        assert one.result().items == 120
    # Beyond those ahead: a batch at the model, and one that waits for it or is being put together.
    assert most <= BATCHES_AHEAD * 4 + decoders() + 3 * 4


def test_halted(labelling: Any, mean_colour: Any) -> None:
    """When the run is stopped all lanes end, say so, and keep what they had labelled."""
    begun = threading.Event()

    class Watched(mean_colour):  # type: ignore[misc]
        def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
            if len(self.batches) >= 2:
                begun.set()
            threading.Event().wait(0.01)
            return list(super().label(batch))

    labelling.store_colours(400)
    lanes = [Watched(name="a"), Watched(name="b")]
    with ThreadPoolExecutor() as threads, Decoding(labelling.home.folder, ["a", "b"]) as decoding:
        futures = [
            threads.submit(label_pictures, labelling.home, lane, lambda done, total: None, decoding)
            for lane in lanes
        ]
        assert begun.wait(SECONDS)
        decoding.halt()
    for future in futures:
        with pytest.raises(RunStopped, match="the next one resumes"):
            future.result(SECONDS)
    kept = len(labels(labelling, "a"))
    assert 8 <= kept < 400
    assert labelling.run(mean_colour(name="a")).items == 400 - kept


def test_late_lane_is_halted(labelling: Any, mean_colour: Any) -> None:
    """A lane that is tried again ends with the run too, whether it had begun by then or not."""
    labelling.store_colours(40)
    waiting = [
        StoredPicture(sha256, path)
        for sha256, path in labelling.rows("select sha256, path from pictures order by 1")
    ]
    with Decoding(labelling.home.folder, ["a"]) as decoding:
        decoding.leave("a")
        under_way = decoding.join(mean_colour(name="a"), iter(waiting))
        next(under_way)
        decoding.halt()
        for lane in (under_way, decoding.join(mean_colour(name="a"), iter(waiting))):
            with pytest.raises(RunStopped):
                next(lane)
        with pytest.raises(RunStopped):
            decoding.raise_if_halted()


def test_out_of_time(labelling: Any, mean_colour: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes that take too long are ended with what they have, and the next run resumes."""
    monkeypatch.setattr("tasks.classify.decoding.LIMIT_SECONDS", -1.0)
    labelling.store_colours(3)
    with pytest.raises(OutOfTime, match="the next run resumes"):
        labelling.run(mean_colour(name="a"))


def test_unreadable_holds_no_pixels(labelling: Any, mean_colour: Any, tmp_path: Path) -> None:
    """A picture that can't be decoded keeps nothing in memory but the reason while it waits to be noted."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    (tmp_path / "a.png").write_bytes(data)
    labelling.store(tmp_path / "a.png")
    waiting = [StoredPicture(*row) for row in labelling.rows("select sha256, path from pictures")]
    with Decoding(labelling.home.folder, ["a"]) as decoding:
        ((_, found),) = decoding.join(mean_colour(name="a"), iter(waiting))
    assert isinstance(found, UnreadablePicture)
    assert found.__traceback__ is None and found.__cause__ is None
    assert "broken data stream" in str(found)


def test_list_breaks_off(labelling: Any, mean_colour: Any) -> None:
    """Where the list of what waits can't be read on, no lane takes that for its end."""
    labelling.store_colours(8)
    waiting = [
        StoredPicture(sha256, path)
        for sha256, path in labelling.rows("select sha256, path from pictures order by 1")
    ]

    def breaks_off() -> Iterator[StoredPicture]:
        yield from waiting[:4]
        raise OSError("the disk is gone")

    lists: list[Callable[[], Iterator[StoredPicture]]] = [breaks_off, lambda: iter(waiting)]
    with Decoding(labelling.home.folder, ["0", "1"]) as decoding, ThreadPoolExecutor() as threads:
        futures = [
            threads.submit(lambda n=n, one=one: list(decoding.join(mean_colour(name=n), one())))
            for n, one in zip("01", lists, strict=True)
        ]
    for future in futures:
        with pytest.raises(OSError, match="the disk is gone"):
            future.result(SECONDS)


def test_tried_again_after_a_list_broke_off(labelling: Any, mean_colour: Any) -> None:
    """A lane whose list broke off may be tried again, and then gets all its pictures."""
    labelling.store_colours(6)

    def breaks_off() -> Iterator[StoredPicture]:
        raise OSError("the disk is busy")
        yield

    with Decoding(labelling.home.folder, ["a"]) as decoding:
        with pytest.raises(OSError, match="the disk is busy"):
            next(decoding.join(mean_colour(name="a"), breaks_off()))
        decoding.raise_if_halted()
        again = label_pictures(labelling.home, mean_colour(name="a"), lambda done, total: None, decoding)
    assert again.items == 6
