"""Selectors compiled: CSS and XPath for a page's elements, JMESPath for its JSON.

Each is compiled once for its place, and works on lxml's elements: with a selector object around each element, as
parsel has it, a page takes three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jmespath
import parsel  # noqa: F401 - makes XPath know has-class()
from cssselect import SelectorError
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.visitor import TreeInterpreter
from lxml import etree
from parsel.csstranslator import HTMLTranslator

_HAS_CLASS = re.compile(r"""has-class\(\s*(["'])([\w-]+)\1\s*\)""")
_OWN_CLASS = r'contains(concat(" ", normalize-space(@class), " "), " \2 ")'
_EXSLT = {"re": "http://exslt.org/regular-expressions", "set": "http://exslt.org/sets"}
_PLAIN_QUERY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)


def path_finder(css: str | None, xpath: str | None) -> Callable[[etree._Element], list[Any]]:
    """What finds the elements, attributes or texts of a CSS selector, or else of an XPath, in an element.

    Raises `ValueError` where it is neither, and so does what is returned where it can't be evaluated.
    """
    try:
        path = xpath or "" if css is None else HTMLTranslator().css_to_xpath(css)
    except SelectorError as error:
        raise ValueError(f"not a CSS selector: {error}") from error
    # In Python has-class() takes longer than all the rest.
    path = _HAS_CLASS.sub(_OWN_CLASS, path)
    exslt = _EXSLT if re.search(r"\b(?:re|set):", path) else None
    try:
        search = etree.XPath(path, namespaces=exslt, regexp=exslt is not None, smart_strings=False)
    except etree.XPathError as error:
        raise ValueError(f"not an XPath: {error}") from error

    def find(element: etree._Element) -> list[Any]:
        try:
            found = search(element)
        except (etree.XPathError, ValueError) as error:
            raise ValueError(f"the XPath can't be evaluated: {error}") from error
        return found if type(found) is list else [found]

    return find


def asker(query: str) -> Callable[[Any], Any]:
    """What answers a JMESPath in JSON; it raises `ValueError` where that can't be evaluated."""
    if _PLAIN_QUERY.fullmatch(query):
        return _plain_asker(query.split("."))
    parsed, visit = jmespath.compile(query).parsed, TreeInterpreter().visit

    def ask(data: Any) -> Any:
        try:
            return visit(parsed, data)
        except (JMESPathError, RecursionError) as error:
            raise ValueError(f"the JMESPath can't be evaluated here: {str(error)[:120]}") from error

    return ask


def check_query(query: str) -> None:
    """Raise `ValueError` where a text is no JMESPath."""
    try:
        jmespath.compile(query).search({})
    except JMESPathTypeError:
        pass  # a function whose argument is not there
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath: {str(error).splitlines()[0]}") from error


def _plain_asker(keys: list[str]) -> Callable[[Any], Any]:
    """Most queries are keys with dots between them, and JMESPath takes ten times as long for these."""
    if len(keys) == 1:
        (only,) = keys
        return lambda data: data.get(only) if type(data) is dict else None

    def ask(data: Any) -> Any:
        for key in keys:
            if type(data) is not dict:
                return None
            data = data.get(key)
        return data

    return ask
