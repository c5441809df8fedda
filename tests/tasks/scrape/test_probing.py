"""A probe reports what the next run will meet at a source, and stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import BadInput, LayoutChanged, SourceChanged, SourceRefused, SourceUnreachable
from tasks.scrape.mastodon.source import MastodonSettings
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.probing import Probe, probe_source
from tasks.scrape.rows.table import TableSettings
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source

ACCOUNT = "/user/ann/7"
TOKEN = "a-secret-token-0123"
OPTIONS = ScrapeOptions(Politeness(0.0, "mailto:ann@studio.example"))


@pytest.fixture
def probe(home) -> Callable[..., Probe]:
    """Probe a source, with or without a token."""
    return lambda source, secret=None, **more: probe_source(home, source, OPTIONS, secret, **more)


@pytest.fixture
def mastodon(site, tmp_path: Path) -> Source:
    """An account on a Mastodon server at the site, which has nothing yet."""
    return MastodonSettings(name="ann", kind="mastodon", server=site.base, account="ann").open(tmp_path)


def test_the_first_page_is_read_and_not_stored(site, three_pages, open_source, probe, rows) -> None:
    """The number of posts on the first page is reported; no other page is requested, and no table gets a row."""
    assert probe(open_source(site.account)) == Probe(2, (), is_empty=False)
    assert [request.path for request in site.requests] == ["/robots.txt", ACCOUNT]
    assert {request.user_agent for request in site.requests} == {"likelens/0.1 (+mailto:ann@studio.example)"}
    for table in ("posts", "observations", "accounts", "runs"):
        assert rows(f"select count(*) from {table}") == [(0,)]


def test_a_server_that_has_moved_gets_no_token(site, reply, mastodon, probe) -> None:
    """A redirect to another host is reported and not followed, so that host never sees the token."""
    lookup = "/api/v1/accounts/lookup?acct=ann"
    moved = site.base.replace("127.0.0.1", "localhost") + "/api"
    site.replies[lookup] = reply("", 301, {"Location": moved})
    with pytest.raises(SourceRefused, match=r"leads to .*localhost"):
        probe(mastodon, TOKEN)
    assert [(request.path, request.authorization) for request in site.requests] == [
        ("/robots.txt", None),
        (lookup, f"Bearer {TOKEN}"),
    ]


def test_robots_txt_is_obeyed(site, reply, three_pages, open_source, probe) -> None:
    """A page that robots.txt forbids is not requested, and the probe reports what a run would."""
    site.replies["/robots.txt"] = reply("User-agent: *\nDisallow: /user/\n")
    with pytest.raises(SourceRefused, match=r"robots\.txt"):
        probe(open_source(site.account))
    assert site.paths == []


def test_a_page_that_no_longer_fits_is_an_error(site, reply, open_source, probe) -> None:
    """A page that a run could not read is an error, though its status is 200."""
    site.replies[ACCOUNT] = reply("<html><h1>Welcome</h1></html>")
    with pytest.raises(LayoutChanged, match=r"list\.post"):
        probe(open_source(site.account))


@pytest.mark.slow
def test_a_source_that_lost_all_posts_is_an_error(
    site, reply, three_pages, gallery_page, open_source, probe, home, tmp_path
) -> None:
    """An empty account is reported as a run reports it: an error only where posts of it are stored."""
    source = open_source(site.account)
    empty = reply(gallery_page([], None, "0"))
    full, site.replies[ACCOUNT] = site.replies[ACCOUNT], empty
    assert probe(source) == Probe(0, (), is_empty=True)
    site.replies[ACCOUNT] = full
    scrape_source(ScrapeJob(home, source, Spool(tmp_path / "spool.jsonl"), OPTIONS), lambda *_: None)
    site.replies[ACCOUNT] = empty
    with pytest.raises(SourceChanged, match="no post at all"):
        probe(source)


def test_a_host_that_does_not_respond_ends_the_probe(site, reply, open_source, probe) -> None:
    """The probe ends after its time limit, and the error has the limit."""
    site.replies[ACCOUNT] = reply("slow", delay=60.0)
    with pytest.raises(SourceUnreachable, match=r"within 3 s\."):
        probe(open_source(site.account), response_seconds=3.0)


def test_a_pause_longer_than_the_probe_is_a_refusal(site, reply, open_source, probe) -> None:
    """The probe does not wait for a pause longer than its time limit, and reports the refusal."""
    site.replies[ACCOUNT] = reply("busy", 429, {"Retry-After": "600"})
    with pytest.raises(SourceRefused, match="429"):
        probe(open_source(site.account))
    assert site.paths == [ACCOUNT]


def test_files_are_read_as_a_run_reads_them(tmp_path: Path, probe) -> None:
    """A missing file or column is an error; a valid file has its number of posts."""

    def table(text: str | None) -> Source:
        if text is not None:
            (tmp_path / "posts.csv").write_text(text)
        return TableSettings(name="t", kind="table", file="posts.csv").open(tmp_path)

    with pytest.raises(BadInput, match=r"posts\.csv"):
        probe(table(None))
    with pytest.raises(BadInput, match="account"):
        probe(table("post_id,likes\n1,5\n"))
    header = "post_id,account,url,kind,posted_at,likes,comments,pictures"
    row = "1,ann,https://x.example/1,image,2026-04-01T10:00:00Z,5,1,https://x.example/1.jpg"
    assert probe(table(f"{header}\n{row}\n")).posts == 1
