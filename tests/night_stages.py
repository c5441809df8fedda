"""The stages of a night without Prefect: a flow's start, its charts and its page take longer than they do."""

from __future__ import annotations

from pathlib import Path

from classifiers.registry import load
from flows.nightly import fetch_options
from flows.settings import read_settings, scrape_options
from tasks.classify.stage import label_pictures
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.database.publish import publish
from warehouse.errors import LakeBusy
from warehouse.home import Home
from warehouse.records.runs import begin_run

PUBLISH_TRIES = 5


def night(file: Path) -> Home:
    """Read the sources of a settings file, fetch, label and publish, with the options of a run."""
    settings = read_settings(file)
    home = settings.home
    home.prepare()
    journal = begin_run(home.lake, own=home.own_runs())
    home.note_run(journal.run_id)
    for source in settings.sources:
        spool = Spool(home.spool(journal.run_id) / f"{source.name}.jsonl")
        scrape_source(ScrapeJob(home, source, spool, scrape_options(settings)), lambda *_: None)
    fetch_pictures(home, fetch_options(settings), lambda *_: None)
    for lane in settings.classifiers:
        result = label_pictures(home, load(lane.kind, lane.name, lane.options), lambda *_: None)
        # The version of a lane's last run is the one that rankings take.
        journal.finish("classify", lane.name, result)
    _publish_with_retries(home)
    home.share_state()
    return home


def _publish_with_retries(home: Home) -> None:
    """Publish as the task does, which tries again where another machine has computed the same table meanwhile."""
    for _ in range(PUBLISH_TRIES - 1):
        try:
            return publish(home)
        except LakeBusy:
            continue
    return publish(home)
