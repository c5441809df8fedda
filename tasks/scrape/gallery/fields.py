"""One field after the other from a part of a page: what can't be read becomes null and a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tasks.scrape.gallery.addresses import absolute, base_url, filled
from tasks.scrape.gallery.document import kind_of_json
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import AddressPlace, Part, Place, Value
from tasks.scrape.values.counts import MIN_INEXACT, Count, read_count
from tasks.scrape.values.text import clean

Parsed = TypeVar("Parsed")
MAX_TEXT = 100_000
"""Characters of the longest caption or comment that is taken; no site lets people write so much."""
MAX_NAME = 1_000
"""Characters of the longest id, name or place that is taken."""
MAX_TOLD = 200
"""Problems of one page that are told in words; of the rest their number is."""
FIELDS = {"picture": "pictures"}
"""What the tables call a key of a profile, where it is another word."""


class FieldReader:
    """Reads the fields of one page, and keeps what went wrong.

    `unparsed` has the name of a field for each value that could not be read, `unreadable` the first reason
    by the place's name. `base` is the href of the page's `<base>`, where it has one.
    """

    def __init__(self, profile: Profile, url: str, account: str = "", base: str | None = None) -> None:
        self.profile = profile
        self.url = url
        self.base = base
        self.account = account
        self.problems: list[str] = []
        self.untold = 0
        self.unparsed: list[str] = []
        self.unreadable: dict[str, str] = {}
        self.read_date = profile.read_date

    def read(
        self, name: str, place: Place | None, part: Part, parse: Callable[[Value], Parsed]
    ) -> Parsed | None:
        """The first value at the place, parsed; None where there is none, or where it can't be read."""
        if place is None:
            return None
        try:
            value = place.first(part)
            return None if value is None else parse(value)
        except ValueError as error:
            self.not_read(name, place, error)
            return None

    def text(self, name: str, place: Place | None, part: Part) -> str | None:
        """The first text at the place that people wrote, with its line breaks."""
        if place is None:
            return None
        try:
            value = place.first_shown(part)
            return None if value is None else as_text(value)
        except ValueError as error:
            self.not_read(name, place, error)
            return None

    def read_all(
        self, name: str, place: Place | None, part: Part, parse: Callable[[Value], Parsed]
    ) -> list[Parsed]:
        """All values at the place that can be read."""
        if place is None:
            return []
        parsed = []
        try:
            for value in place.values(part):
                try:
                    parsed.append(parse(value))
                except ValueError as error:
                    self.not_read(name, place, error)
        except ValueError as error:
            self.not_read(name, place, error)
        return parsed

    def is_there(self, name: str, place: Place | None, part: Part) -> bool:
        """Whether anything stands at the place."""
        try:
            return place is not None and place.is_there(part)
        except ValueError as error:
            assert place is not None
            self.not_read(name, place, error)
            return False

    def has_value(self, place: Place | None, part: Part) -> bool:
        """Whether anything stands at the place that was or could not be read."""
        try:
            return place is not None and bool(place.values(part))
        except ValueError:
            return True

    def address(self, name: str, place: AddressPlace | None, part: Part) -> str | None:
        """The first address at the place."""
        return None if place is None else self.read(name, place, part, self._address_of(place))

    def addresses(self, name: str, place: AddressPlace | None, part: Part) -> tuple[str, ...]:
        """All addresses at the place, each once."""
        if place is None:
            return ()
        found = self.read_all(name, place, part, self._address_of(place))
        return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))

    def count(self, name: str, place: Place | None, part: Part) -> Count | None:
        """The count at the place."""
        return self.read(name, place, part, as_count)

    def tell(self, problem: str) -> None:
        """Keep a problem for a person to read."""
        if len(self.problems) < MAX_TOLD:
            self.problems.append(problem)
        else:
            self.untold += 1

    def told(self) -> tuple[str, ...]:
        """The problems, and how many more there are."""
        more = (f"{self.url}: {self.untold} more problems of this kind",) if self.untold else ()
        return (*self.problems, *more)

    def not_read(self, name: str, place: Place, error: ValueError) -> None:
        """Keep that a value could not be read."""
        part, _, key = name.partition(".")
        field = FIELDS.get(key, key)
        self.unparsed.append(field if part in ("post", "detail") else f"{part.removesuffix('s')}.{field}")
        self.tell(f"{self.url}: {name} ({place}): {error}")
        self.unreadable.setdefault(name, str(error))

    def _address_of(self, place: AddressPlace) -> Callable[[Value], str]:
        """What makes an address of a value at the place."""
        template = place.template
        base = base_url(self.url, self.base, template)
        if template is None:
            return lambda value: absolute(base, as_text(value))
        return lambda value: absolute(base, filled(template, account=self.account, value=as_name(value)))


def as_count(value: Value) -> Count:
    """A text or a number as a count. Raises `ValueError` for any other: it is never 0."""
    if isinstance(value, str | int | float):
        return read_count(value)
    raise ValueError(f"{kind_of_json(value)} is not a count")


def as_text(value: Value, longest: int = MAX_TEXT) -> str:
    """A text, or a number written out. Raises `ValueError` for what is neither, or too long."""
    if type(value) is not str and (isinstance(value, bool) or not isinstance(value, (str, int, float))):
        raise ValueError(f"{kind_of_json(value)} is no text")
    if len(text := str(value)) > longest:
        raise ValueError(f"it is longer than {longest:,} characters")
    return clean(text)


def as_name(value: Value) -> str:
    """A short text, such as an id or a name. Raises `ValueError` for a float that has lost digits too."""
    if isinstance(value, float):
        if value % 1 or abs(value) >= MIN_INEXACT:
            raise ValueError(f"{value} is no id: as a number with decimals it has lost digits")
        value = int(value)
    return as_text(value, MAX_NAME)
