"""A fake source without a network, whose posts a test changes from run to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.errors import EXPECTED, StageError
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import AccountInfo, Page, ScrapedComment, ScrapedPost
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.home import Home
from warehouse.records.runs import Journal, StageResult

NOW = datetime.now(UTC).replace(second=7, microsecond=0)
"""Not a full minute, which may mean that a source shows no seconds."""
BASE = "https://pix.example/ann"


def _post(number: int, days_old: float = 100.0, **given: object) -> ScrapedPost:
    """A post with likes, comments and a picture; post 9 is younger than post 8 of the same age."""
    plain = ScrapedPost(
        post_id=str(number),
        url=f"{BASE}/{number}",
        kind="image",
        posted_at=NOW - timedelta(days=days_old) + timedelta(seconds=number),
        caption=f"post {number}",
        likes=10 * number,
        comments=0,
        pictures=(f"https://cdn.example/{number}.jpg",),
    )
    return replace(plain, **given)  # type: ignore[arg-type]


@dataclass
class FakeSource:
    """A source with pages of `page_size` posts in their order, and threads by post."""

    posts: list[ScrapedPost]
    page_size: int = 5
    name: str = "ann"
    may_lack: tuple[str, ...] = ()
    shows_all: bool = True
    threads: dict[str, tuple[ScrapedComment, ...]] = field(default_factory=dict)
    breaks_at: int | None = None
    breaks_with: StageError | None = None
    problems: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
    requests: list[str] = field(default_factory=list)
    host: str = "pix.example"
    address: str = BASE
    secret_name: str | None = None
    needs_secret: bool = False
    folders: tuple[Path, ...] = ()

    def pages(self, context: ReadContext) -> Iterator[Page]:
        last = context.spool.last()
        url: str | None = BASE if last is None else last.next_url
        while url is not None:
            page = self._page(url)
            next_step = context.decide(page)
            page = self._with_threads(page, set(next_step.details) if context.comments else set())
            if page.next_url is not None and next_step.jump_to is not None:
                page = replace(page, next_url=next_step.jump_to, more=True)
            elif page.next_url is not None and next_step.stop:
                page = replace(page, next_url=None, more=True)
            yield page
            url = page.next_url

    def _page(self, url: str) -> Page:
        start = int(url.partition("?from=")[2] or 0)
        if self.breaks_at is not None and start >= self.breaks_at:
            assert self.breaks_with is not None
            raise self.breaks_with
        self.requests.append(url)
        shown = self.posts[start : start + self.page_size]
        further = start + self.page_size < len(self.posts)
        return Page(
            url=url,
            observed_at=datetime.now(UTC),
            account="ann",
            head=AccountInfo(followers=7, posts=len(self.posts)) if start == 0 else None,
            posts=tuple(shown),
            next_url=f"{BASE}?from={start + self.page_size}" if further else None,
            problems=self.problems if start == 0 else (),
            unparsed=self.unparsed if start == 0 else (),
        )

    def _with_threads(self, page: Page, details: set[str]) -> Page:
        posts = []
        for one in page.posts:
            if one.post_id in details and one.post_id in self.threads:
                self.requests.append(one.url)
                posts.append(replace(one, detailed=True, thread=self.threads[one.post_id]))
            else:
                posts.append(one)
        return replace(page, posts=tuple(posts))


@pytest.fixture
def post() -> Callable[..., ScrapedPost]:
    """Make a post: `post(9, days_old=3, likes=None)`."""
    return _post


@pytest.fixture
def fake_source() -> type[FakeSource]:
    """Make a source of posts."""
    return FakeSource


@pytest.fixture
def run_scrape(home: Home) -> Callable[..., StageResult]:
    """Read a source as a run does, with its row in `runs`. An error becomes the result `failed`."""
    run_ids: list[str] = []

    def run(source: Source, options: ScrapeOptions | None = None) -> StageResult:
        run_ids.append(f"run{len(run_ids)}")
        journal = Journal(home.lake, run_ids[-1], resumed=False)
        spool = Spool(home.spool(journal.run_id) / f"{source.name}.jsonl")
        journal.start("scrape", source.name)
        job = ScrapeJob(home, source, spool, options or ScrapeOptions(Politeness(0)))
        try:
            result = scrape_source(job, lambda *_: None)
        except EXPECTED as error:
            result = StageResult("failed", message=str(error), counts=getattr(error, "counts", None))
        journal.finish("scrape", source.name, result)
        spool.remove()
        return result

    return run
