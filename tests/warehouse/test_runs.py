"""The journal: what ran, and how a run that was cut off goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from warehouse.home import Home
from warehouse.runs import RESUME_WITHIN, WHOLE, Journal, StageResult, begin_run, stage_runs

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def statuses(home: Home) -> dict[str, str]:
    return {row.run_id: row.status for row in stage_runs(home.lake, "stage = ?", [WHOLE])}


def begun(home: Home, now: datetime, *, go_on: bool = True) -> Journal:
    """A run that begins at `now`, by the clock of its row too."""
    journal = begin_run(home.lake, go_on=go_on, now=now)
    if not journal.resumed:
        [row] = journal.rows()
        home.lake.upsert([replace(row, started_at=now)])
    return journal


def test_a_run_is_open_until_it_ends(home: Home) -> None:
    """A new run has a row that runs; when it ends, the row says how, with its numbers and its words."""
    journal = begin_run(home.lake)
    assert not journal.resumed and statuses(home) == {journal.run_id: "running"}
    journal.finish(WHOLE, "", StageResult("incomplete", items=7, failures=2, message="the lane x is missing"))
    [row] = journal.rows()
    assert (row.status, row.items, row.failures, row.message) == (
        "incomplete",
        7,
        2,
        "the lane x is missing",
    )
    assert row.ended_at is not None and row.started_at <= row.ended_at and row.ended_at.tzinfo is UTC


@pytest.mark.parametrize("away", [timedelta(0), RESUME_WITHIN - timedelta(seconds=1)])
def test_a_run_that_was_cut_off_goes_on_under_its_id(home: Home, away: timedelta) -> None:
    """Within twelve hours the next run takes the id of the one that was cut off, and its done stages."""
    first = begun(home, NOON)
    first.start("scrape", "demo")
    first.finish("scrape", "demo", StageResult("done", items=3))
    first.start("fetch")
    again = begun(home, NOON + away)
    assert again.resumed and again.run_id == first.run_id
    assert again.is_done("scrape", "demo") and not again.is_done("fetch") and not again.is_done("scrape")
    assert list(statuses(home).values()) == ["running"]


def test_a_run_that_was_cut_off_long_ago_is_interrupted(home: Home) -> None:
    """After twelve hours it is marked, with the time when that was noticed, and a new run begins."""
    first = begun(home, NOON)
    noticed = NOON + RESUME_WITHIN
    second = begun(home, noticed)
    assert not second.resumed and second.run_id != first.run_id
    assert statuses(home) == {first.run_id: "interrupted", second.run_id: "running"}
    assert first.rows()[0].ended_at == noticed


@pytest.mark.parametrize("status", ["done", "incomplete", "failed"])
def test_a_run_that_ended_does_not_go_on(home: Home, status: str) -> None:
    """However it ended, the next run is a new one, and finds no stage done."""
    first = begun(home, NOON)
    first.finish("scrape", "demo", StageResult("done"))
    first.finish(WHOLE, "", StageResult(status))
    second = begun(home, NOON + timedelta(minutes=1))
    assert not second.resumed and second.run_id != first.run_id and not second.is_done("scrape", "demo")
    assert statuses(home)[first.run_id] == status


def test_of_several_that_were_cut_off_the_youngest_goes_on(home: Home) -> None:
    """A run beside the nightly one leaves it open; the next goes on with the youngest and closes the rest."""
    first = begun(home, NOON)
    beside = begun(home, NOON + timedelta(minutes=5), go_on=False)
    assert beside.run_id != first.run_id and statuses(home)[first.run_id] == "running"
    third = begin_run(home.lake, now=NOON + timedelta(hours=1))
    assert third.resumed and third.run_id == beside.run_id
    assert statuses(home) == {first.run_id: "interrupted", beside.run_id: "running"}


def test_a_stage_that_goes_on_keeps_its_start(home: Home) -> None:
    """A stage that is started again began when it first began, and has one row."""
    journal = begin_run(home.lake)
    journal.start("fetch")
    before = {row.stage: row.started_at for row in journal.rows()}
    journal.start("fetch")
    journal.finish("fetch", "", StageResult("done", items=5))
    assert {row.stage: row.started_at for row in journal.rows()} == before
    assert [row.status for row in journal.rows() if row.stage == "fetch"] == ["done"]


def test_a_lane_that_goes_on_and_then_fails_keeps_the_version_it_had_loaded(home: Home) -> None:
    """Labels of a version that a run did load stay current when the lane goes on and can't load it again."""
    journal = begin_run(home.lake)
    journal.start("classify", "model")
    journal.finish("classify", "model", StageResult("incomplete", version="w1"))
    journal.start("classify", "model")
    assert [row.version for row in journal.rows() if row.lane] == ["w1"]
    journal.finish("classify", "model", StageResult("failed", message="no weights"))
    assert [(row.version, row.status) for row in journal.rows() if row.lane] == [("w1", "failed")]
    journal.finish("classify", "model", StageResult("done", version="w2"))
    assert [row.version for row in journal.rows() if row.lane] == ["w2"]


def test_run_ids_sort_by_time_and_differ(home: Home) -> None:
    """Two runs of one second have two ids, and the ids of a later run sort after those of an earlier."""
    ids = [begin_run(home.lake, go_on=False, now=NOON).run_id for _ in range(3)]
    later = begin_run(home.lake, go_on=False, now=NOON + timedelta(seconds=1)).run_id
    assert len(set(ids)) == 3 and max(ids) < later and later.startswith("20260302T120001Z")
