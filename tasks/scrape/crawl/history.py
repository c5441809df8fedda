"""What a crawl has read so far: it drops posts that were read before, and finds the end of the pages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tasks.scrape.crawl.site_adapter import CrawlState, PageResult
from tasks.scrape.pages import AccountInfo, Page, ScrapedPost
from tasks.scrape.read_context import NextStep


@dataclass(slots=True)
class CrawlHistory:
    """The pages of one crawl, those of its spool first. `pager` is the site adapter's, for messages."""

    pager: str
    urls: set[str]
    first: bool = True
    _posts: set[str] = field(default_factory=set)
    _expected: int | None = None
    _head: AccountInfo | None = None
    _problems: tuple[str, ...] = ()
    _jumped: bool = False

    @property
    def state(self) -> CrawlState:
        """What a site adapter needs to know."""
        return CrawlState(len(self._posts), self._expected, self.first, self._head)

    def add(self, page: Page) -> None:
        """Add a complete page."""
        self._posts.update(post.post_id for post in page.posts)
        self.urls.add(page.url)
        self.first = False
        # A page that has more posts after it and still a next address: the crawl jumped to that.
        self._jumped = self._jumped or (page.more and page.next_url is not None)
        self._head = page.head or self._head
        if page.head is not None and page.head.posts_least is not None:
            self._expected = page.head.posts_least

    def add_account(self, result: PageResult) -> str | None:
        """Add a response without a page of posts; returns the next address."""
        self._head = result.head or self._head
        self._problems += result.problems
        next_urls = self.new_urls(result)
        self.urls.update(next_urls[:1])
        return next_urls[0] if next_urls else None

    def new_urls(self, result: PageResult) -> list[str]:
        """The next addresses that were not requested before."""
        return [url for url in result.next_urls if url not in self.urls]

    def count_missing(self, page: Page) -> int:
        """How many posts the account has, by its own count, that no page has shown."""
        if self._jumped:
            return 0  # the posts between are known
        head = page.head or self._head
        expected = self._expected
        if expected is None and head is not None:
            expected = head.posts_least
        return max(0, (expected or 0) - len(self._posts | {post.post_id for post in page.posts}))

    def with_new_posts(self, result: PageResult) -> Page:
        """The page with those of its posts that are new to this crawl, and with the address of the next page."""
        page = result.page
        assert page is not None
        self._head = result.head or self._head
        posts: dict[str, ScrapedPost] = {}
        for post in page.posts:
            if post.post_id not in self._posts:
                posts.setdefault(post.post_id, post)
        problems, self._problems = self._problems + page.problems, ()
        next_url, more, unparsed = next(iter(self.new_urls(result)), None), page.more, page.unparsed
        if result.guessed and not posts:
            next_url = None
        if next_url is not None and page.posts and not posts:
            problems += (f"{page.url}: the pager leads in a circle; the crawl stopped there",)
            next_url, more = None, True
        if next_url is None and (missing := self.count_missing(page)):
            counts = f"the account has {missing} more posts than its pages show"
            problems += (f"{page.url}: {counts}, and {self.pager} finds no other page",)
            # Known posts may be among those that were not shown.
            more, unparsed = True, (*unparsed, "page")
        return replace(
            page,
            unparsed=unparsed,
            head=page.head or self._head if self.first else None,
            posts=tuple(posts.values()),
            next_url=next_url,
            problems=problems,
            more=more,
        )

    def with_next_url(self, page: Page, next_step: NextStep) -> Page:
        """The page with the next address by the run's decision."""
        if page.next_url is None:
            return page
        if next_step.jump_to is not None and next_step.jump_to not in self.urls:
            return replace(page, next_url=next_step.jump_to, more=True)
        return replace(page, next_url=None, more=True) if next_step.stop else page
