"""Spools of runs that were interrupted and not resumed: their pages are stored by the next run."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tasks.errors import SourceChanged
from tasks.scrape.model import Source
from tasks.scrape.spool import Spool
from tasks.scrape.storing import store_spool
from warehouse.home import Home
from warehouse.records.runs import Journal

logger = logging.getLogger(__name__)


def store_abandoned_spools(home: Home, run_id: str, sources: Iterable[Source]) -> None:
    """Store the spools of all runs but `run_id`, and remove them."""
    may_lack = {source.name: source.may_lack for source in sources}
    spools = home.spool(run_id).parent
    for folder in sorted(spools.iterdir()) if spools.exists() else []:
        if folder.name != run_id:
            for file in sorted(folder.glob("*.jsonl")):
                _store(home, folder.name, file, may_lack.get(file.stem, ()))
            shutil.rmtree(folder)


def _store(home: Home, run_id: str, file: Path, may_lack: tuple[str, ...]) -> None:
    spool = Spool(file)
    if spool.last() is None:
        return
    try:
        result = store_spool(home.lake, file.stem, spool, may_lack=may_lack)
    except SourceChanged as error:
        logger.warning("The pages that run %s read are not stored. %s", run_id, error)
        return
    # The row has the counts, so that the next run reads the source from where this one stopped.
    Journal(home.lake, run_id, resumed=False).finish(
        "scrape", file.stem, replace(result, status="interrupted")
    )
    logger.info("Stored %d posts that run %s read from %s", result.items, run_id, file.stem)
