"""The journal: the table `runs`, and how an interrupted run is resumed.

A run that was killed or cancelled leaves its row (stage `run`) at `running`. The next run on the same home folder
resumes it under its id if it began less than `RESUME_WITHIN` ago, and skips the stages that are done. It closes an
older one as `interrupted`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from warehouse.schema.run_tables import StageRun
from warehouse.storage.lake import Lake

RESUME_WITHIN = timedelta(hours=12)
RUN_STAGE = "run"
"""The stage name of the row for the run itself."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """Result of a stage or lane: `status` is done, incomplete or failed; `message` is for the user.

    `version` is the classifier's, for lanes of the stages classify and tag. `counts` is JSON for `runs.counts`.
    """

    status: str
    items: int = 0
    failures: int = 0
    message: str = ""
    version: str | None = None
    counts: str | None = None


class Journal:
    """The rows of one run."""

    def __init__(self, lake: Lake, run_id: str, resumed: bool) -> None:
        self.lake = lake
        self.run_id = run_id
        self.resumed = resumed

    def start(self, stage: str, lane: str = "", counts: str | None = None) -> None:
        """Record that a stage begins. A resumed stage keeps its start time and version."""
        empty = dict.fromkeys(("ended_at", "items", "failures", "message", "version"))
        self._record(stage, lane, ["started_at", "version"], status="running", counts=counts, **empty)

    def finish(self, stage: str, lane: str, ended: StageResult) -> None:
        """Record the result of a stage. Without a version, or counts, the recorded ones stay."""
        values = {**asdict(ended), "ended_at": datetime.now(UTC), "message": ended.message or None}
        keep = [name for name in ("version", "counts") if values[name] is None]
        self._record(stage, lane, ["started_at", *keep], **values)

    def is_done(self, stage: str, lane: str = "") -> bool:
        """Whether this run completed the stage before it was interrupted."""
        return any(r.stage == stage and r.lane == lane and r.status == "done" for r in self.rows())

    def rows(self) -> list[StageRun]:
        """Rows of this run, oldest first."""
        return stage_runs(self.lake, "run_id = ?", [self.run_id])

    def _record(self, stage: str, lane: str, keep: list[str], **values: Any) -> None:
        now = datetime.now(UTC)
        row = StageRun(run_id=self.run_id, stage=stage, lane=lane, started_at=now, **values)
        self.lake.upsert([row], keep)


def begin_run(
    lake: Lake, *, go_on: bool = True, now: datetime | None = None, own: Collection[str] | None = None
) -> Journal:
    """Resume the interrupted run, or begin a new one. The caller holds the lock of the home folder.

    Without `go_on` a new run begins, and an interrupted one stays open for the next call. Where several machines share
    a home, `own` are the runs of this one: another machine's recent run may be under way, and is left alone.
    """
    now = now or datetime.now(UTC)
    if not go_on:
        return _new_run(lake, now)
    open_runs = stage_runs(lake, "stage = ? and status = 'running'", [RUN_STAGE])
    # A run of the maintenance has none of the stages that a night resumes.
    maintenance = {row.run_id for row in stage_runs(lake, "stage = 'maintain'")}
    recent = [
        row for row in open_runs if now - row.started_at < RESUME_WITHIN and row.run_id not in maintenance
    ]
    mine = recent if own is None else [row for row in recent if row.run_id in own]
    current = mine[-1] if mine else None
    open_elsewhere = {row.run_id for row in open_runs if is_recent_elsewhere(row, own, now)}
    closed = [
        replace(row, status="interrupted", ended_at=now)
        for row in open_runs
        if row is not current and row.run_id not in open_elsewhere
    ]
    lake.upsert(closed)
    if current is not None:
        return Journal(lake, current.run_id, resumed=True)
    return _new_run(lake, now)


def runs_elsewhere(lake: Lake, own: Collection[str], now: datetime | None = None) -> list[StageRun]:
    """Runs of other machines that began recently and have not ended: they are under way, or were killed."""
    now = now or datetime.now(UTC)
    open_runs = stage_runs(lake, "stage = ? and status = 'running'", [RUN_STAGE])
    return [row for row in open_runs if is_recent_elsewhere(row, own, now)]


def is_recent_elsewhere(row: StageRun, own: Collection[str] | None, now: datetime) -> bool:
    """Whether an open run is of another machine, and began so recently that it may be under way."""
    return own is not None and row.run_id not in own and now - row.started_at < RESUME_WITHIN


def _new_run(lake: Lake, now: datetime) -> Journal:
    journal = Journal(lake, f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", resumed=False)
    journal.start(RUN_STAGE)
    return journal


def forget_in_runs(lake: Lake, account: str, ids: Collection[str]) -> None:
    """Remove messages that name the account, its posts or its pictures, and the address of its next page.

    `ids` are those of the posts, and the hashes of the pictures. The rows stay.
    """
    name, known = re.compile(rf"(?<!\w){re.escape(account)}(?!\w)"), set(ids)

    def is_named(text: str) -> bool:
        return name.search(text) is not None or not known.isdisjoint(re.findall(r"[\w-]+", text))

    changed = []
    for row in stage_runs(lake, "message is not null or counts is not null"):
        counts = json.loads(row.counts or "{}")
        if is_named(str(counts.get("resume_at"))):
            del counts["resume_at"]
        message = None if is_named(row.message or "") else row.message
        changed.append(replace(row, message=message, counts=json.dumps(counts) if row.counts else None))
    lake.upsert(changed)


def stage_runs(lake: Lake, where: str = "true", values: list[str] | None = None) -> list[StageRun]:
    """Rows of the table `runs` that satisfy an SQL condition, oldest first."""
    query = f"select * from runs where {where} order by started_at, stage, lane"
    with lake.reader(query) as reader:
        return StageRun.fetch(reader.execute(query, values or []))
