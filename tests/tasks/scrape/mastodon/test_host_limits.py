"""A limit that one account's response announced holds for the next source with that host and token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import SourceRefused
from tasks.scrape.mastodon.source import MastodonSettings
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.probing import probe_source
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.home import Home
from warehouse.records.runs import StageResult

SWIFTLY = ScrapeOptions(Politeness(0.0), full=True)
TOKEN, OTHER = "a-secret-token-0123", "another-secret-token"
HOURS = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "Reset-In": "18000"}


@pytest.fixture
def read_in_run(home: Home, site, tmp_path: Path) -> Callable[..., StageResult]:
    """Read the account in one run, as a source with this name and token."""

    def read(name: str, secret: str | None = TOKEN, run: str = "one") -> StageResult:
        settings = MastodonSettings(name=name, kind="mastodon", server=site.base, account="ann")
        spool = Spool(tmp_path / run / f"{name}.jsonl")
        again = Home(home.folder)
        return scrape_source(
            ScrapeJob(again, settings.open(tmp_path), spool, SWIFTLY, secret), lambda *_: None
        )

    return read


@pytest.mark.slow
def test_the_next_source_makes_no_request(site, server, read_in_run, home) -> None:
    """After a last request was used up, no other source of this run or the next one makes a request, robots.txt included."""
    server.page_size = 5
    server.headers = [{}, dict(HOURS)]
    assert read_in_run("ann").status == "done"
    before = len(site.requests)
    for name, run in (("two", "one"), ("ann", "next"), ("two", "next")):
        with pytest.raises(SourceRefused, match=r"no requests left for us for (299|300) minutes"):
            read_in_run(name, run=run)
    source = MastodonSettings(name="two", kind="mastodon", server=site.base, account="ann").open(home.folder)
    with pytest.raises(SourceRefused, match="no requests left for us"):
        probe_source(home, source, SWIFTLY, TOKEN)
    assert len(site.requests) == before
    assert TOKEN not in (home.folder / "limits.json").read_text()


@pytest.mark.slow
def test_another_token_has_a_limit_of_its_own(site, server, read_in_run) -> None:
    """Two sources with different tokens on one host do not block each other, nor does one without a token."""
    server.page_size = 5
    server.headers = [{}, dict(HOURS)]
    read_in_run("ann")
    assert read_in_run("two", OTHER).status == "done"
    assert read_in_run("three", None).status == "done"


@pytest.mark.slow
def test_a_short_limit_is_waited_for(site, server, read_in_run) -> None:
    """A limit that ends within the hour is waited for before the next source's first request."""
    server.page_size = 5
    server.headers = [{}, {**HOURS, "Reset-In": "6"}]
    read_in_run("ann")
    last = site.requests[-1].at
    assert read_in_run("two").status == "done"
    first = next(request.at for request in site.requests if request.at > last)
    # The server's Date has whole seconds.
    assert first - last >= 5.0


def test_a_run_that_is_cut_off_leaves_the_limit(site, server, home, tmp_path, read_in_run) -> None:
    """A refusal in the middle of an account is known to the next run, though the first one failed."""
    server.headers = [dict(HOURS)]
    with pytest.raises(SourceRefused, match="no requests left for us"):
        read_in_run("ann")
    before = len(site.requests)
    with pytest.raises(SourceRefused, match="no requests left for us"):
        read_in_run("ann", run="next")
    assert len(site.requests) == before


def test_a_retry_after_holds_for_the_host(site, server, reply, read_in_run) -> None:
    """A 429 with a long Retry-After ends this source, and the next one before its first request."""
    site.replies["/api/v1/accounts/lookup?acct=ann"] = reply(
        "{}", 429, {"Retry-After": "7200", "Content-Type": "application/json"}
    )
    with pytest.raises(SourceRefused, match="429"):
        read_in_run("ann")
    before = len(site.requests)
    with pytest.raises(SourceRefused, match="for us for 120 minutes"):
        read_in_run("two")
    assert len(site.requests) == before
