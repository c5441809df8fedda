"""The crawl's own process: it ends with its run, and a crawl that was cut off is resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tasks.errors import CrawlCrashed, OutOfTime
from tasks.scrape.crawl.messages import CrawlJob
from tasks.scrape.crawl.process import crawl
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import CrawlLimits, NextStep, ReadContext
from tasks.scrape.spool import Spool

ACCOUNT = "/user/ann/7"
TOKEN = "a-secret-token-0123"
PROCESSES = Path("/proc")
pytestmark = [
    pytest.mark.skipif(not PROCESSES.is_dir(), reason="looks for processes in /proc"),
    pytest.mark.real_crawls,
]


def children(parent: int) -> list[int]:
    """The running crawls that a process has started."""
    found = []
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            state, ppid = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            crawls = b"tasks.scrape.crawl.child" in (folder / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if int(ppid) == parent and state != "Z" and crawls:
            found.append(int(folder.name))
    return found


def alive(process: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return (PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(happens: Callable[[], object], seconds: float = 600.0) -> bool:
    """Whether it happens before the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happens():
            return True
        time.sleep(0.05)
    return False


def test_a_caller_that_stops_early_ends_the_crawl(site, reply, three_pages, open_source, tmp_path) -> None:
    """When the caller closes the iterator, as after a cancel, the process has ended and sends no more requests."""
    site.replies[f"{ACCOUNT}/8_7"] = reply("slow", delay=600.0)
    pages = open_source(site.account).pages(ReadContext(Spool(tmp_path / "none"), Politeness(0)))
    next(pages)
    (child,) = children(os.getpid())
    pages.close()
    assert not alive(child)
    assert children(os.getpid()) == []


@pytest.mark.slow
def test_a_killed_run_ends_its_crawl(site, reply, three_pages, tmp_path) -> None:
    """When the run is killed, its crawl ends too."""
    site.replies[f"{ACCOUNT}/8_7"] = reply("slow", delay=600.0)
    script = """
import sys
from pathlib import Path
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.read_context import ReadContext
source = GallerySettings(name="ann", kind="gallery", profile="imgrum", url=sys.argv[1]).open(Path())
for page in source.pages(ReadContext(Spool(Path(sys.argv[2])), Politeness(0))):
    print("page", flush=True)
"""
    run = subprocess.Popen(
        [sys.executable, "-c", script, site.account, str(tmp_path / "none")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[4],
    )
    try:
        assert run.stdout is not None and run.stdout.readline() == b"page\n"
        (child,) = children(run.pid)
    finally:
        run.kill()
        run.wait()
    assert wait_until(lambda: not alive(child))


@pytest.mark.slow
def test_a_killed_crawl_is_an_error_that_can_be_retried(
    site, reply, three_pages, open_source, tmp_path
) -> None:
    """When the crawl's process is killed, the run has the pages before and gets an error."""
    site.replies[f"{ACCOUNT}/8_7"] = reply("slow", delay=600.0)
    pages = open_source(site.account).pages(ReadContext(Spool(tmp_path / "none"), Politeness(0)))
    assert len(next(pages).posts) == 2
    os.kill(children(os.getpid())[0], signal.SIGKILL)
    with pytest.raises(CrawlCrashed, match="without a reason"):
        next(pages)


@pytest.mark.slow
def test_a_crawl_that_ends_before_its_first_page_is_complete_is_an_error(
    site, three_pages, open_source, tmp_path
) -> None:
    """A crawl that is terminated while the run decides ends in order, but without a page: no empty result."""

    def terminate(page: Page) -> NextStep:
        (child,) = children(os.getpid())
        os.kill(child, signal.SIGTERM)
        assert wait_until(lambda: not alive(child))
        return NextStep()

    with pytest.raises(CrawlCrashed, match="without a page"):
        list(open_source(site.account).pages(ReadContext(Spool(tmp_path / "none"), Politeness(0), terminate)))


@pytest.mark.slow
def test_a_crawl_resumes_after_the_last_page_of_its_spool(
    site, three_pages, open_source, ids, tmp_path
) -> None:
    """A crawl with two pages in its spool requests only the third, and knows the posts of the others."""
    source, spool = open_source(site.account), Spool(tmp_path / "ann.jsonl")
    first = source.pages(ReadContext(spool, Politeness(0)))
    spool.add(next(first))
    spool.add(next(first))
    first.close()
    site.requests.clear()
    rest = list(source.pages(ReadContext(Spool(spool.file), Politeness(0))))
    assert ids(rest) == three_pages[4:]
    assert site.paths == [f"{ACCOUNT}/6_7"]
    assert rest[0].problems == () and rest[0].head is None


def test_a_crawl_that_takes_too_long_is_ended(site, reply, imgrum, tmp_path) -> None:
    """A host that never responds does not block the run for ever."""
    site.replies[ACCOUNT] = reply("slow", delay=600.0)
    job = CrawlJob(
        GalleryAdapter(imgrum, "ann", site.account),
        site.account,
        Politeness(0),
        str(tmp_path / "none"),
        limits=CrawlLimits(max_seconds=0.5),
    )
    with pytest.raises(OutOfTime, match="too long"):
        next(crawl(job))
    assert children(os.getpid()) == []


class _Broken:
    """A value that the crawl's process can't load; the error quotes the token."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (TOKEN,)


def test_the_last_line_of_a_crash_is_in_the_message_without_the_token(site, imgrum, tmp_path) -> None:
    """A process that ends before its first message is reported with the end of its output."""
    adapter, broken = GalleryAdapter(imgrum, "ann", site.account), cast("str", _Broken())
    job = CrawlJob(adapter, broken, Politeness(0), str(tmp_path / "none"), TOKEN)
    with pytest.raises(CrawlCrashed, match=r"ValueError: .*'\*\*\*'") as raised:
        next(crawl(job))
    assert TOKEN not in str(raised.value)


def test_a_bug_in_the_crawl_is_an_error(site, three_pages, imgrum, tmp_path) -> None:
    """When the crawl itself fails, here on an invalid spool, the run gets an error and no empty result."""
    spool = tmp_path / "spool.jsonl"
    spool.write_bytes(b"this is not a page\n")
    job = CrawlJob(GalleryAdapter(imgrum, "ann", site.account), site.account, Politeness(0), str(spool))
    with pytest.raises(CrawlCrashed):
        list[Page](crawl(job))
