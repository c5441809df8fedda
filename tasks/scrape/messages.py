"""What the run and the crawl's process say to each other: one JSON document a line.

The run writes one `Order` to the process's standard input and keeps it open; the process answers with
`Message` lines on its standard output. When the run ends, however it ends, the open input closes and
the process ends too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.profile import Profile


@dataclass(frozen=True, slots=True)
class Order:
    """What to crawl: an account's gallery from `start_url` on; `seen` posts are in the spool already."""

    profile: Profile
    account: str
    start_url: str
    first_url: str
    politeness: Politeness
    spool: str


FailureKind = Literal[
    "not_found", "private", "refused", "moved", "robots", "unreachable", "layout", "crashed"
]


@dataclass(frozen=True, slots=True)
class Message:
    """One of: a page, a log line, the reason of a failure, or the end."""

    kind: Literal["page", "log", "failed", "end"]
    page: Page | None = None
    level: int = 0
    failure: FailureKind | None = None
    text: str = ""


ORDER_JSON: TypeAdapter[Order] = TypeAdapter(Order)
MESSAGE_JSON: TypeAdapter[Message] = TypeAdapter(Message)
