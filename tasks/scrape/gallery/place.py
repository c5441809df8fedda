"""A place: where on a page something stands, and how to find it there.

Selectors are compiled once for each place, and work on lxml's elements: with a selector object around each
element a page takes three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import jmespath
import parsel  # noqa: F401 - makes XPath know has-class()
from cssselect import SelectorError
from jmespath.exceptions import JMESPathError, JMESPathTypeError, ParseError
from lxml import etree
from parsel.csstranslator import HTMLTranslator
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks.scrape.gallery.document import read_json, text_of

Value = Any
"""What a place finds: a text, or what JSON knows."""

_HAS_CLASS = re.compile(r"""has-class\(\s*(["'])([\w-]+)\1\s*\)""")
_OWN_CLASS = 'contains(concat(" ", normalize-space(@class), " "), " \\2 ")'
_EXSLT = {"re": "http://exslt.org/regular-expressions", "set": "http://exslt.org/sets"}


@dataclass(slots=True)
class Part:
    """A part of a page: the whole of it, or one post's or comment's own.

    `element` is None where the part is found in the page's JSON; `data` is that JSON, or the whole page's.
    `troubles` say in words what of the whole page could not be read.
    """

    element: etree._Element | None
    data: Any = None
    troubles: tuple[str, ...] = ()


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if not re.compile(pattern).groups:
        raise ValueError("it needs a group, in parentheses, around what is to be kept")
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class Table(BaseModel):
    """A table of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Place(Table):
    """Where something stands: a CSS selector, an XPath, or a JMESPath in the page's JSON.

    - an XPath is relative, so it starts with `.`; css or xpath with json looks into JSON inside the element
    - `attribute` takes an attribute in place of the text, as `a::attr(href)` or `.//a/@href` do
    - `pattern` keeps its first group
    """

    css: str | None = None
    xpath: str | None = None
    query: str | None = Field(default=None, alias="json")
    attribute: str | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _can_be_found(self) -> Place:
        if (self.css is not None and self.xpath is not None) or not (self.css or self.xpath or self.query):
            raise ValueError("give either css or xpath, or json")
        if self.attribute is not None and self.in_json:
            raise ValueError("attribute goes with css or xpath")
        _try_path(self)
        _try_query(self)
        return self

    @property
    def in_json(self) -> bool:
        """Whether it is looked for in the page's JSON, not among its elements."""
        return self.css is None and self.xpath is None

    def find(self, part: Part) -> list[Any]:
        """Everything at this place: elements, texts or JSON. Raises `ValueError` where it can't be looked for."""
        if self._path is None:
            return self._asked(part.data)
        if part.element is None:
            return []
        try:
            found = self._path(part.element)
        except etree.XPathError as error:
            raise ValueError(f"the selector can't be evaluated here: {error}") from error
        return found if type(found) is list else [found]

    def values(self, part: Part, *, one: bool = False) -> list[Value]:
        """What stands there, without blanks around it; what is empty or null is left out.

        `one`: a single value is wanted, so an array in JSON is none, and `ValueError`.
        """
        if self._path is None:
            found = [value for each in self._asked(part.data, one=one) if (value := _bare(each)) is not None]
        else:
            found = [value for each in self.find(part) if (value := self._value(each)) is not None]
        if self._query is not None and self._path is not None:
            found = self._inside(found, one=one)
        if self._cut is not None:
            found = [kept for value in found if (kept := self._kept(value)) is not None]
        return found

    def is_there(self, part: Part) -> bool:
        """Whether anything stands there; in JSON, anything but false, 0 and what is empty."""
        if self.pattern is None and self.attribute is None and self._query is None:
            return any(found is not False for found in self.find(part))
        return any(self.values(part))

    def finds_empty(self, part: Part) -> bool:
        """Whether an array stands there, and nothing in it."""
        return self._query is not None and self.in_json and self._query.search(part.data) == []

    def _asked(self, data: Any, *, one: bool = False) -> list[Any]:
        assert self._query is not None
        try:
            found = self._query.search(data)
        except JMESPathError as error:
            raise ValueError(f"the JMESPath can't be evaluated here: {str(error)[:120]}") from error
        if one and type(found) is list and found:
            raise ValueError(
                f"finds an array, {str(found)[:40]!r}, which is no count and no text: name one of it"
            )
        return [] if found is None else found if type(found) is list else [found]

    def _inside(self, texts: list[Value], *, one: bool) -> list[Any]:
        """What the JMESPath finds in the JSON of each text; one that is no JSON matters where nothing is found."""
        found, error = [], None
        for text in texts:
            try:
                found += [
                    value
                    for each in self._asked(read_json(text), one=one)
                    if (value := _bare(each)) is not None
                ]
            except ValueError as why:
                error = why
        if error is not None and not found:
            raise error
        return found

    def _value(self, found: Any) -> Value | None:
        """Text or attribute of one element, or JSON; None when it is empty."""
        if isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
            text = text_of(found) if self.attribute is None else found.get(self.attribute) or ""
            return text.strip() or None
        return _bare(found)

    def _kept(self, value: Value) -> Value | None:
        assert self._cut is not None
        match = self._cut.search(str(value)) if isinstance(value, (str, int, float)) else None
        return (match[1] or "").strip() or None if match else None

    @cached_property
    def _path(self) -> Callable[[etree._Element], Any] | None:
        if self.in_json:
            return None
        path = self.xpath if self.css is None else HTMLTranslator().css_to_xpath(self.css)
        # In Python has-class() takes longer than all the rest.
        path = _HAS_CLASS.sub(_OWN_CLASS, path or "")
        compiled: Callable[[etree._Element], Any] = etree.XPath(path, namespaces=_EXSLT, smart_strings=False)
        return compiled

    @cached_property
    def _query(self) -> Any:
        return None if self.query is None else jmespath.compile(self.query)

    @cached_property
    def _cut(self) -> re.Pattern[str] | None:
        return None if self.pattern is None else re.compile(self.pattern)

    def __str__(self) -> str:
        return " › ".join(part for part in (self.css, self.xpath, self.query) if part)


class AddressPlace(Place):
    """A place of an address. What is found goes into the `template`, where there is one, as `{value}`."""

    template: str | None = None

    @model_validator(mode="after")
    def _takes_value(self) -> AddressPlace:
        if self.template is not None and "{value}" not in self.template:
            raise ValueError("a template needs {value}, where what is found is put")
        return self


def _bare(value: Any) -> Value | None:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _try_path(place: Place) -> None:
    if place.xpath is not None and place.xpath.lstrip("(").startswith("/"):
        raise ValueError(f"put a dot before the xpath {place.xpath}, or it looks through the whole page")
    if place.in_json:
        return
    try:
        assert place._path is not None  # noqa: SLF001 - compiles it
        place._path(etree.Element("p"))  # noqa: SLF001
    except SelectorError as error:
        raise ValueError(f"not a CSS selector: {error}") from error
    except (etree.XPathError, ValueError) as error:
        raise ValueError(f"not an XPath: {error}") from error


def _try_query(place: Place) -> None:
    if place.query is None:
        return
    try:
        jmespath.compile(place.query).search({})
    except JMESPathTypeError:
        pass  # a function whose argument is not there
    except (ParseError, JMESPathError) as error:
        raise ValueError(f"not a JMESPath: {str(error).splitlines()[0]}") from error
