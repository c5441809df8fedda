"""A place: where on a page something stands, and how to find it there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from lxml import etree
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks.scrape.gallery.document import read_json, text_of
from tasks.scrape.gallery.selectors import asker, check_query, path_finder
from tasks.scrape.values.markup import own_text, plain_lines, text_of_markup, text_with_lines

Value = Any
"""What a place finds: a text, or what JSON knows."""


@dataclass(slots=True)
class Part:
    """A part of a page: the whole of it, or one post's or comment's own.

    `element` is None where the part is found in the page's JSON; `data` is that JSON, or the whole page's.
    `troubles` say in words what of the whole page could not be read. `base` is the href of the whole page's
    `<base>`.
    """

    element: etree._Element | None
    data: Any = None
    troubles: tuple[str, ...] = ()
    base: str | None = None


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
            found = self._ask(part.data)
            return [] if found is None else found if type(found) is list else [found]
        return [] if part.element is None else self._path(part.element)

    def values(self, part: Part) -> list[Value]:
        """What stands there, without blanks around it; what is empty or null is left out."""
        found = self._texts_with_json(part, one=False) if self._is_mixed else self.find(part)
        return [value for each in found if (value := self._value(each)) is not None]

    def first(self, part: Part) -> Value | None:
        """The first value there. An array in JSON is none, and `ValueError`: nobody knows which of it is meant."""
        if self._path is None:
            found = self._ask(part.data)
            return None if found is None else self._value(_one(found))
        found = self._texts_with_json(part, one=True) if self._is_mixed else self.find(part)
        for each in found:
            if (value := self._value(each)) is not None:
                return value
        return None

    def first_shown(self, part: Part) -> Value | None:
        """As `first`, for a text that people wrote: with the line breaks that a browser shows."""
        if self._path is None:
            found = self._ask(part.data)
            shown = [] if found is None else [_shown(_one(found), None)]
        elif self._is_mixed:
            shown = [_shown(each, None) for each in self._texts_with_json(part, one=True)]
        elif part.element is None:
            shown = []
        elif self._text_owner is not None:
            shown = [text for each in self._text_owner(part.element) for text in own_text(each)]
        else:
            shown = [_shown(each, self.attribute, in_page=True) for each in self._path(part.element)]
        return next((value for each in shown if (value := self._value(each)) is not None), None)

    def is_there(self, part: Part) -> bool:
        """Whether anything stands there; in JSON, anything but false, 0 and what is empty."""
        if self.pattern is None and self.attribute is None:
            if self.query is None:
                return any(found is not False for found in self.find(part))
            if self._path is None and type(found := self._ask(part.data)) in (bool, type(None)):
                return bool(found)
        return any(self.values(part))

    def finds_empty(self, part: Part) -> bool:
        """Whether an array stands there, and nothing in it."""
        return self._path is None and self._ask(part.data) == []

    def _texts_with_json(self, part: Part, *, one: bool) -> list[Any]:
        """What the JMESPath finds in the JSON of each element; one that is no JSON matters where nothing is found."""
        assert self._path is not None
        found, error = [], None
        for each in [] if part.element is None else self._path(part.element):
            try:
                inside = self._ask(read_json(raw_text(each, self.attribute)))
                found += [_one(inside)] if one or type(inside) is not list else inside
            except ValueError as why:
                error = why
        if error is not None and not any(each is not None for each in found):
            raise error
        return found

    def _value(self, found: Any) -> Value | None:
        """Text or attribute of one element, or JSON; None when it is empty."""
        if type(found) is not str and isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
            found = raw_text(found, self.attribute)
        if self._cut is not None:
            match = self._cut.search(str(found)) if isinstance(found, (str, int, float)) else None
            found = match[1] if match else None
        return found.strip() or None if isinstance(found, str) else found

    @cached_property
    def _is_mixed(self) -> bool:
        return self.query is not None and not self.in_json

    @cached_property
    def _path(self) -> Callable[[etree._Element], list[Any]] | None:
        return None if self.in_json else path_finder(self.css, self.xpath)

    @cached_property
    def _text_owner(self) -> Callable[[etree._Element], list[Any]] | None:
        """What finds the elements whose own texts are looked for, as `b::text` and `.//b/text()` do."""
        css, xpath = (self.css or "").removesuffix("::text"), (self.xpath or "").removesuffix("/text()")
        if self.attribute is not None or (css, xpath) == (self.css or "", self.xpath or ""):
            return None
        if "," in css or "|" in xpath or not (css or xpath).strip(" ./"):
            return None
        return path_finder(css or None, xpath or None)

    @cached_property
    def _ask(self) -> Callable[[Any], Any]:
        return asker(self.query or "")

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


def raw_text(found: Any, attribute: str | None) -> str:
    """The text or attribute of an element; what a selector finds as a text is one already."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
        return text_of(found) if attribute is None else found.get(attribute) or ""
    return str(found)


def _shown(found: Any, attribute: str | None, *, in_page: bool = False) -> Any:
    """What was found, a text with its line breaks; a text in JSON or in an attribute may hold HTML."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
        return text_with_lines(found) if attribute is None else text_of_markup(found.get(attribute) or "")
    if not isinstance(found, str):
        return found
    return text_of_markup(found) if not in_page else plain_lines(found)


def _one(found: Any) -> Any:
    if type(found) is not list:
        return found
    if found:
        raise ValueError(
            f"finds an array of {len(found)}, which is no count and no text: name one of it, as [0] does"
        )
    return None


def _try_path(place: Place) -> None:
    if place.xpath is not None and place.xpath.lstrip("(").startswith("/"):
        raise ValueError(f"put a dot before the xpath {place.xpath}, or it looks through the whole page")
    if not place.in_json:
        path_finder(place.css, place.xpath)(etree.Element("p"))


def _try_query(place: Place) -> None:
    if place.query is not None:
        check_query(place.query)
