"""The selectors of a profile: where a value is on a page, and how to read it there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from lxml import etree
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks.scrape.gallery.document import read_json, text_of
from tasks.scrape.gallery.selectors import check_query, compile_path, compile_query
from tasks.scrape.values.markup import own_text, plain_lines, text_of_markup, text_with_lines

Value = Any
"""What a selector finds: a text, or any JSON value."""


@dataclass(slots=True)
class Part:
    """A page, or the part of it that has one post or one comment.

    `element` is None for a part of the page's JSON; `data` is that JSON, or the JSON of the page. `troubles`
    describe what could not be read of the page. `base` is the href of the page's `<base>`.
    """

    element: etree._Element | None
    data: Any = None
    troubles: tuple[str, ...] = ()
    base: str | None = None


def _check_pattern(pattern: str) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if not compiled.groups:
        raise ValueError("the pattern has no group: put parentheses around the text to extract")
    return pattern


Pattern = Annotated[str, AfterValidator(_check_pattern)]


class Table(BaseModel):
    """A table of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Selector(Table):
    """A CSS selector, an XPath, or a JMESPath into the page's JSON.

    - An XPath is relative: it starts with `.`. A `json` beside css or xpath reads JSON inside the element.
    - `attribute` reads an attribute instead of the text, as `a::attr(href)` and `.//a/@href` do.
    - `pattern` extracts its first group.
    """

    css: str | None = None
    xpath: str | None = None
    query: str | None = Field(default=None, alias="json")
    attribute: str | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _check_syntax(self) -> Selector:
        if (self.css is not None and self.xpath is not None) or not (self.css or self.xpath or self.query):
            raise ValueError("give either css or xpath, or json")
        if self.attribute is not None and self.in_json:
            raise ValueError("attribute requires css or xpath")
        if self.xpath is not None and self.xpath.lstrip("(").startswith("/"):
            raise ValueError(f"put a dot before the xpath {self.xpath}, or it searches the complete page")
        if not self.in_json:
            compile_path(self.css, self.xpath)(etree.Element("p"))
        if self.query is not None:
            check_query(self.query)
        return self

    @property
    def in_json(self) -> bool:
        """Whether the selector searches the page's JSON, not its elements."""
        return self.css is None and self.xpath is None

    def find(self, part: Part) -> list[Any]:
        """Return all matches: elements, texts or JSON. Raises `ValueError` if the search fails."""
        if self._path is None:
            found = self._search(part.data)
            return [] if found is None else found if type(found) is list else [found]
        return [] if part.element is None else self._path(part.element)

    def values(self, part: Part) -> list[Value]:
        """Return the values of all matches, without blanks around them; empty ones and null are skipped."""
        found = self._search_in_elements(part, one=False) if self._has_embedded_json else self.find(part)
        return [value for each in found if (value := self._value(each)) is not None]

    def first(self, part: Part) -> Value | None:
        """Return the first value. Raises `ValueError` for an array in JSON, because any element may be meant."""
        return self._first_value(self._candidates(part))

    def first_text(self, part: Part) -> Value | None:
        """Return the first value, as a text that people wrote: with the line breaks that a browser shows."""
        if self.query is not None:
            texts = [_with_lines(each, None) for each in self._candidates(part)]
        elif self._text_owner is not None and part.element is not None:
            texts = [text for each in self._text_owner(part.element) for text in own_text(each)]
        else:
            texts = [_with_lines(each, self.attribute, in_page=True) for each in self.find(part)]
        return self._first_value(texts)

    def matches(self, part: Part) -> bool:
        """Whether the selector finds something; in JSON, anything but false, 0 and empty values."""
        if self.pattern is None and self.attribute is None:
            if self.query is None:
                return any(found is not False for found in self.find(part))
            if self._path is None and type(found := self._search(part.data)) in (bool, type(None)):
                return bool(found)
        return any(self.values(part))

    def finds_empty_array(self, part: Part) -> bool:
        """Whether the selector finds an array in JSON that is empty."""
        return self._path is None and self._search(part.data) == []

    def _candidates(self, part: Part) -> list[Any]:
        """The matches of which the first one with a value counts."""
        if self._path is None:
            return [_single(self._search(part.data))]
        return self._search_in_elements(part, one=True) if self._has_embedded_json else self.find(part)

    def _first_value(self, found: list[Any]) -> Value | None:
        return next((value for each in found if (value := self._value(each)) is not None), None)

    def _search_in_elements(self, part: Part, *, one: bool) -> list[Any]:
        """Search the JSON in each element. Invalid JSON is an error only if no element has a result."""
        assert self._path is not None
        found, error = [], None
        for each in [] if part.element is None else self._path(part.element):
            try:
                inside = self._search(read_json(raw_text(each, self.attribute)))
                found += [_single(inside)] if one or type(inside) is not list else inside
            except ValueError as why:
                error = why
        if error is not None and not any(each is not None for each in found):
            raise error
        return found

    def _value(self, found: Any) -> Value | None:
        """The text or attribute of an element, or JSON; None if it is empty."""
        if type(found) is not str and isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
            found = raw_text(found, self.attribute)
        if self.pattern is not None:
            text = str(found) if isinstance(found, (str, int, float)) else ""
            match = re.search(self.pattern, text)
            found = match[1] if match else None
        return found.strip() or None if isinstance(found, str) else found

    @cached_property
    def _has_embedded_json(self) -> bool:
        return self.query is not None and not self.in_json

    @cached_property
    def _path(self) -> Callable[[etree._Element], list[Any]] | None:
        return None if self.in_json else compile_path(self.css, self.xpath)

    @cached_property
    def _text_owner(self) -> Callable[[etree._Element], list[Any]] | None:
        """Finds the elements whose own texts the selector reads, as `b::text` and `.//b/text()` do."""
        css, xpath = (self.css or "").removesuffix("::text"), (self.xpath or "").removesuffix("/text()")
        if self.attribute is not None or (css, xpath) == (self.css or "", self.xpath or ""):
            return None
        if "," in css or "|" in xpath or not (css or xpath).strip(" ./"):
            return None
        return compile_path(css or None, xpath or None)

    @cached_property
    def _search(self) -> Callable[[Any], Any]:
        return compile_query(self.query or "")

    def __str__(self) -> str:
        return " › ".join(part for part in (self.css, self.xpath, self.query) if part)


class AddressSelector(Selector):
    """A selector of an address. A `template` makes the address: its `{value}` becomes the value found."""

    template: str | None = None

    @model_validator(mode="after")
    def _check_template(self) -> AddressSelector:
        if self.template is not None and "{value}" not in self.template:
            raise ValueError("the template has no {value}: put it where the value belongs")
        return self


def raw_text(found: Any, attribute: str | None) -> str:
    """The text or attribute of an element; a text stays as it is."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
        return text_of(found) if attribute is None else found.get(attribute) or ""
    return str(found)


def _with_lines(found: Any, attribute: str | None, *, in_page: bool = False) -> Any:
    """A match as a text with its line breaks; a text in JSON or in an attribute may hold HTML."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for an element
        return text_with_lines(found) if attribute is None else text_of_markup(found.get(attribute) or "")
    if not isinstance(found, str):
        return found
    return text_of_markup(found) if not in_page else plain_lines(found)


def _single(found: Any) -> Any:
    """A JSON value that is not an array; None for an empty array."""
    if type(found) is not list:
        return found
    if found:
        raise ValueError(f"finds an array of {len(found)}, not one value: select one element, as [0] does")
    return None
