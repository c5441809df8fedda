"""One page, fetched as a crawl fetches it and kept as it came: to try a profile on."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tasks.errors import CrawlCrashed
from tasks.scrape.crawl.messages import CrawlJob
from tasks.scrape.crawl.process import crawl
from tasks.scrape.crawl.site_adapter import (
    CrawlState,
    PageResult,
    Response,
    SiteAdapter,
)
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness


@dataclass(frozen=True, slots=True)
class OnePageAdapter(SiteAdapter):
    """A walk of one step, which writes the page's text into `file`."""

    first_url: str = field()
    file: str
    pager: ClassVar[str] = "nothing"

    def read(self, answer: Response, crawl_state: CrawlState) -> PageResult:
        """Keep the page; nothing follows it."""
        Path(self.file).write_text(answer.text, "utf-8", errors="replace", newline="")
        return PageResult(Page(answer.url, answer.at, "", None, (), None))


def fetch_page(url: str, politeness: Politeness) -> tuple[str, str]:
    """The page at `url`: where it was in the end, and its text. Raises the errors of `tasks.errors`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page"
        adapter = OnePageAdapter(url, str(file))
        for page in crawl(CrawlJob(adapter, url, politeness, str(Path(folder) / "spool"))):
            return page.url, file.read_text("utf-8")
    raise CrawlCrashed(f"The crawl of {url} ended without a page. Run again.")
