"""Decoding, model and storing overlap, and their memory is bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from tasks.classify.decoding import BATCHES_AHEAD, decoders
from tasks.classify.storing import STORE_SECONDS, Portion
from tasks.run import Run, run_stage
from warehouse.records.runs import Journal

HANG_SECONDS = 600.0


def test_pictures_are_decoded_while_the_model_works(labelling: Any, mean_colour: Any) -> None:
    """While the model works on a batch, the next ones are decoded, up to a limit."""

    class Slow(mean_colour):  # type: ignore[misc]
        prepared = 0
        changed = threading.Condition()

        def prepare(self, picture: PictureFile) -> PreparedPicture:
            with self.changed:
                Slow.prepared += 1
                self.changed.notify_all()
            return super().prepare(picture)

        def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
            labelled = 4 * (len(self.batches) + 1)
            expected = min(100, labelled + 4)
            with self.changed:
                assert self.changed.wait_for(lambda: Slow.prepared >= expected, HANG_SECONDS)
                # One batch is at the model and one waits for it; the others are decoded ahead.
                assert Slow.prepared <= labelled + 2 * 4 + BATCHES_AHEAD * 4 + decoders()
            return list(super().label(batch))

    labelling.store_colours(100)
    assert labelling.run(Slow(batch_size=4)).items == 100


def test_the_model_works_while_labels_are_stored(
    labelling: Any, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model gets its next batch while a portion is being stored."""
    monkeypatch.setattr("tasks.classify.storing.STORE_PICTURES", 20)
    storing, called = threading.Event(), threading.Event()
    append = type(labelling.home.lake).append_columns

    def slow_append(lake: Any, table_name: str, columns: Any) -> int:
        if not storing.is_set():
            storing.set()
            assert called.wait(HANG_SECONDS), "the model waits for the labels to be stored"
        return int(append(lake, table_name, columns))

    class Watched(mean_colour):  # type: ignore[misc]
        def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
            # The first portion has five batches; it is submitted before the seventh batch gets here.
            if len(self.batches) >= 6 and storing.wait(HANG_SECONDS):
                called.set()
            return list(super().label(batch))

    monkeypatch.setattr(type(labelling.home.lake), "append_columns", slow_append)
    labelling.store_colours(40)
    assert labelling.run(Watched(batch_size=4)).items == 40
    assert labelling.rows("select count(*), count(distinct sha256) from labels") == [(40, 40)]


def test_labels_before_a_failure_are_stored(labelling: Any, mean_colour: Any) -> None:
    """After an error of the model, earlier labels are stored although no portion is full."""
    labelling.store_colours(20)
    with pytest.raises(ClassifierUnavailable, match="out of order"):
        labelling.run(mean_colour(batch_size=4, stop_at=3))
    assert labelling.rows("select count(*) from labels") == [(8,)]
    assert labelling.run(mean_colour(batch_size=4)).items == 12


def test_an_error_of_the_model_is_one_line_without_a_traceback(labelling: Any, mean_colour: Any) -> None:
    """The lane fails with the model's error, its name and advice; a task shows no traceback for it."""
    labelling.store_colours(3)

    class Broken(mean_colour):  # type: ignore[misc]
        def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
            raise MemoryError("no memory\nfor 3 pictures")

    run = Run(labelling.home, Journal(labelling.home.lake, "run", resumed=False))
    state = run_stage(run, "classify", "mean", lambda: labelling.run(Broken()))
    assert state.is_failed()
    assert state.message.startswith(
        "mean can't label pictures (MemoryError: no memory for 3 pictures). Run again"
    )


def test_labels_of_a_slow_classifier_are_stored_by_time() -> None:
    """A portion of few pictures is due when it is old enough; an empty one never is."""
    now = time.monotonic()
    assert not Portion(pictures=1, started=now).is_due
    assert Portion(pictures=1, started=now - STORE_SECONDS - 1).is_due
    assert not Portion(started=now - STORE_SECONDS - 1).is_due


def test_a_classifier_with_several_callers_keeps_labels_with_their_pictures(
    labelling: Any, mean_colour: Any
) -> None:
    """Two batches are at the model at once, as on a GPU."""

    class TwoAtOnce(mean_colour):  # type: ignore[misc]
        callers = 2
        both_called = threading.Barrier(2)

        def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
            self.both_called.wait(HANG_SECONDS)
            return list(super().label(batch))

    labelling.store_colours(48)
    labelling.run(TwoAtOnce(batch_size=4))
    rows = labelling.rows("select label, path from labels join pictures using (sha256)")
    assert len({label for label, _ in rows}) == len(rows) == 48
