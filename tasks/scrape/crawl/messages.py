"""What the run and the crawl's process say to each other: one JSON document a line.

The run writes one `CrawlJob` to the process's standard input and keeps it open; the process answers with
`Message` lines on its standard output. After each message `judge` the process waits for a `NextStep` on
its standard input. When the run ends, however it ends, the open input closes and the process ends too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, quote_plus

from pydantic import Field, TypeAdapter

from tasks.scrape.crawl.one_page import OnePageAdapter
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.graph.adapter import GraphAdapter
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import CrawlLimits, NextStep

AnyWalk = Annotated[
    GalleryAdapter | MastodonAdapter | GraphAdapter | OnePageAdapter, Field(discriminator="kind")
]
"""The walks of all kinds of source that are crawled; their field `kind` tells them apart."""


@dataclass(frozen=True, slots=True)
class CrawlJob:
    """What to crawl: an account by its `adapter`, from `start_url` on; the spool has what was read before it.

    `no_request_before` (UTC) is the end of a limit that the host announced to an earlier crawl.
    """

    adapter: AnyWalk
    start_url: str
    politeness: Politeness
    spool: str
    secret: str | None = field(default=None, repr=False)
    limits: CrawlLimits = field(default_factory=CrawlLimits)
    no_request_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One of: a page to judge, a page that is whole, a log line, a limit, the error that ended it, or the end.

    `error` is the name of a class in `tasks.errors`. `until` (UTC) is when the host's limit ends.
    """

    kind: Literal["judge", "page", "log", "limit", "failed", "end"]
    page: Page | None = None
    level: int = 0
    error: str = ""
    text: str = ""
    until: datetime | None = None


ORDER_JSON: TypeAdapter[CrawlJob] = TypeAdapter(CrawlJob)
MESSAGE_JSON: TypeAdapter[Message] = TypeAdapter(Message)
VERDICT_JSON: TypeAdapter[NextStep] = TypeAdapter(NextStep)


MIN_SECRET = 4
"""A shorter token is no secret, and stands in any word."""


def without_secret(message: Message, secret: str | None) -> Message:
    """The message with three stars wherever the token stands in one of its texts, also as addresses write it."""
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
