"""One source into the lake: each post once, whatever happens."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import CrawlCrashed, LayoutChanged, SourceUnreachable
from tasks.scrape.abandoned import store_abandoned_spools
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from tasks.scrape.storing import store_spool
from warehouse.home import Home
from warehouse.records.runs import StageResult
from warehouse.storage.lake import Lake

ACCOUNT = "/user/ann/7"
Scrape = Callable[..., StageResult]


@pytest.fixture
def lake(home: Home) -> Lake:
    """Its lake."""
    return home.lake


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool" / "ann.jsonl")


@pytest.fixture
def scrape(home, spool, site, open_source) -> Scrape:
    """Scrape the site's account into the lake; `progress` is called after each page."""

    def run(
        progress: Callable[[int, int], None] = lambda posts, total: None, *, final: bool = True
    ) -> StageResult:
        source = open_source(site.account)
        options = ScrapeOptions(Politeness(0))
        return scrape_source(ScrapeJob(home, source, Spool(spool.file), options, final=final), progress)

    return run


def kill_crawl() -> None:
    """End the crawl that this process has started, as a crash would."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if ppid == os.getpid() and b"tasks.scrape.crawl.child" in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
        except OSError:
            continue


@pytest.mark.slow
def test_a_source_is_stored_as_its_pages_show_it(scrape, site, three_pages, rows) -> None:
    """Posts, observations, pictures and the account's size are in the lake once each, under the source's name."""
    progress: list[int] = []
    result = scrape(lambda posts, _: progress.append(posts))
    assert (result.status, result.items, result.failures) == ("done", 5, 0)
    assert progress == [2, 4, 5]
    assert rows("select post_id, source, account, kind, url from posts order by post_id::int desc") == [
        (str(post), "ann", "ann", "image", f"{site.base}/media/{post}_7") for post in three_pages
    ]
    assert rows("select post_id, likes, comments from observations order by 1") == [
        (str(post), int(f"1{post}"), 0) for post in sorted(three_pages)
    ]
    assert rows("select post_id, picture_url, sha256 from post_pictures order by 1") == [
        (str(post), f"{site.base}/p/{post}.jpg", None) for post in sorted(three_pages)
    ]
    assert rows("select source, account, posts, followers from accounts") == [("ann", "ann", 5, None)]


@pytest.mark.slow
def test_a_second_scrape_adds_observations_only(scrape, spool, three_pages, rows) -> None:
    """Scraping an unchanged account again makes no new posts or pictures, and one more observation of each."""
    scrape()
    spool.remove()
    scrape()
    counted = "select (select count(*) from posts), (select count(*) from post_pictures), count(*) from observations"
    assert rows(counted) == [(5, 5, 10)]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the crawl's process in /proc")
@pytest.mark.real_crawls
def test_a_killed_crawl_is_resumed_without_loss_or_duplicates(
    scrape, site, reply, three_pages, rows, spool
) -> None:
    """After a kill nothing is stored; the retry reads only the missing pages, and every post is stored once."""
    last = site.replies[f"{ACCOUNT}/6_7"]
    site.replies[f"{ACCOUNT}/6_7"] = reply("slow", delay=600.0)
    with pytest.raises(CrawlCrashed):
        scrape(lambda posts, _: kill_crawl() if posts == 4 else None, final=False)
    assert rows("select count(*) from posts") == [(0,)]
    with spool.file.open("ab") as file:
        file.write(b'{"url": "a line that was cut off')
    site.replies[f"{ACCOUNT}/6_7"] = last
    site.requests.clear()
    result = scrape()
    assert (result.status, result.items) == ("done", 5)
    assert site.paths == [f"{ACCOUNT}/6_7"]
    assert rows("select post_id from observations order by 1") == [
        (str(post),) for post in sorted(three_pages)
    ]
    assert rows("select count(*) from accounts") == [(1,)]


def test_a_complete_crawl_is_not_read_again(scrape, site, three_pages, rows) -> None:
    """A run that dies between reading and storing, or while it stores, stores the same rows without a new request."""
    scrape()
    site.requests.clear()
    assert scrape().items == 5
    assert site.requests == []
    assert rows("select count(*) from observations") == [(5,)]


def test_a_crawl_that_is_cut_short_for_good_stores_its_pages(scrape, site, reply, three_pages, rows) -> None:
    """When a later page is missing on the last try, the pages before it are stored and the result says why."""
    site.replies[f"{ACCOUNT}/6_7"] = reply("gone", 404)
    result = scrape(final=True)
    assert (result.status, result.items) == ("incomplete", 4)
    assert "Cut short" in result.message and f"{site.account}/6_7" in result.message
    assert rows("select count(*) from posts") == [(4,)]


def test_a_changed_layout_on_a_later_page_leaves_the_tables_as_they_were(
    scrape, site, reply, three_pages, rows, spool
) -> None:
    """A page that does not fit fails the source; nothing is stored, and the next run starts at the first page."""
    site.replies[f"{ACCOUNT}/6_7"] = reply("<h1>We have a new look!</h1>")
    with pytest.raises(LayoutChanged, match=r"list\.post"):
        scrape()
    assert [rows(f"select count(*) from {table}") for table in ("posts", "observations", "accounts")] == [
        [(0,)]
    ] * 3
    assert not spool.file.exists()


def test_problems_make_the_result_incomplete(scrape, site, reply, gallery_page, rows, caplog) -> None:
    """An unreadable value is null in the table, in the result's message, and a warning in the log."""
    page = gallery_page([9, 8, 7], None, "3").replace("<span>18</span>", "<span>lots</span>")
    site.replies[ACCOUNT] = reply(page)
    result = scrape()
    assert (result.status, result.items, result.failures) == ("incomplete", 3, 1)
    assert "post.likes" in result.message and "'lots'" in result.message
    assert rows("select post_id, likes from observations order by 1 desc") == [
        ("9", 19),
        ("8", None),
        ("7", 17),
    ]
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any("'lots'" in line for line in warned)


def test_a_host_that_is_down_stores_nothing(scrape, site, rows, spool, reply) -> None:
    """A source that can't be read at all is an error that can be retried, and leaves no page."""
    site.replies[ACCOUNT] = reply("busy", 503, {"Retry-After": "999999"})
    with pytest.raises(SourceUnreachable):
        scrape(final=True)
    assert rows("select count(*) from posts") == [(0,)]
    assert spool.last() is None


@pytest.mark.slow
def test_the_pages_of_an_abandoned_run_are_stored_once(
    home, lake, site, three_pages, open_source, rows
) -> None:
    """The spools of other runs are stored once, with a row in `runs`, and removed; this run's spool stays."""
    source = open_source(site.account)
    old, current = (Spool(home.spool(run_id) / "ann.jsonl") for run_id in ("old", "current"))
    pages = source.pages(ReadContext(old, Politeness(0)))
    old.add(next(pages))
    pages.close()
    current.file.parent.mkdir()
    current.file.write_bytes(old.file.read_bytes())
    # The run before this one was killed after it had stored them, and before it removed the spool.
    assert store_spool(lake, "ann", old).items == 2
    store_abandoned_spools(home, "current", [source])
    assert rows("select count(*) from observations") == [(2,)]
    assert rows("select run_id, stage, lane, status, items from runs") == [
        ("old", "scrape", "ann", "interrupted", 2)
    ]
    assert rows("select counts::json ->> '$.resume_at' from runs") == [(f"{site.account}/8_7",)]
    assert not old.file.parent.exists() and current.last() is not None


@pytest.mark.slow
def test_an_abandoned_spool_of_a_changed_source_is_not_stored(
    home, site, reply, gallery_page, open_source, scrape, rows, caplog
) -> None:
    """Pages that a run would not store are logged and removed, and the tables stay as they are."""
    site.replies[ACCOUNT] = reply(gallery_page([9, 8], None, "2"))
    scrape()
    site.replies[ACCOUNT] = reply(gallery_page([], None, "0"))
    source, old = open_source(site.account), Spool(home.spool("old") / "ann.jsonl")
    for page in source.pages(ReadContext(old, Politeness(0))):
        old.add(page)
    store_abandoned_spools(home, "current", [source])
    assert rows("select count(*) from posts") == [(2,)] and rows("select count(*) from runs") == [(0,)]
    assert "The pages that run old read are not stored." in caplog.text
    assert not old.file.parent.exists()
