"""What the stage scrape itself costs while an account grows: spool, decisions, checks, tables; no network, no parsing.

For each size, in a process of its own, an invented account is read for the first time, with two comments a
post, and again with nothing new. Parsing has a benchmark of its own (`parsing.py`), and a host's delay of
seconds a page comes on top of both.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import AccountInfo, Page, ScrapedComment, ScrapedPost
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.home import Home
from warehouse.records.runs import Journal

SIZES = (1_000, 10_000, 100_000)
PAGE_POSTS = 40
NEWEST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Account:
    """An account of so many posts, as a source; its pages are made when they are requested."""

    posts: int
    name: str = "account"
    host: str = "x.org"
    address: str = "https://x.org"
    may_lack: tuple[str, ...] = ()
    secret_name: str | None = None
    needs_secret: bool = False
    shows_all: bool = True
    folders: tuple[Path, ...] = ()

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """All pages, until the run stops."""
        for start in range(0, self.posts, PAGE_POSTS):
            page = self._page(start)
            next_step = context.decide(page)
            details = set(next_step.details)
            posts = tuple(
                replace(one, detailed=True, thread=_thread(one)) if one.post_id in details else one
                for one in page.posts
            )
            following = None if next_step.stop else page.next_url
            yield replace(page, posts=posts, next_url=following, more=next_step.stop)
            if following is None:
                return

    def _page(self, start: int) -> Page:
        end = min(self.posts, start + PAGE_POSTS)
        following = f"{self.address}?from={end}" if end < self.posts else None
        posts = tuple(_post(number) for number in range(start, end))
        head = AccountInfo(followers=1, posts=self.posts) if start == 0 else None
        return Page(f"{self.address}?from={start}", datetime.now(UTC), "a", head, posts, following)


def _post(number: int) -> ScrapedPost:
    return ScrapedPost(
        post_id=f"{number:09}",
        url=f"https://x.org/{number}",
        kind="image",
        posted_at=NEWEST - timedelta(hours=number),
        caption="Forty characters of a caption, or so it is." * 3,
        likes=number * 7919 % 10_007,
        comments=2,
        pictures=(f"https://x.org/{number}.jpg",),
    )


def _thread(post: ScrapedPost) -> tuple[ScrapedComment, ...]:
    return tuple(
        ScrapedComment(f"{post.post_id}-{n}", f"author {n}", "A comment of some words.") for n in (1, 2)
    )


def time_run(home: Home, account: Account, run: int) -> float:
    """Read the account as a run does; returns the seconds that it took."""
    journal = Journal(home.lake, f"run{run}", resumed=False)
    journal.start("scrape", account.name)
    spool = Spool(home.spool(journal.run_id) / "account.jsonl")
    begun = time.perf_counter()
    ended = scrape_source(ScrapeJob(home, account, spool, ScrapeOptions(Politeness(0))), lambda *_: None)
    seconds = time.perf_counter() - begun
    journal.finish("scrape", account.name, ended)
    spool.remove()
    return seconds


def _child(folder: str, posts: int) -> None:
    home = Home(Path(folder))
    home.prepare()
    account = Account(posts)
    first = time_run(home, account, 1)
    figures = {
        "first run, ms per post": first * 1000 / posts,
        "run with nothing new, ms": time_run(home, account, 2) * 1000,
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def main() -> None:
    """Print a column for each size."""
    columns: dict[str, dict[str, float]] = {}
    for posts in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "benchmarks.scraping", folder, str(posts)]
            said = subprocess.run(command, capture_output=True, check=True)
            columns[f"{posts:,}"] = json.loads(said.stdout)
    print(f"{'an account of … posts':<34}" + "".join(f"{name:>10}" for name in columns))
    for part in next(iter(columns.values())):
        print(f"{part:<34}" + "".join(f"{column[part]:>10,.1f}" for column in columns.values()))


if __name__ == "__main__":
    _child(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else main()
