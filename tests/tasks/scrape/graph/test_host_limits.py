"""A limit that Instagram announced for one account holds for the next source with that token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import SourceRefused
from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.home import Home
from warehouse.records.runs import StageResult

SWIFTLY = ScrapeOptions(Politeness(0.0), full=True)
CASE = {"type": "instagram", "call_count": 100, "total_cputime": 2, "total_time": 3}
TWO_HOURS = {
    "X-Business-Use-Case-Usage": json.dumps({"178": [{**CASE, "estimated_time_to_regain_access": 120}]})
}


@pytest.fixture
def read_in_run(home: Home, site, token, tmp_path: Path) -> Callable[..., StageResult]:
    """Read the account in one run, as a source with this name."""

    def read(name: str, secret: str = token, run: str = "one") -> StageResult:
        given = {"account": "ann", "user_id": "17841400000000001", "base": site.base}
        source = GraphSettings(name=name, kind="graph", **given).open(tmp_path)
        spool = Spool(tmp_path / run / f"{name}.jsonl")
        again = Home(home.folder)
        return scrape_source(ScrapeJob(again, source, spool, SWIFTLY, secret), lambda *_: None)

    return read


def test_full_usage_holds_for_the_next_account(site, server, read_in_run) -> None:
    """After a response that announced two hours, no source with the token makes a request in this run or the next."""
    server.headers = [TWO_HOURS]
    assert read_in_run("ann").status == "done"
    for name, run in (("two", "one"), ("ann", "next")):
        with pytest.raises(SourceRefused, match="no requests left for us for 120 minutes"):
            read_in_run(name, run=run)
    assert len(site.requests) == 1


@pytest.mark.parametrize("code", [4, 17, 32, 613])
@pytest.mark.parametrize("status", [400, 200])
def test_an_error_of_the_limit_holds_for_the_next_account(site, reply, read_in_run, code, status) -> None:
    """An error that the limit is used up, with any status, holds for the next account."""
    error = {"error": {"message": "Application request limit reached", "code": code}}
    site.service = lambda request: reply(json.dumps(error), status, TWO_HOURS)
    with pytest.raises(SourceRefused, match="Wait 120 minutes"):
        read_in_run("ann")
    with pytest.raises(SourceRefused, match="no requests left for us for 120 minutes"):
        read_in_run("two")
    assert len(site.requests) == 1


def test_an_error_without_a_time_stands_for_an_hour(site, reply, home, token, read_in_run) -> None:
    """A used-up limit without a time is not retried, and is stored for the hour in the message."""
    error = {"error": {"message": "Application request limit reached", "code": 4}}
    site.service = lambda request: reply(json.dumps(error), 429)
    with pytest.raises(SourceRefused, match="Wait an hour"):
        read_in_run("ann")
    assert len(site.requests) == 1
    host = site.base.removeprefix("http://")
    assert home.limits.until(host, token) is not None
    assert home.limits.until(host, "another token") is None
