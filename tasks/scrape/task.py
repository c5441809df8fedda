"""The task scrape: one source's reading, with retries and its rows in the journal; the crawl keeps the time itself."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import SecretStr

from tasks.progress import shown_progress
from tasks.scrape.manner import Manner
from tasks.scrape.reading import Reading, scrape_source
from tasks.scrape.sources import Source
from tasks.scrape.spool import Spool
from tasks.stage import STAGE, Night, is_last_try, run_stage
from warehouse.runs import Ended


@task(name="scrape", task_run_name="scrape-{source.name}", **STAGE)
def scrape(night: Night, source: Source, manner: Manner, secret: SecretStr | None) -> State[Any]:
    """Read a source and store its posts; a run that goes on does not read a source twice."""
    if night.journal.is_done("scrape", source.name):
        return Completed(message="done before the run was cut off")
    spool = Spool(night.home.spool(night.journal.run_id) / f"{source.name}.jsonl")

    def body() -> Ended:
        token = None if secret is None else secret.get_secret_value()
        reading = Reading(night.home, source, spool, manner, token, is_last_try())
        with shown_progress(f"scrape {source.name}") as tell:
            return scrape_source(reading, tell)

    state = run_stage(night, "scrape", source.name, body)
    if state.is_completed():
        spool.remove()
    return state
