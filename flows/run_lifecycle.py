"""Beginning and ending a run: the home folder held, the journal begun or gone on with, the summary."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flows.environment import show_own_lines
from flows.settings import Settings
from tasks.errors import EXPECTED, SourceChanged
from tasks.run import Run
from tasks.scrape.spool import Spool
from tasks.scrape.storing import store_spool
from warehouse.home import Home
from warehouse.pending import count_posts
from warehouse.publish import publish
from warehouse.runs import WHOLE, Journal, StageResult, begin_run
from warehouse.tables import StageRun

logger = logging.getLogger(__name__)

WAIT_FOR_OTHER_RUN_SECONDS = 6 * 3600.0


@contextmanager
def begun(settings: Settings, *, go_on: bool = True) -> Iterator[Run]:
    """Hold the home folder for one run; with `go_on`, the one that was cut off, if there is one."""
    show_own_lines()
    home = settings.home
    home.prepare()
    with home.held(WAIT_FOR_OTHER_RUN_SECONDS, waiting=lambda: _say_waiting(home)):
        journal = begin_run(home.lake, go_on=go_on)
        if journal.resumed:
            logger.info("Going on with run %s, which was cut off", journal.run_id)
        if go_on:
            _store_abandoned(settings, journal.run_id)
        yield Run(home, journal)


def has_posts(run: Run) -> bool:
    """Whether there is anything to go on with after the sources were read."""
    return count_posts(run.home.lake) > 0


def conclude(run: Run) -> StageResult:
    """Close the run's row: done, incomplete where a source or lane is, or failed where nothing was published."""
    rows = [row for row in run.journal.rows() if row.stage != WHOLE]
    ended = judge(rows)
    run.journal.finish(WHOLE, "", ended)
    if ended.status != "failed":
        _publish_end(run.home)
    shutil.rmtree(run.home.spool(run.journal.run_id), ignore_errors=True)
    return ended


def _publish_end(home: Home) -> None:
    """Swap the database in once more, so that its table `runs` tells how this run ended."""
    try:
        publish(home)
    except EXPECTED as error:
        logger.warning("The published database does not tell how this run ended: %s", error)


def judge(rows: Sequence[StageRun]) -> StageResult:
    """How a run ended, from its stages: the message has a line for each that is not done."""
    lines = [
        f"{row.stage} {row.lane}".strip() + f": {row.status}. {row.message or ''}"
        for row in rows
        if _bad(row)
    ]
    published = any(row.stage == "publish" and row.status == "done" for row in rows)
    status = "failed" if not published else "incomplete" if lines else "done"
    items = sum(row.items or 0 for row in rows if row.stage == "scrape")
    return StageResult(status, items, len(lines), "\n".join(line.strip() for line in lines))


def _bad(row: StageRun) -> bool:
    return row.status != "done"


def _say_waiting(home: Home) -> None:
    logger.warning("Another run works in %s; waiting until it has ended", home.folder)


def _store_abandoned(settings: Settings, run_id: str) -> None:
    """Store what older runs had read when they were cut off for good: it was seen, so it counts."""
    spools = settings.home.spool(run_id).parent
    for folder in sorted(spools.iterdir()) if spools.exists() else []:
        if folder.name != run_id:
            for file in sorted(folder.glob("*.jsonl")):
                _store_one(settings, folder.name, file)
            shutil.rmtree(folder)


def _store_one(settings: Settings, run_id: str, file: Path) -> None:
    lake, spool = settings.home.lake, Spool(file)
    if spool.last() is None:
        return
    may_lack = next((source.may_lack for source in settings.sources if source.name == file.stem), ())
    try:
        ended = store_spool(lake, file.stem, spool, may_lack=may_lack)
    except SourceChanged as error:
        logger.warning("What run %s had read is left out. %s", run_id, error)
        return
    # With its counts, so that the next reading of the source goes on where this one was cut off.
    Journal(lake, run_id, resumed=False).finish("scrape", file.stem, replace(ended, status="interrupted"))
    logger.info("Stored %d posts that run %s had read from %s", ended.items, run_id, file.stem)
