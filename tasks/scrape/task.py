"""The task scrape: one source's crawl, with retries and its rows in the journal; the crawl keeps the time itself."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.progress import shown_progress
from tasks.scrape.politeness import Politeness
from tasks.scrape.reading import scrape_source
from tasks.scrape.sources import Source
from tasks.scrape.spool import Spool
from tasks.stage import STAGE, Night, is_last_try, run_stage
from warehouse.runs import Ended


@task(name="scrape", task_run_name="scrape-{source.name}", **STAGE)
def scrape(night: Night, source: Source, politeness: Politeness) -> State[Any]:
    """Read a source and store its posts; a run that goes on does not read a source twice."""
    if night.journal.is_done("scrape", source.name):
        return Completed(message="done before the run was cut off")
    spool = Spool(night.home.spool(night.journal.run_id) / f"{source.name}.jsonl")

    def body() -> Ended:
        with shown_progress(f"scrape {source.name}") as tell:
            return scrape_source(night.home.lake, source, spool, politeness, tell, final=is_last_try())

    state = run_stage(night, "scrape", source.name, body)
    if state.is_completed():
        spool.remove()
    return state
