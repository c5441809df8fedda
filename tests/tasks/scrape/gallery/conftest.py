"""The spider without a process and a network: a function of the test returns its pages.

A process takes seconds in each run. These tests check what the spider, the run and the tables make of pages; other
tests check HTTP and redirects with a server. The gallery here has post pages with more fields than its lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

import tasks.errors
from tasks.scrape.crawl.failures import status_failure
from tasks.scrape.crawl.messages import CrawlJob, Message
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.crawl.source import CrawledSource
from tasks.scrape.crawl.spider import AccountSpider
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import DecideNextStep, NextStep, ReadContext


@dataclass(frozen=True)
class PageRequest:
    """A request to the test's function: the path with its query."""

    path: str


class _Run:
    def __init__(self, decide: DecideNextStep) -> None:
        self.decide = decide
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)

    async def next_step(self, page: Page) -> NextStep:
        return self.decide(page)


class _DirectSpider(AccountSpider):
    service: Callable[[PageRequest], Any]

    async def _get(self, url: str) -> Response:
        final = url
        for _ in range(5):
            parts = urlsplit(final)
            reply = self.service(PageRequest(parts.path + (f"?{parts.query}" if parts.query else "")))
            if reply.status != 302:
                break
            final = urljoin(final, reply.headers["Location"])
        response = Response(final, reply.body, datetime.now(UTC), reply.status, reply.headers, url)
        if reply.status != 200:
            raise self.adapter.refusal(response) or status_failure(response.status, response.url)
        return response


@dataclass(frozen=True, slots=True)
class DirectSource(CrawledSource):
    """A source that reads its pages from `service` instead of the network."""

    service: Callable[[PageRequest], Any] = lambda request: None

    def pages(self, context: ReadContext) -> Iterator[Page]:
        last = context.spool.last()
        start = self.adapter.first_url if last is None or last.next_url is None else last.next_url
        job = CrawlJob(
            replace(self.adapter, comments=context.comments),
            start,
            context.politeness,
            str(context.spool.file),
        )
        run = _Run(context.decide)
        spider = _DirectSpider(job, run)
        spider.service = self.service
        asyncio.run(_exhaust(spider))
        for message in run.messages:
            if message.kind == "failed":
                raise getattr(tasks.errors, message.error)(message.text)
            if message.kind == "complete":
                yield message.page


async def _exhaust(spider: AccountSpider) -> None:
    async for _ in spider.start():
        pass


@pytest.fixture
def directly() -> Callable[..., DirectSource]:
    """Make a source that reads the pages of `source` from a function."""

    def make(source: CrawledSource, service: Callable[[PageRequest], Any]) -> DirectSource:
        values = {one.name: getattr(source, one.name) for one in fields(source)}
        return DirectSource(**values, service=service)

    return make


POST_PAGE_PROFILE = r"""
name = "twofold"
account = '^/by/(?P<account>[^/]+)/?$'
dates = ["%Y-%m-%d %H:%M:%S", "%d %B %Y"]
[head]
present = { css = "header" }
account = { css = "header h1" }
posts = { css = "header b" }
[list]
post = { css = "article" }
next = { css = "a.older", attribute = "href" }
[post]
id = { css = "a", attribute = "href", pattern = '/p/(\d+)' }
url = { css = "a", attribute = "href" }
posted_at = { css = "time" }
picture = { css = "a img", attribute = "src" }
caption = { css = "p" }
comments = { css = "i" }
LIST_LIKES
[detail]
present = { css = "main" }
posted_at = { css = "time" }
caption = { css = "p" }
picture = { css = "main img", attribute = "src" }
likes = { css = "u" }
comments = { css = "i" }
"""


@dataclass
class GalleryPost:
    """A post of the gallery: the values on its list and on its page."""

    number: int
    likes: str
    age: float = 100.0
    comments: str = "3"
    on_list: str = ""
    listed_comments: str | None = None
    large: str = ""

    @property
    def posted_at(self) -> datetime:
        """A time with seconds, so that the day alone is less exact."""
        plain = datetime.now(UTC).replace(hour=14, minute=31, second=9, microsecond=0)
        return plain - timedelta(days=self.age)


@dataclass
class Gallery:
    """A gallery of the account ann.

    `extra` is HTML after the posts, `broken` the status of failing post pages, `moved` redirects, `read` the numbers
    of the post pages that were requested.
    """

    reply: Callable[..., Any]
    posts: list[GalleryPost]
    extra: str = ""
    broken: dict[int, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    counted: int | None = None
    read: list[int] = field(default_factory=list)
    heading: str = "<header><h1>ann</h1><b>{}</b></header>"

    def __call__(self, request: Any) -> Any:
        if request.path in self.moved:
            return self.reply("", 302, {"Location": self.moved[request.path]})
        if request.path.startswith("/by/ann"):
            return self.reply(self._list(self.posts, self.heading.format(self.counted or len(self.posts))))
        if request.path == "/about":
            return self.reply("<h1>What we are</h1>")
        if request.path == "/":
            strangers = [GalleryPost(number, "7") for number in range(900, 920)]
            return self.reply(self._list(strangers, ""))
        number = int(request.path.rsplit("/", 1)[1])
        self.read.append(number)
        if number in self.broken:
            return self.reply("<h1>Sorry</h1>", self.broken[number])
        post = next(post for post in self.posts if post.number == number)
        return self.reply(
            f"<main><time>{post.posted_at:%Y-%m-%d %H:%M:%S}</time><p>All of caption {number}</p>"
            f"<u>{post.likes}</u><i>{post.comments}</i>{post.large}</main>"
        )

    def _list(self, posts: list[GalleryPost], head: str) -> str:
        cards = "".join(
            f'<article><a href="/p/{post.number}"><img src="/{post.number}.jpg"></a>'
            f"<time>{post.posted_at:%d %B %Y}</time><p>All of …</p>"
            f"<i>{post.listed_comments or post.comments}</i><u>{post.on_list}</u></article>"
            for post in posts
        )
        return f"<!DOCTYPE html><body>{head}{cards}{self.extra}</body>"


@pytest.fixture
def gallery(reply) -> Gallery:
    """Twelve posts, the newest two of them young."""
    ages = {12: 1.0, 11: 3.0}
    return Gallery(
        reply, [GalleryPost(n, f"{42_000 + n:,}", ages.get(n, 100.0 + 12 - n)) for n in range(12, 0, -1)]
    )


@pytest.fixture
def open_account(importing) -> Callable[..., Any]:
    """Open the account at a server, as the settings do; with `on_list`, the list shows likes too."""

    def open_it(base: str = "https://pix.example", *, on_list: bool = False) -> Any:
        likes = 'likes = { css = "u" }' if on_list else ""
        (importing.folder / "twofold.toml").write_text(POST_PAGE_PROFILE.replace("LIST_LIKES", likes))
        settings = GallerySettings(name="g", kind="gallery", profile="twofold.toml", url=f"{base}/by/ann")
        return settings.open(importing.folder)

    return open_it


@pytest.fixture
def run_once(importing, open_account, directly, gallery) -> Callable[..., Any]:
    """Read the account in one run."""

    def read_account(*, on_list: bool = False, **options: Any) -> Any:
        source = directly(open_account(on_list=on_list), gallery)
        return importing.read(source, **{"politeness": Politeness(0), **options})

    return read_account


@pytest.fixture
def latest_likes(importing) -> Callable[[], dict[int, int | None]]:
    """Return the likes of each post in its latest observation."""

    def read_likes() -> dict[int, int | None]:
        rows = importing.rows(
            "select post_id::int, arg_max(struct_pack(likes), observed_at) from observations group by 1"
        )
        return {number: likes["likes"] for number, likes in rows}

    return read_likes
