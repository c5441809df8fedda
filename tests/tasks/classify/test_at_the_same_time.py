"""Decoding, the model and storing go on at the same time, and what they hold is bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from classifiers.pictures import PictureFile
from classifiers.protocol import Label, Prepared
from tasks.classify.decoding import BATCHES_AHEAD, decoders
from tasks.classify.storing import STORE_SECONDS, Portion

SECONDS = 20.0


def test_decoding_goes_on_while_the_model_works(labelling: Any, mean_colour: Any) -> None:
    """While a batch is at the model the next ones are decoded, but no more than a bounded number."""

    class Slow(mean_colour):  # type: ignore[misc]
        prepared = 0
        lock = threading.Lock()

        def prepare(self, picture: PictureFile) -> Prepared:
            with self.lock:
                Slow.prepared += 1
            return super().prepare(picture)

        def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
            given = 4 * (len(self.batches) + 1)
            wanted = min(100, given + 4)
            until = time.monotonic() + SECONDS
            while Slow.prepared < wanted and time.monotonic() < until:
                time.sleep(0.005)
            assert Slow.prepared >= wanted, "nothing is decoded while the model works"
            time.sleep(0.02)
            # One batch is at the model and one waits for it; beyond are those that are decoded ahead.
            assert Slow.prepared <= given + 2 * 4 + BATCHES_AHEAD * 4 + decoders()
            return list(super().label(batch))

    labelling.store_colours(100)
    ended = labelling.run(Slow(batch_size=4))
    assert ended.items == 100


def test_the_model_goes_on_while_labels_are_stored(
    labelling: Any, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model gets its next batch while a portion is being stored."""
    monkeypatch.setattr("tasks.classify.storing.STORE_PICTURES", 20)
    storing, asked = threading.Event(), threading.Event()
    append = type(labelling.home.lake).append

    def slow_append(lake: Any, rows: Any) -> int:
        if rows and not storing.is_set():
            storing.set()
            assert asked.wait(SECONDS), "the model waits until labels are stored"
        return int(append(lake, rows))

    class Watched(mean_colour):  # type: ignore[misc]
        def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
            # The first portion, of five batches, is handed over before the seventh batch comes here.
            if len(self.batches) >= 6 and storing.wait(SECONDS):
                asked.set()
            return list(super().label(batch))

    monkeypatch.setattr(type(labelling.home.lake), "append", slow_append)
    storing.set()
    labelling.store_colours(40)
    storing.clear()
    assert labelling.run(Watched(batch_size=4)).items == 40
    assert labelling.rows("select count(*), count(distinct sha256) from labels") == [(40, 40)]


def test_what_was_labelled_counts(labelling: Any, mean_colour: Any) -> None:
    """Where the model breaks down, what it had labelled before is stored though no portion was full."""
    labelling.store_colours(20)
    with pytest.raises(RuntimeError, match="out of order"):
        labelling.run(mean_colour(batch_size=4, stop_at=3))
    assert labelling.rows("select count(*) from labels") == [(8,)]
    assert labelling.run(mean_colour(batch_size=4)).items == 12


def test_slow_classifiers_are_stored_by_time() -> None:
    """A portion of few pictures is stored when it is old enough, an empty one never."""
    now = time.monotonic()
    assert not Portion(pictures=1, started=now).is_due
    assert Portion(pictures=1, started=now - STORE_SECONDS - 1).is_due
    assert not Portion(started=now - STORE_SECONDS - 1).is_due


def test_several_callers(labelling: Any, mean_colour: Any) -> None:
    """A classifier that takes two batches at once, as a GPU does, gets each picture's labels to its picture."""

    class TwoAtOnce(mean_colour):  # type: ignore[misc]
        callers = 2
        meet = threading.Barrier(2)

        def label(self, batch: Sequence[Prepared]) -> list[list[Label]]:
            self.meet.wait(SECONDS)
            return list(super().label(batch))

    labelling.store_colours(48)
    labelling.run(TwoAtOnce(batch_size=4))
    found = labelling.rows("select label, path from labels join pictures using (sha256)")
    assert len({label for label, _ in found}) == len(found) == 48
