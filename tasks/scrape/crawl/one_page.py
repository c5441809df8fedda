"""One page, fetched as a crawl fetches it and kept as it came: to try a profile on."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from tasks.errors import CrawlCrashed, StageError
from tasks.scrape.crawl.site_adapter import CrawlState, Detail, PageResult, Response, SignedRequest
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.politeness import Politeness


@dataclass(frozen=True, slots=True)
class OnePageAdapter:
    """A walk of one step, which writes the page's text into `file`."""

    first_url: str
    file: str
    comments: bool = False
    kind: Literal["page"] = "page"

    @property
    def obeys_robots(self) -> bool:
        """As every crawl of pages for people."""
        return True

    @property
    def pager(self) -> str:
        """Nothing follows."""
        return "nothing"

    def signed(self, url: str, secret: str | None) -> SignedRequest:
        """Without a token."""
        return SignedRequest(url)

    def read(self, answer: Response, crawl_state: CrawlState) -> PageResult:
        """Keep the page; nothing follows it."""
        Path(self.file).write_text(answer.text, "utf-8", errors="replace", newline="")
        return PageResult(Page(answer.url, answer.at, "", None, (), None))

    def missing(self, url: str, at: datetime) -> PageResult | None:
        """Nothing follows."""
        return None

    def detail_url(self, post: ScrapedPost) -> str | None:
        """There are no posts."""
        return None

    def read_detail(self, answer: Response, post: ScrapedPost) -> Detail:
        """There are no posts."""
        return Detail(post)

    def refusal(self, answer: Response) -> StageError | None:
        """Statuses mean what they usually mean."""
        return None

    def is_worth_retrying(self, answer: Response) -> bool:
        """As the status says."""
        return True

    def smaller(self, answer: Response) -> str | None:
        """A page is as large as the host makes it."""
        return None

    def pause_seconds(self, answer: Response) -> float:
        """Nothing follows."""
        return 0.0


def fetch_page(url: str, politeness: Politeness) -> tuple[str, str]:
    """The page at `url`: where it was in the end, and its text. Raises the errors of `tasks.errors`."""
    from tasks.scrape.crawl.messages import CrawlJob
    from tasks.scrape.crawl.process import crawl

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page"
        adapter = OnePageAdapter(url, str(file))
        for page in crawl(CrawlJob(adapter, url, politeness, str(Path(folder) / "spool"))):
            return page.url, file.read_text("utf-8")
    raise CrawlCrashed(f"The crawl of {url} ended without a page. Run again.")
