"""Compile selectors: CSS and XPath for a page's elements, JMESPath for its JSON.

Each selector is compiled once and runs on lxml's elements. Wrapping each element in a parsel selector would
take three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jmespath
import parsel  # noqa: F401 - registers has-class() for XPath
from cssselect import SelectorError
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.visitor import TreeInterpreter
from lxml import etree
from parsel.csstranslator import HTMLTranslator

_HAS_CLASS = re.compile(r"""has-class\(\s*(["'])([\w-]+)\1\s*\)""")
_CLASS_TEST = r'contains(concat(" ", normalize-space(@class), " "), " \2 ")'
_EXSLT = {"re": "http://exslt.org/regular-expressions", "set": "http://exslt.org/sets"}
_PLAIN_QUERY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)


def compile_path(css: str | None, xpath: str | None) -> Callable[[etree._Element], list[Any]]:
    """Compile a CSS selector, or else an XPath, to a function that finds elements, attributes or texts.

    Raises `ValueError` if it is not valid. The function raises `ValueError` if the XPath can't be evaluated.
    """
    try:
        path = xpath or "" if css is None else HTMLTranslator().css_to_xpath(css)
    except SelectorError as error:
        raise ValueError(f"not a CSS selector: {error}") from error
    # has-class() is a Python function, which would take longer than the rest of the XPath.
    path = _HAS_CLASS.sub(_CLASS_TEST, path)
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


def compile_query(query: str) -> Callable[[Any], Any]:
    """Compile a JMESPath to a function, which raises `ValueError` if the query can't be evaluated."""
    if _PLAIN_QUERY.fullmatch(query):
        return _compile_plain_query(query.split("."))
    parsed, visit = jmespath.compile(query).parsed, TreeInterpreter().visit

    def search(data: Any) -> Any:
        try:
            return visit(parsed, data)
        except (JMESPathError, RecursionError) as error:
            raise ValueError(f"the JMESPath can't be evaluated here: {str(error)[:120]}") from error

    return search


def check_query(query: str) -> None:
    """Raise `ValueError` if the text is not a JMESPath."""
    try:
        jmespath.compile(query).search({})
    except JMESPathTypeError:
        pass  # a function without its argument, because the data are empty
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath: {str(error).splitlines()[0]}") from error


def _compile_plain_query(keys: list[str]) -> Callable[[Any], Any]:
    """Most queries are keys joined by dots; JMESPath takes ten times as long for these."""

    def search(data: Any) -> Any:
        for key in keys:
            if type(data) is not dict:
                return None
            data = data.get(key)
        return data

    return search
