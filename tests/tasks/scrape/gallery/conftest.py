"""The spider without its process and without a network: its pages come from a function of the test.

A process for each night costs seconds; what is tested here is what the spider, the run and the tables make of
pages. That the same happens over HTTP, with redirects, is tested with a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

import tasks.errors
from tasks.scrape.crawl.failures import status_failure
from tasks.scrape.crawl.messages import CrawlJob, Message
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.crawl.source import CrawledSource
from tasks.scrape.crawl.spider import AccountSpider
from tasks.scrape.pages import Page
from tasks.scrape.read_context import DecideNextStep, NextStep, ReadContext


@dataclass(frozen=True)
class Asked:
    """A request, as a double of a server gets it: the path with its query."""

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
    service: Callable[[Asked], Any]

    async def _get(self, url: str) -> Response:
        final = url
        for _ in range(5):
            parts = urlsplit(final)
            reply = self.service(Asked(parts.path + (f"?{parts.query}" if parts.query else "")))
            if reply.status != 302:
                break
            final = urljoin(final, reply.headers["Location"])
        answer = Response(final, reply.body, datetime.now(UTC), reply.status, reply.headers, url)
        if reply.status != 200:
            raise self.adapter.refusal(answer) or status_failure(answer.status, answer.url)
        return answer


@dataclass(frozen=True, slots=True)
class DirectSource(CrawledSource):
    """A source of the same walk that requests nothing of a network, but of `service`."""

    service: Callable[[Asked], Any] = lambda asked: None

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
    """Make a source that reads from a function what `source` reads from its host."""

    def make(source: CrawledSource, service: Callable[[Asked], Any]) -> DirectSource:
        given = {field.name: getattr(source, field.name) for field in fields(source)}
        return DirectSource(**given, service=service)

    return make
