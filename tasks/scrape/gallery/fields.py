"""Read the fields of a page one by one; a value that can't be read becomes null and a problem."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from tasks.scrape.gallery.addresses import absolute, base_url, fill_template
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import Part, Selector, Value
from tasks.scrape.values.counts import MIN_INEXACT, Count, read_count
from tasks.scrape.values.text import clean, shown

Parsed = TypeVar("Parsed")
MAX_TEXT = 100_000
"""Characters of a caption or comment; no site lets people write more."""
MAX_NAME = 1_000
"""Characters of an id or a name."""
MAX_PROBLEMS = 200
"""Problems of a page that are reported one by one; the others are counted."""
COLUMNS = {"picture": "pictures"}
"""The tables' name for a key of a profile, if it differs."""


class FieldReader:
    """Reads the fields of one page by their keys, such as `post.likes`, and collects problems.

    `unparsed` has a field's name for each value that could not be read; `unreadable` has the first reason by
    key. The first problems are what could not be read of the page.
    """

    def __init__(self, profile: Profile, page: Part, url: str, account: str = "") -> None:
        self.profile = profile
        self.url = url
        self.base = page.base
        self.account = account
        self.unparsed: list[str] = []
        self.unreadable: dict[str, str] = {}
        self.selectors: dict[str, Selector] = {
            f"{table}.{key}": selector
            for table in ("head", "post", "detail", "comments")
            for key, selector in getattr(profile, table) or ()
            if selector is not None
        }
        self._problems = [f"{url}: {trouble}" for trouble in page.troubles]
        self._parse_date = profile.read_date

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems, of which the last one counts those above the limit."""
        more = len(self._problems) - MAX_PROBLEMS
        last = (f"{self.url}: {more} more problems of this kind",) if more > 0 else ()
        return (*self._problems[:MAX_PROBLEMS], *last)

    def report(self, problem: str) -> None:
        """Add a problem for a person to read."""
        self._problems.append(problem)

    def text(self, key: str, part: Part) -> str | None:
        """The first text that people wrote, with its line breaks."""
        return self._read(key, part, as_text, Selector.first_text)

    def name(self, key: str, part: Part) -> str | None:
        """The first id or name."""
        return self._read(key, part, as_name)

    def date(self, key: str, part: Part) -> datetime | None:
        """The first date."""
        return self._read(key, part, self._parse_date)

    def count(self, key: str, part: Part) -> Count | None:
        """The first count."""
        return self._read(key, part, read_count)

    def address(self, key: str, part: Part) -> str | None:
        """The first address, made absolute."""
        return self._read(key, part, self._address_parser(key))

    def addresses(self, key: str, part: Part) -> tuple[str, ...]:
        """All addresses, made absolute, each once."""
        values: list[Value] = self._read(key, part, list, Selector.values) or []
        parse = self._address_parser(key)
        parsed = []
        for value in values:
            try:
                parsed.append(parse(value))
            except ValueError as error:
                self._report_unread(key, error)
        return tuple(dict.fromkeys(parsed))

    def matches(self, key: str, part: Part) -> bool:
        """Whether the selector finds something."""
        return bool(self._read(key, part, bool, Selector.matches))

    def has_value(self, key: str, part: Part) -> bool:
        """Whether the selector finds a value, readable or not."""
        try:
            return key in self.selectors and bool(self.selectors[key].values(part))
        except ValueError:
            return True

    def _read(
        self,
        key: str,
        part: Part,
        parse: Callable[[Value], Parsed],
        find: Callable[[Selector, Part], Value] = Selector.first,
    ) -> Parsed | None:
        selector = self.selectors.get(key)
        if selector is None:
            return None
        try:
            value = find(selector, part)
            return None if value is None else parse(value)
        except ValueError as error:
            self._report_unread(key, error)
            return None

    def _report_unread(self, key: str, error: ValueError) -> None:
        table, _, name = key.partition(".")
        column = COLUMNS.get(name, name)
        self.unparsed.append(column if table in ("post", "detail") else f"{table.removesuffix('s')}.{column}")
        self.report(f"{self.url}: {key} ({self.selectors[key]}): {error}")
        self.unreadable.setdefault(key, str(error))

    def _address_parser(self, key: str) -> Callable[[Value], str]:
        template = getattr(self.selectors.get(key), "template", None)
        base = base_url(self.url, self.base, template)
        if template is None:
            return lambda value: absolute(base, as_text(value))
        fill = partial(fill_template, template, account=self.account)
        return lambda value: absolute(base, fill(value=as_name(value)))


def count_fields(field: str, count: Count | None) -> dict[str, Any]:
    """The three fields of a post that hold one of its counts."""
    if count is None:
        return {field: None, f"{field}_rounded": False, f"{field}_least": None}
    return {field: count.value, f"{field}_rounded": count.rounded, f"{field}_least": count.least}


def as_text(value: Value, max_characters: int = MAX_TEXT) -> str:
    """A text, or a number as text. Raises `ValueError` for other values, and for a text that is too long."""
    if type(value) is not str and (isinstance(value, bool) or not isinstance(value, (str, int, float))):
        raise ValueError(f"{shown(value)} is not text")
    if len(text := str(value)) > max_characters:
        raise ValueError(f"it is longer than {max_characters:,} characters")
    return clean(text)


def as_name(value: Value) -> str:
    """A short text, such as an id or a name. Raises `ValueError`, also for a float that has lost digits."""
    if isinstance(value, float):
        if value % 1 or abs(value) >= MIN_INEXACT:
            raise ValueError(f"{value} is not an id: a number with decimals may have lost digits")
        value = int(value)
    return as_text(value, MAX_NAME)
