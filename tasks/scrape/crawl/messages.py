"""What the run and the crawl's process send each other, over one connection of `multiprocessing`.

The run sends one `CrawlJob`. The process sends `Message`s, as JSON: it reads pages of strangers, so the run
validates what it sends and unpickles nothing. After each message `page` the process waits for a `NextStep`.
When either side ends, however it ends, the connection closes and the other side ends too.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any, Literal
from urllib.parse import quote, quote_plus

from pydantic import TypeAdapter

from tasks.scrape.crawl.site_adapter import SiteAdapter
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import CrawlLimits, NextStep


@dataclass(frozen=True, slots=True)
class CrawlJob:
    """What to crawl: an account by its `adapter`, from `start_url` on; `spool` has the pages read before.

    `no_request_before` (UTC) is the end of a limit that the host announced to an earlier crawl.
    """

    adapter: SiteAdapter
    start_url: str
    politeness: Politeness
    spool: str
    secret: str | None = field(default=None, repr=False)
    limits: CrawlLimits = field(default_factory=CrawlLimits)
    no_request_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the crawl's process.

    - `page`: a page was read, but not its posts' own pages
    - `complete`: the same page after the run's decision, with those of its posts that have changed since
    - `log`: a log line
    - `limit`: the host accepts no request until `until` (UTC)
    - `failed`: the crawl ended with `error`, the name of a class in `tasks.errors`
    - `end`: the crawl ended
    """

    kind: Literal["page", "complete", "log", "limit", "failed", "end"]
    page: Page | None = None
    level: int = 0
    error: str = ""
    text: str = ""
    until: datetime | None = None


MESSAGE_JSON: TypeAdapter[Message] = TypeAdapter(Message)


def changed_posts(complete: Page, page: Page) -> Page:
    """The complete page with those posts only that are not in `page`."""
    return replace(complete, posts=tuple(post for post in complete.posts if post not in page.posts))


def with_other_posts(changed: Page, page: Page) -> Page:
    """The complete page again, of its changed posts and the posts of `page`."""
    posts = {post.post_id: post for post in changed.posts}
    return replace(changed, posts=tuple(posts.get(post.post_id, post) for post in page.posts))


MIN_SECRET = 4
"""A shorter token is no secret: it is part of many words."""


def without_secret(message: Message, secret: str | None) -> Message:
    """The message with three stars in place of the token, also where it is escaped as in an address."""
    if secret is None or len(secret) < MIN_SECRET:
        return message
    forms = {secret, quote(secret, safe=""), quote_plus(secret)}
    return MESSAGE_JSON.validate_python(_starred(MESSAGE_JSON.dump_python(message, mode="json"), forms))


def _starred(value: Any, forms: set[str]) -> Any:
    if isinstance(value, str):
        for form in forms:
            value = value.replace(form, "***")
        return value
    if isinstance(value, list):
        return [_starred(one, forms) for one in value]
    if isinstance(value, dict):
        return {key: _starred(one, forms) for key, one in value.items()}
    return value


class RunConnection:
    """Sends messages to the run, from any thread, and receives its decisions.

    No message has the `secret` in it: an error of Scrapy's or a server's response may quote the whole address.
    """

    def __init__(self, connection: Connection, secret: str | None = None) -> None:
        self._connection = connection
        self._secret = secret
        self._lock = threading.Lock()
        self._page: Page
        self._next_step: Future[NextStep]

    def send(self, message: Message) -> None:
        """Send one message; of a complete page, only what the run does not have yet."""
        if message.kind == "complete" and message.page is not None:
            message = Message("complete", changed_posts(message.page, self._page))
        line = MESSAGE_JSON.dump_json(without_secret(message, self._secret))
        with self._lock:
            self._connection.send_bytes(line)

    async def next_step(self, page: Page) -> NextStep:
        """The run's decision after this page."""
        self._page, self._next_step = page, Future()
        self.send(Message("page", page=page))
        return await asyncio.wrap_future(self._next_step)

    def receive(self) -> None:
        """Receive decisions until the run ends, then end this process."""
        try:
            while True:
                next_step = self._connection.recv()
                self._next_step.set_result(next_step)
        except (EOFError, OSError):
            os._exit(1)
