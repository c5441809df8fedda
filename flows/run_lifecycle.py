"""Open and close a run: the lock of the home folder, the journal, the summary."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from flows.environment import enable_own_logs
from flows.errors import SettingsError
from flows.settings import Settings
from tasks.errors import EXPECTED
from tasks.run import Run
from tasks.scrape.abandoned import store_abandoned_spools
from tasks.stage_events import StageName
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.pending import count_posts
from warehouse.records.runs import RUN_STAGE, Journal, StageResult, begin_run, runs_elsewhere
from warehouse.schema.run_tables import StageRun

logger = logging.getLogger(__name__)

WAIT_FOR_OTHER_RUN_SECONDS = 6 * 3600.0
PART_STAGE = "part"
"""The stage of the row of a part of a night on several machines."""


@contextmanager
def open_run(settings: Settings, *, resume: bool = True) -> Iterator[Run]:
    """Hold the home folder for one run; with `resume`, for the interrupted run where there is one."""
    enable_own_logs()
    home = settings.home
    home.prepare()
    with home.held(WAIT_FOR_OTHER_RUN_SECONDS, waiting=lambda: _log_waiting(home)):
        own = home.own_runs()
        if own is not None:
            _log_runs_elsewhere(home, own)
        journal = begin_run(home.lake, go_on=resume, own=own)
        home.note_run(journal.run_id)
        if journal.resumed:
            logger.info("Resuming run %s, which was interrupted", journal.run_id)
        if resume:
            store_abandoned_spools(home, journal.run_id, settings.sources)
        try:
            yield Run(home, journal)
        finally:
            home.share_state()


@contextmanager
def join_run(settings: Settings, run_id: str) -> Iterator[Run]:
    """Hold the home folder for a part of an open run. Raises `SettingsError` if the folder does not know the run."""
    enable_own_logs()
    home = settings.home
    home.prepare()
    journal = Journal(home.lake, run_id, resumed=True)
    if not journal.rows():
        raise SettingsError(
            f"The home {home.location} has no run {run_id}. This machine does not share the home folder of the"
            " one that started the night: mount it, or set home (or LIKELENS_HOME) to where it is mounted here."
        )
    with home.held(WAIT_FOR_OTHER_RUN_SECONDS, waiting=lambda: _log_waiting(home)):
        try:
            yield Run(home, journal)
        finally:
            home.share_state()


def has_posts(run: Run) -> bool:
    """Return whether any post is stored; without one the later stages have nothing to do."""
    return count_posts(run.home.lake) > 0


def take_over_parts(run: Run) -> None:
    """Close the parts of a night on several machines that this run resumed alone, with all their stages."""
    for row in run.journal.rows():
        if row.stage == PART_STAGE and row.status != "done":
            message = (
                f"This run was resumed on one machine. Before that: {row.status}. {row.message or ''}".strip()
            )
            run.journal.finish(PART_STAGE, row.lane, StageResult("done", message=message))


def close_run(run: Run) -> StageResult:
    """Write the run's result to the journal, and remove its spools."""
    result = summarize([row for row in run.journal.rows() if row.stage != RUN_STAGE])
    run.journal.finish(RUN_STAGE, "", result)
    if result.status != "failed":
        _publish_result(run.home)
    shutil.rmtree(run.home.spool(run.journal.run_id), ignore_errors=True)
    return result


def _publish_result(home: Home) -> None:
    """Publish once more, so that the table `runs` has the result of this run."""
    try:
        publish(home)
    except EXPECTED as error:
        logger.warning("The published database does not have the result of this run: %s", error)


def summarize(rows: Sequence[StageRun]) -> StageResult:
    """Compute a run's result from its stages; the message has a line for each stage that is not done."""
    lines = describe_open_stages(rows)
    published = any(row.stage == "publish" and row.status == "done" for row in rows)
    status = "failed" if not published else "incomplete" if lines else "done"
    items = sum(row.items or 0 for row in rows if row.stage == "scrape")
    return StageResult(status, items, len(lines), "\n".join(lines))


def describe_open_stages(rows: Sequence[StageRun]) -> list[str]:
    """A line for each stage that is not done."""
    return [
        f"{StageName(row.stage, row.lane)}: {row.status}. {row.message or ''}".strip()
        for row in rows
        if row.status != "done"
    ]


def _log_runs_elsewhere(home: Home, own: Collection[str]) -> None:
    for row in runs_elsewhere(home.lake, own):
        logger.info(
            "Another machine began run %s in %s at %s UTC; it is under way or was cut off, and this run goes on beside it",
            row.run_id,
            home.location,
            f"{row.started_at:%Y-%m-%d %H:%M}",
        )


def _log_waiting(home: Home) -> None:
    logger.warning("Another run holds %s; waiting until it has ended", home.folder)
