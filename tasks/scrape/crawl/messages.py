"""What the run and the crawl's process say to each other: one JSON document a line.

The run writes one `Order` to the process's standard input and keeps it open; the process answers with
`Message` lines on its standard output. After each message `judge` the process waits for a `Verdict` on
its standard input. When the run ends, however it ends, the open input closes and the process ends too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from tasks.scrape.crawl.one_page import OnePageWalk
from tasks.scrape.gallery.walk import GalleryWalk
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.visit import Verdict

AnyWalk = Annotated[GalleryWalk | OnePageWalk, Field(discriminator="kind")]
"""The walks of all kinds of source that are crawled; their field `kind` tells them apart."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to crawl: an account by its `walk`, from `start_url` on; the spool has what was read before it."""

    walk: AnyWalk
    start_url: str
    politeness: Politeness
    spool: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One of: a page to judge, a page that is whole, a log line, the error that ended it, or the end.

    `error` is the name of a class in `tasks.errors`.
    """

    kind: Literal["judge", "page", "log", "failed", "end"]
    page: Page | None = None
    level: int = 0
    error: str = ""
    text: str = ""


ORDER_JSON: TypeAdapter[Order] = TypeAdapter(Order)
MESSAGE_JSON: TypeAdapter[Message] = TypeAdapter(Message)
VERDICT_JSON: TypeAdapter[Verdict] = TypeAdapter(Verdict)
