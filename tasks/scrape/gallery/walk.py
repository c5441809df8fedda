"""A gallery's walk: HTML pages, read with a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from parsel import Selector

from tasks.errors import StageError
from tasks.scrape.crawl.walk import Answer, Detail, Signed, SoFar, Step
from tasks.scrape.gallery.extract import check_head, next_pages, read_page
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.pages import ScrapedPost


@dataclass(frozen=True, slots=True)
class GalleryWalk:
    """One account's pages on a gallery site."""

    profile: Profile
    account: str
    first_url: str
    comments: bool = True
    kind: Literal["gallery"] = "gallery"

    @property
    def obeys_robots(self) -> bool:
        """Galleries are for people: their robots.txt is obeyed."""
        return True

    @property
    def pager(self) -> str:
        """What leads to the next page, for messages."""
        return f"list.next ({self.profile.list.next})"

    def signed(self, url: str, secret: str | None) -> Signed:
        """Galleries take no token."""
        return Signed(url)

    def read(self, answer: Answer, so_far: SoFar) -> Step:
        """A page of posts. Raises `AccountPrivate` or `LayoutChanged`."""
        # Not Scrapy's own selector: that one believes the server when it calls its page JSON or XML.
        selector = Selector(answer.text, type="html")
        all_seen = so_far.expected is not None and so_far.posts >= max(1, so_far.expected)
        page = read_page(self.profile, selector, answer.url, self.account, answer.at, may_be_empty=all_seen)
        if so_far.first:
            page = check_head(self.profile, page)
        return Step(page, tuple(next_pages(self.profile, selector, answer.url)))

    def detail_url(self, post: ScrapedPost) -> str | None:
        """Not read yet."""
        return None

    def read_detail(self, answer: Answer, post: ScrapedPost) -> Detail:
        """Not read yet."""
        return Detail(post)

    def refusal(self, answer: Answer) -> StageError | None:
        """Statuses mean what they usually mean."""
        return None

    def pause_seconds(self, answer: Answer) -> float:
        """Galleries say Retry-After at most, which every crawl obeys."""
        return 0.0
