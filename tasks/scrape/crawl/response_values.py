"""JSON responses of interfaces, and the values in their objects.

A value that is missing or can't be read in one object is None and a problem. A field that is missing in all objects
means that the interface has changed: `LayoutChanged` names the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.pages import ScrapedPost
from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.counts import read_exact_count
from tasks.scrape.values.json_text import read_json
from tasks.scrape.values.text import quote, shown, text_of
from tasks.scrape.values.times import TimeOutOfRange, read_time


def read_json_response(response: Response, interface: str) -> Any:
    """The JSON value of a response. Raises `LayoutChanged` where it is not JSON; `interface` names its sender."""
    try:
        return read_json(response.text)
    except ValueError:
        begin = shown(quote(response.text) or "nothing")
        raise layout_changed(
            response.url, interface, f"the response is not JSON; it begins with {begin}"
        ) from None


def layout_changed(url: str, interface: str, what: str) -> LayoutChanged:
    """The error for a response with another form than expected."""
    return LayoutChanged(
        f"The response of {url} no longer has the form that likelens expects of {interface}: {what}. Nothing of it"
        " was stored. Open the address; if the interface has changed, please report it."
    )


@dataclass(slots=True)
class Findings:
    """What could not be read of a response: `problems` in words, and the field's name for each value."""

    problems: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)

    def add(self, name: str, problem: str) -> None:
        """Report a value of the field `name` that could not be read."""
        self.unparsed.append(name)
        self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a response: `what` it is, in words, and the values in it.

    In each method `key` is the interface's name of a value, and `name` is ours.
    """

    fields: Mapping[str, Any]
    what: str
    findings: Findings

    def count(self, key: str, name: str) -> int | None:
        """A count; None where there is none. A value that is not a count is a problem, never 0."""
        value = self.fields.get(key)
        try:
            return None if value is None else read_exact_count(value)
        except ValueError:
            self.findings.add(name, f"{self.what}: {key} is {shown(value)}, which is not a count")
            return None

    def text(self, key: str, name: str) -> str | None:
        """A text; None where there is none, or an empty one."""
        value = self.fields.get(key)
        if value is not None and not isinstance(value, str):
            self.findings.add(name, f"{self.what}: {key} is {shown(value)}, which is not text")
            return None
        return (text_of(value) or "").strip() or None

    def time(self, key: str, name: str) -> datetime | None:
        """A time in UTC. None, and a problem, where it is missing, before 2000 or in the future."""
        value = self.fields.get(key)
        try:
            return read_time(value if isinstance(value, str) else None)
        except ValueError as error:
            why = f" ({error})" if isinstance(error, TimeOutOfRange) else ""
            self.findings.add(name, f"{self.what}: {key} is {shown(value)}, which is not a time{why}")
            return None

    def address(self, *keys: str) -> str | None:
        """The first of the values that is an http or https address."""
        for key in keys:
            if (address := web_address(self.fields.get(key))) is not None:
                return address
        return None


@dataclass(frozen=True, slots=True)
class RequiredField:
    """A field that posts must have. If all posts are without it, the interface has changed.

    `key` is the interface's name, `name` ours; `min_posts`: a page with fewer posts proves nothing.
    """

    key: str
    name: str
    min_posts: int


def check_required(
    response: Response, interface: str, findings: Findings, posts: int, required: Sequence[RequiredField]
) -> None:
    """Raise `LayoutChanged` where none of the response's posts has a field that can be read."""
    for one in required:
        if posts >= one.min_posts and findings.unparsed.count(one.name) >= posts:
            raise layout_changed(
                response.url, interface, f"none of its {posts} posts has {one.key} that can be read"
            )


def check_pictures(response: Response, interface: str, posts: Sequence[ScrapedPost]) -> None:
    """Raise `LayoutChanged` where several posts should have pictures, and none has any."""
    with_pictures = [post for post in posts if post.kind != "video"]
    if len(with_pictures) > 1 and not any(post.pictures for post in with_pictures):
        raise layout_changed(
            response.url, interface, f"none of its {len(with_pictures)} posts has the address of a picture"
        )
