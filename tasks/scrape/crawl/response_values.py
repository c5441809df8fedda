"""JSON answers of interfaces, read with distrust: whole ones, and the values in their objects.

A value that one object lacks or garbles is None, and a problem that says so. What a whole answer lacks
means that the interface is no longer the one we know: `LayoutChanged` names the field.
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

MAX_NUMBER = 400
"""Digits of a number that is read at all; Python refuses those above some thousands."""
TOLD_CHARACTERS = 200
"""So much of a text of theirs is quoted in a message of ours."""


def read_json(answer: Response, interface: str) -> Any:
    """The answer's JSON document. Raises `LayoutChanged` where it is none; `interface` is its name in words."""
    try:
        return json.loads(answer.text.lstrip("\ufeff"), parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError):
        shown = told(answer.text) or "nothing"
        raise misfit(
            answer.url, interface, f"the answer is not JSON; it begins with {shown[:60]!r}"
        ) from None


def misfit(url: str, interface: str, what: str) -> LayoutChanged:
    """The error for an answer that is not what we know."""
    return LayoutChanged(
        f"The answer of {url} no longer fits what likelens knows of {interface}: {what}. Nothing of it was"
        " stored. Look at what the address answers now; if the interface has changed, please report it."
    )


def told(value: Any) -> str:
    """A text of theirs as a message of ours may quote it: one line, not long. Empty for what is no text."""
    if not isinstance(value, str):
        return ""
    line = " ".join(clean(value[: 4 * TOLD_CHARACTERS]).split())
    return line if len(line) <= TOLD_CHARACTERS else line[:TOLD_CHARACTERS] + "…"


def clean(text: str) -> str:
    """The text without what no table holds: NULs, and halves of characters that JSON can write."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def identifier(value: Any) -> str | None:
    """An id as text: interfaces write them as strings, some as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return clean(value).strip() or None if isinstance(value, str) else None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_NUMBER else digits


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


@dataclass(slots=True)
class Findings:
    """What could not be read of an answer: `problems` in words, and the fields' names, one for each value."""

    problems: list[str] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)

    def add(self, name: str, problem: str) -> None:
        """Note a value of the field `name` that could not be read."""
        self.unparsed.append(name)
        self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Record:
    """One object of an answer: `what` it is, in words, and the values in it.

    In each method `key` is the interface's word for a value, and `name` is ours.
    """

    fields: Mapping[str, Any]
    what: str
    findings: Findings

    def count(self, key: str, name: str) -> int | None:
        """A count; None where there is none. What `counts.py` can't read is a problem, never 0."""
        value = self.fields.get(key)
        try:
            return None if value is None else exact_value(value)
        except ValueError:
            self.findings.add(name, f"{self.what}: {key} is {_shown(value)}, which is no count")
            return None

    def text(self, key: str, name: str) -> str | None:
        """A text; None where there is none, or an empty one."""
        value = self.fields.get(key)
        if value is not None and not isinstance(value, str):
            self.findings.add(name, f"{self.what}: {key} is {_shown(value)}, which is no text")
            return None
        return clean(value).strip() or None if value else None

    def time(self, key: str, name: str) -> datetime | None:
        """An ISO 8601 time in UTC; one without a zone is taken for UTC.

        None, and a problem, where there is none, or one before 2000 or in the future.
        """
        value = self.fields.get(key)
        try:
            return iso_time(value if isinstance(value, str) else "")
        except ValueError as error:
            why = f" ({error})" if isinstance(error, OutOfRange) else ""
            self.findings.add(name, f"{self.what}: {key} is {_shown(value)}, which is no time{why}")
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
    """A field that posts must have: too many that lack it mean that the interface has changed.

    `key` is the interface's word, `name` ours; `least`: from so many posts on, all without it are no accident.
    """

    key: str
    name: str
    least: int


def check_required(
    answer: Response, interface: str, findings: Findings, posts: int, required: Sequence[Required]
) -> None:
    """Raise `LayoutChanged` where none of the answer's posts has a field that can be read."""
    for one in required:
        if posts >= one.least and findings.unparsed.count(one.name) >= posts:
            raise misfit(answer.url, interface, f"none of its {posts} posts has {one.key} that can be read")


def check_pictures(answer: Response, interface: str, posts: Sequence[ScrapedPost]) -> None:
    """Raise `LayoutChanged` where several posts should have pictures, and none has any."""
    shown = [post for post in posts if post.kind != "video"]
    if len(shown) > 1 and not any(post.pictures for post in shown):
        raise misfit(answer.url, interface, f"none of its {len(shown)} posts has the address of a picture")
