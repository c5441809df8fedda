"""The journal of runs, and how an interrupted run is resumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from warehouse.home import Home
from warehouse.records.runs import (
    RESUME_WITHIN,
    RUN_STAGE,
    Journal,
    StageResult,
    begin_run,
    forget_in_runs,
    runs_elsewhere,
    stage_runs,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def statuses(home: Home) -> dict[str, str]:
    return {row.run_id: row.status for row in stage_runs(home.lake, "stage = ?", [RUN_STAGE])}


def begin(home: Home, now: datetime, *, go_on: bool = True) -> Journal:
    """Begin a run at `now`, also by the time in its row."""
    journal = begin_run(home.lake, go_on=go_on, now=now)
    if not journal.resumed:
        [row] = journal.rows()
        home.lake.upsert([replace(row, started_at=now)])
    return journal


def test_a_run_has_the_status_running_until_it_ends(home: Home) -> None:
    """The row of a new run is `running`; at its end it has the result, its numbers and its message."""
    journal = begin_run(home.lake)
    assert not journal.resumed and statuses(home) == {journal.run_id: "running"}
    journal.finish(
        RUN_STAGE, "", StageResult("incomplete", items=7, failures=2, message="the lane x is missing")
    )
    [row] = journal.rows()
    assert (row.status, row.items, row.failures, row.message) == (
        "incomplete",
        7,
        2,
        "the lane x is missing",
    )
    assert row.ended_at is not None and row.started_at <= row.ended_at and row.ended_at.tzinfo is UTC


@pytest.mark.parametrize("away", [timedelta(0), RESUME_WITHIN - timedelta(seconds=1)])
def test_an_interrupted_run_is_resumed_under_its_id(home: Home, away: timedelta) -> None:
    """Within twelve hours the next run has the id and the completed stages of the interrupted one."""
    first = begin(home, NOON)
    first.start("scrape", "demo")
    first.finish("scrape", "demo", StageResult("done", items=3))
    first.start("fetch")
    again = begin(home, NOON + away)
    assert again.resumed and again.run_id == first.run_id
    assert again.is_done("scrape", "demo") and not again.is_done("fetch") and not again.is_done("scrape")
    assert list(statuses(home).values()) == ["running"]


def test_a_run_that_was_cut_off_long_ago_is_closed_as_interrupted(home: Home) -> None:
    """After twelve hours a new run closes it, with the current time, and begins under a new id."""
    first = begin(home, NOON)
    noticed = NOON + RESUME_WITHIN
    second = begin(home, noticed)
    assert not second.resumed and second.run_id != first.run_id
    assert statuses(home) == {first.run_id: "interrupted", second.run_id: "running"}
    assert first.rows()[0].ended_at == noticed


@pytest.mark.slow
def test_a_run_that_ended_is_not_resumed(home: Home) -> None:
    """With any status, the next run is a new one without completed stages."""
    run = begin(home, NOON)
    for minutes, status in enumerate(("done", "incomplete", "failed"), start=1):
        run.finish("scrape", "demo", StageResult("done"))
        run.finish(RUN_STAGE, "", StageResult(status))
        following = begin(home, NOON + timedelta(minutes=minutes))
        assert not following.resumed and following.run_id != run.run_id
        assert not following.is_done("scrape", "demo") and statuses(home)[run.run_id] == status
        run = following


def test_a_killed_maintenance_is_closed_and_not_resumed(home: Home) -> None:
    """A night would skip its own stages and report the maintenance as incomplete."""
    killed = begin(home, NOON, go_on=False)
    killed.start("maintain")
    night = begin(home, NOON + timedelta(hours=1))
    assert not night.resumed and statuses(home) == {killed.run_id: "interrupted", night.run_id: "running"}


def test_messages_that_name_an_account_its_posts_or_pictures_are_forgotten(home: Home) -> None:
    """Their rows and all other messages stay, also of accounts whose name begins with the same letters."""
    run = begin(home, NOON)
    texts = (
        "http://x.org/ann can't be read",
        "post 123-456 has no page",
        "annabel is private",
        "3 gone",
        "pictures/ab/abc.small.webp",
    )
    for number, text in enumerate(texts):
        counts = '{"posts": 2, "resume_at": "http://x.org/ann?page=2"}' if number == 3 else None
        run.finish("scrape", str(number), StageResult("incomplete", items=1, message=text, counts=counts))
    forget_in_runs(home.lake, "ann", ["123-456", "9", "abc"])
    found = {row.lane: (row.message, row.counts) for row in run.rows() if row.stage == "scrape"}
    assert found == {
        "0": (None, None),
        "1": (None, None),
        "2": ("annabel is private", None),
        "3": ("3 gone", '{"posts": 2}'),
        "4": (None, None),
    }


def test_of_several_interrupted_runs_the_newest_is_resumed(home: Home) -> None:
    """A run without resuming leaves the open run; the next run resumes the newest and closes the others."""
    first = begin(home, NOON)
    beside = begin(home, NOON + timedelta(minutes=5), go_on=False)
    assert beside.run_id != first.run_id and statuses(home)[first.run_id] == "running"
    third = begin_run(home.lake, now=NOON + timedelta(hours=1))
    assert third.resumed and third.run_id == beside.run_id
    assert statuses(home) == {first.run_id: "interrupted", beside.run_id: "running"}


def test_a_resumed_stage_keeps_its_start_time(home: Home) -> None:
    """A stage that starts again has one row, with its first start time."""
    journal = begin_run(home.lake)
    journal.start("fetch")
    before = {row.stage: row.started_at for row in journal.rows()}
    journal.start("fetch")
    journal.finish("fetch", "", StageResult("done", items=5))
    assert {row.stage: row.started_at for row in journal.rows()} == before
    assert [row.status for row in journal.rows() if row.stage == "fetch"] == ["done"]


def test_a_resumed_lane_that_fails_keeps_its_recorded_version(home: Home) -> None:
    """Labels of a loaded version stay current when the resumed lane can't load it again."""
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
    """Runs of the same second have different ids, and the id of a later run sorts after the earlier ones."""
    ids = [begin_run(home.lake, go_on=False, now=NOON).run_id for _ in range(3)]
    later = begin_run(home.lake, go_on=False, now=NOON + timedelta(seconds=1)).run_id
    assert len(set(ids)) == 3 and max(ids) < later and later.startswith("20260302T120001Z")


def test_a_run_of_another_machine_is_left_alone_while_it_may_work(home: Home) -> None:
    """Of two open runs this machine resumes its own; after twelve hours it closes the other one too."""
    elsewhere = begin(home, NOON)
    own = begin_run(home.lake, now=NOON + timedelta(minutes=1), own=())
    assert not own.resumed and set(statuses(home).values()) == {"running"}
    mine = {own.run_id}
    assert begin_run(home.lake, now=NOON + timedelta(hours=1), own=mine).run_id == own.run_id
    assert [row.run_id for row in runs_elsewhere(home.lake, mine, NOON + timedelta(hours=1))] == [
        elsewhere.run_id
    ]
    begin_run(home.lake, now=NOON + RESUME_WITHIN, own=mine)
    assert statuses(home)[elsewhere.run_id] == "interrupted"
