"""A gallery's walk: HTML pages, read with a profile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import (
    CrawlState,
    Detail,
    PageResult,
    Response,
    SiteAdapter,
)
from tasks.scrape.gallery.detail import read_detail_page
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import check_head, read_page
from tasks.scrape.gallery.identity import AccountPages, is_post_page
from tasks.scrape.gallery.pager import Account, next_pages
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
        """What leads to the next page, for messages."""
        if self.profile.list.numbered is not None:
            return f"list.numbered ({self.profile.list.numbered.address})"
        return f"list.next ({self.profile.list.next})"

    def read(self, answer: Response, crawl_state: CrawlState) -> PageResult:
        """A page of posts. Raises `AccountPrivate` or `LayoutChanged`."""
        part = open_page(self.profile.state, answer.text)
        own = AccountPages(self.profile, self.account, self.first_url)
        try:
            page = read_page(
                self.profile,
                part,
                answer.url,
                self.account,
                answer.at,
                may_be_empty=self._may_be_empty(crawl_state),
                may_lack=self.may_lack,
            )
        except LayoutChanged:
            # Another page of the site need not fit the profile, which has no fault then.
            own.check_address(answer)
            raise
        if crawl_state.first:
            page = check_head(self.profile, page)
        counted = self.profile.list.numbered is not None
        following: list[str] = []
        if page.posts or not counted:
            following = next_pages(self.profile, part, answer.url, Account(self.account, self.first_url))
        page = replace(page, identity=own.identity_of(answer, page.head, following, first=crawl_state.first))
        return PageResult(page, tuple(following), guessed=counted)

    def missing(self, url: str, at: datetime) -> PageResult | None:
        """What it means that there is no page at `url`: after the last of counted pages, the end."""
        numbered = self.profile.list.numbered
        if numbered is None or numbered.number_of(url, self.account) <= numbered.first:
            return None
        return PageResult(Page(url, at, self.account, None, (), None), guessed=True)

    def detail_url(self, post: ScrapedPost) -> str | None:
        """The post's own page; None where nothing of the profile stands on it, or only comments and it has none."""
        wants_comments = self.comments and self.profile.comments is not None and post.comments != 0
        return post.url if wants_comments or self.profile.detail.tells_more else None

    def read_detail(self, answer: Response, post: ScrapedPost) -> Detail:
        """The post's own page, or a further page of its comments. Raises `LayoutChanged`."""
        if not is_post_page(answer.requested or answer.url, answer.url, post.post_id):
            raise LayoutChanged(
                f"{answer.requested} leads to {answer.url}, which is not the page of the post {post.post_id}."
            )
        part = open_page(self.profile.state, answer.text)
        return read_detail_page(self.profile, part, answer.url, self.account, post, comments=self.comments)

    def _may_be_empty(self, crawl_state: CrawlState) -> bool:
        """Whether a page without posts is the end: all were shown, or pages are counted until one is empty."""
        all_seen = crawl_state.expected is not None and crawl_state.posts >= max(1, crawl_state.expected)
        return all_seen or (self.profile.list.numbered is not None and crawl_state.posts > 0)
