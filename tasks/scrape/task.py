"""The task scrape: reads one source, with retries and rows in the journal. The crawl has its own time limit."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import SecretStr

from tasks.progress import show_progress
from tasks.run import STAGE, Run, is_last_try, run_stage
from tasks.scrape.crawl.process import HALTED
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from tasks.slots import hold_slots, host_limit
from tasks.stage_events import StageName, report_end
from warehouse.records.runs import StageResult


@task(name="scrape", task_run_name="scrape {source.name}", **STAGE)
def scrape(run: Run, source: Source, options: ScrapeOptions, secret: SecretStr | None) -> State[Any]:
    """Read a source and store its posts; a resumed run does not read a source twice."""
    if run.journal.is_done("scrape", source.name):
        report_end(StageName("scrape", source.name), StageResult("done"))
        return Completed(message="done before the run was cut off")
    spool = Spool(run.home.spool(run.journal.run_id) / f"{source.name}.jsonl")

    limit = host_limit(source.host)

    def body() -> StageResult:
        token = None if secret is None else secret.get_secret_value()
        job = ScrapeJob(run.home, source, spool, options, token, is_last_try())
        with (
            hold_slots([limit] if limit else [], HALTED.is_set),
            show_progress(f"scrape {source.name}") as progress,
        ):
            return scrape_source(job, progress)

    state = run_stage(run, "scrape", source.name, body)
    if state.is_completed():
        spool.remove()
    return state
