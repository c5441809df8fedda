"""JSON responses of interfaces, read with distrust: documents, and the values in their objects.

A value that is missing or garbled in one object is None, with a problem. A field that is missing in the whole
response means that the interface has changed: `LayoutChanged` names the field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tasks.errors import LayoutChanged
from tasks.scrape.counts import exact_value
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.pages import ScrapedPost
from tasks.scrape.times import OutOfRange, iso_time

MAX_DIGITS = 400
"""A longer number is not read; Python refuses those of some thousands of digits."""
MAX_QUOTE = 200
"""So many characters of a foreign text are quoted in a message."""


def read_json(response: Response, interface: str) -> Any:
    """The response's JSON document. Raises `LayoutChanged` where it is not JSON; `interface` is the name in messages."""
    try:
        return json.loads(
            response.text.lstrip("\ufeff"), parse_int=_parse_int, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        shown = told(response.text) or "nothing"
        raise misfit(
            response.url, interface, f"the response is not JSON; it begins with {shown[:60]!r}"
        ) from None


def misfit(url: str, interface: str, what: str) -> LayoutChanged:
    """The error for a response that does not fit the known interface."""
    return LayoutChanged(
        f"The response of {url} no longer fits what likelens knows of {interface}: {what}. Nothing of it was"
        " stored. Look at what the address returns now; if the interface has changed, please report it."
    )


def told(value: Any) -> str:
    """A foreign text as messages quote it: one short line; empty for what is not a text."""
    if not isinstance(value, str):
        return ""
    line = " ".join(clean(value[: 4 * MAX_QUOTE]).split())
    return line if len(line) <= MAX_QUOTE else line[:MAX_QUOTE] + "…"


def clean(text: str) -> str:
    """The text without characters that tables can't hold: NULs, and single surrogates."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def identifier(value: Any) -> str | None:
    """An id as text: interfaces write them as strings, some as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return clean(value).strip() or None if isinstance(value, str) else None


def _parse_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


@dataclass(slots=True)
class Findings:
    """What could not be read of a response: `problems` in words, and the fields' names, one for each value."""

    problems: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)

    def add(self, name: str, problem: str) -> None:
        """Add a value of the field `name` that could not be read."""
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
        """A count; None where it is missing. What `counts.py` can't read is a problem, never 0."""
        value = self.fields.get(key)
        try:
            return None if value is None else exact_value(value)
        except ValueError:
            self.findings.add(name, f"{self.what}: {key} is {_shown(value)}, which is not a number")
            return None

    def text(self, key: str, name: str) -> str | None:
        """A text; None where it is missing or empty."""
        value = self.fields.get(key)
        if value is not None and not isinstance(value, str):
            self.findings.add(name, f"{self.what}: {key} is {_shown(value)}, which is not a text")
            return None
        return clean(value).strip() or None if value else None

    def time(self, key: str, name: str) -> datetime | None:
        """An ISO 8601 time in UTC; a time without a zone counts as UTC.

        None, and a problem, where it is missing, before 2000 or in the future.
        """
        value = self.fields.get(key)
        try:
            return iso_time(value if isinstance(value, str) else "")
        except ValueError as error:
            why = f" ({error})" if isinstance(error, OutOfRange) else ""
            self.findings.add(name, f"{self.what}: {key} is {_shown(value)}, which is not a time{why}")
            return None

    def address(self, *keys: str) -> str | None:
        """The first of the values that is an http or https address."""
        for key in keys:
            value = self.fields.get(key)
            if isinstance(value, str) and (found := web_address(value)):
                return found
        return None


def web_address(text: str) -> str | None:
    """The text where it is an http or https address with a host, else None."""
    address = clean(text).strip()
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return address if good else None


def _shown(value: Any) -> str:
    return "missing" if value is None else repr(value)[:60]


@dataclass(frozen=True, slots=True)
class Required:
    """A required field of posts: where too many posts miss it, the interface has changed.

    `key` is the interface's name of it, `name` ours. From `least` posts on, all without it are no accident.
    """

    key: str
    name: str
    least: int


def check_required(
    response: Response, interface: str, findings: Findings, posts: int, required: Sequence[Required]
) -> None:
    """Raise `LayoutChanged` where a required field can be read in none of the response's posts."""
    for one in required:
        if posts >= one.least and findings.unparsed.count(one.name) >= posts:
            raise misfit(response.url, interface, f"none of its {posts} posts has {one.key} that can be read")


def check_pictures(response: Response, interface: str, posts: Sequence[ScrapedPost]) -> None:
    """Raise `LayoutChanged` where several posts should have pictures, and none has any."""
    shown = [post for post in posts if post.kind != "video"]
    if len(shown) > 1 and not any(post.pictures for post in shown):
        raise misfit(response.url, interface, f"none of its {len(shown)} posts has the address of a picture")
