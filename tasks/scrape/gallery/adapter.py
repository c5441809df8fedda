"""Crawl a gallery: HTML pages, read with a profile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import CrawlState, Detail, PageResult, Response, SiteAdapter
from tasks.scrape.gallery.detail import read_detail_page
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import check_head, read_page
from tasks.scrape.gallery.identity import AccountPages, is_post_page
from tasks.scrape.gallery.pager import next_pages
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.pages import Page, ScrapedPost


@dataclass(frozen=True, slots=True)
class GalleryAdapter(SiteAdapter):
    """One account's pages on a gallery site."""

    profile: Profile
    account: str
    first_url: str = field()
    may_lack: tuple[str, ...] = ()

    @property
    def pager(self) -> str:
        """The selector that leads to the next page, for messages."""
        if self.profile.list.numbered is not None:
            return f"list.numbered ({self.profile.list.numbered.address})"
        return f"list.next ({self.profile.list.next})"

    def read(self, response: Response, crawl_state: CrawlState) -> PageResult:
        """Read a page of posts. Raises `AccountPrivate` or `LayoutChanged`."""
        part = open_page(self.profile.state, response.text)
        account_pages = AccountPages(self.profile, self.account, self.first_url)
        try:
            page = read_page(
                self.profile,
                part,
                response.url,
                self.account,
                response.at,
                may_be_empty=self._may_be_empty(crawl_state),
                may_lack=self.may_lack,
            )
        except LayoutChanged:
            # Another page of the site does not fit the profile, and the profile is not at fault.
            account_pages.check_address(response)
            raise
        if crawl_state.first:
            page = check_head(self.profile, page)
        is_numbered = self.profile.list.numbered is not None
        links = next_pages(account_pages, part, response.url) if page.posts or not is_numbered else []
        identity = account_pages.identity_of(response, page.head, links, first=crawl_state.first)
        return PageResult(replace(page, identity=identity), tuple(links), guessed=is_numbered)

    def missing(self, url: str, at: datetime) -> PageResult | None:
        """The result for a page that does not exist: the end, if it is a numbered page after the first."""
        numbered = self.profile.list.numbered
        if numbered is None or numbered.number_of(url, self.account) <= numbered.first:
            return None
        return PageResult(Page(url, at, self.account, None, (), None), guessed=True)

    def detail_url(self, post: ScrapedPost) -> str | None:
        """The post page; None if the profile reads nothing there, or only comments and the post has none."""
        reads_comments = self.comments and self.profile.comments is not None and post.comments != 0
        return post.url if reads_comments or self.profile.detail.has_fields else None

    def read_detail(self, response: Response, post: ScrapedPost) -> Detail:
        """Read the post page, or a further page of its comments. Raises `LayoutChanged`."""
        if not is_post_page(response.requested or response.url, response.url, post.post_id):
            raise LayoutChanged(
                f"{response.requested} leads to {response.url}, which is not the page of the post {post.post_id}."
            )
        part = open_page(self.profile.state, response.text)
        return read_detail_page(self.profile, part, response.url, self.account, post, comments=self.comments)

    def _may_be_empty(self, crawl_state: CrawlState) -> bool:
        """Whether a page without posts is the end: all posts were shown, or the pages are numbered."""
        all_seen = crawl_state.expected is not None and crawl_state.posts >= max(1, crawl_state.expected)
        return all_seen or (self.profile.list.numbered is not None and crawl_state.posts > 0)
