"""One page, requested as in a crawl, and its text: to try a profile on."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tasks.errors import CrawlCrashed
from tasks.scrape.crawl.messages import CrawlJob
from tasks.scrape.crawl.process import crawl
from tasks.scrape.crawl.site_adapter import CrawlState, PageResult, Response, SiteAdapter
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness


@dataclass(frozen=True, slots=True)
class OnePageAdapter(SiteAdapter):
    """Reads one page and writes its text into `file`."""

    first_url: str = field()
    file: str
    pager: ClassVar[str] = "nothing"

    def read(self, response: Response, crawl_state: CrawlState) -> PageResult:
        """Write the text; no page follows."""
        Path(self.file).write_text(response.text, "utf-8", errors="replace", newline="")
        return PageResult(Page(response.url, response.at, "", None, (), None))


def fetch_page(url: str, politeness: Politeness) -> tuple[str, str]:
    """The page's address after redirects, and its text. Raises the errors of `tasks.errors`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page"
        adapter = OnePageAdapter(url, str(file))
        for page in crawl(CrawlJob(adapter, url, politeness, str(Path(folder) / "spool"))):
            return page.url, file.read_text("utf-8")
    raise CrawlCrashed(f"The crawl of {url} ended without a page. Run again.")
