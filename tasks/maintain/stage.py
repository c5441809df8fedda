"""Smaller copies, leftover files, the checks of everything that is stored, and the tables."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tasks.maintain.options import MaintainOptions
from tasks.maintain.originals import reduce_originals
from warehouse.database.checks import check_lake, checks_as_json, describe_checks, problems_of
from warehouse.disk_space import require_free_space
from warehouse.home import Home
from warehouse.records.runs import StageResult
from warehouse.schema.tables import TABLES
from warehouse.upkeep.former_caches import remove_former_caches
from warehouse.upkeep.picture_files import PictureFindings, check_pictures, remove_leftovers

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def maintain_home(home: Home, options: MaintainOptions, progress: Progress) -> StageResult:
    """Do all of it. The result is incomplete if pictures are missing or damaged, failed if rows are wrong.

    The caller publishes afterwards, unless it failed: the derived tables are written again then. Without a publish
    the published database may be older than the days of history, so no file that it reads is deleted before the checks.
    """
    done = _make_room(home, options, progress)
    results = check_lake(home.lake, options.limits)
    counts = checks_as_json(results)
    rows = sum(result.rows for result in results)
    if problems := problems_of(results):
        message = "\n  - ".join(["The stored rows are not right. What to do: docs/operations.md.", *problems])
        return StageResult("failed", rows, len(problems), message, counts=counts)
    done += _tidy_tables(home, options.history_days)
    logger.info("%s", " ".join(done))
    pictures = check_pictures(home, check_all=options.check_all_pictures, progress=progress)
    done.append(f"{pictures.checked:,} pictures were compared with their hash.")
    require_free_space(home.folder)
    for table in TABLES.values():
        if table.derived:
            home.lake.reset(table.name)
    findings = _describe_findings(pictures)
    sentences = [*findings, describe_checks(counts), *done]
    status = "incomplete" if findings else "done"
    failures = pictures.number_missing + len(pictures.damaged)
    return StageResult(status, rows, failures, " ".join(sentences), counts=counts)


def _make_room(home: Home, options: MaintainOptions, progress: Progress) -> list[str]:
    sentences = []
    if options.originals_days is not None:
        before = datetime.now(UTC) - timedelta(days=options.originals_days)
        reduction = reduce_originals(home, before, progress)
        sentences.append(
            f"{reduction.copies:,} originals were replaced by smaller copies ({_megabytes(reduction.saved)} less)."
        )
    number, size = remove_leftovers(home)
    if number:
        sentences.append(f"{number:,} files that no row names were deleted ({_megabytes(size)}).")
    number, size = remove_former_caches(home.folder)
    if number:
        sentences.append(f"{number:,} files of a former version's cache were deleted ({_megabytes(size)}).")
    return sentences


def _tidy_tables(home: Home, history_days: int) -> list[str]:
    """Merge small files, write checkpoints, and delete files that no version of the last days needs."""
    lake, hours = home.lake, 24 * history_days
    before = sum(len(lake.files(name)) for name in TABLES)
    lake.tidy(hours)
    deleted = 0
    for name in TABLES:
        deleted += lake.vacuum(name, hours)
    now = sum(len(lake.files(name)) for name in TABLES)
    what = f"{deleted:,} files that no version of the last {history_days} days needs were deleted"
    return [f"The tables have {now:,} files ({before:,} before); {what}."]


def _describe_findings(pictures: PictureFindings) -> list[str]:
    found = (
        (pictures.number_missing, pictures.missing, "missing"),
        (len(pictures.damaged), pictures.damaged, "damaged"),
    )
    return [
        f"{number:,} picture files are {what}, the first is {paths[0]}; put them back from a backup."
        for number, paths, what in found
        if number
    ]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
