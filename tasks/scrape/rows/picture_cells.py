"""Several addresses or paths in one text, as in cells of tables.

Addresses may hold commas, semicolons and bars themselves. So a text is split only where the next part begins like
an address, or where every part is an address or a picture's file name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.counts import is_missing
from tasks.scrape.values.json_text import read_json
from tasks.scrape.values.text import shown

_BEFORE_ADDRESS = re.compile(r"(?:\s*[,;|]\s*|\s+)(?=[\"'<]?https?://)", re.IGNORECASE)
_SEPARATORS = (re.compile(r"\s*[\r\n\t]+\s*"), re.compile(r"\s*\|\s*"), re.compile(r"\s*;\s*"), re.compile(r"\s*,\s*"),
               re.compile(r"\s+"))  # fmt: skip
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|None|nan", re.DOTALL)
_LIST = re.compile(rf"\s*(?:(?:{_QUOTED.pattern})(?:\s*,\s*|\s*))+", re.DOTALL)
_SPACES = re.compile(r"\s+")
_WRITE = 'write a JSON list, as ["a.jpg", "b.jpg"]'
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_PICTURE_NAME = re.compile(r".+\.(?:jpe?g|png|webp|gif|avif|heic|heif|tiff?|bmp)", re.IGNORECASE)


def split_cell(text: str, is_file: Callable[[str], bool]) -> list[Any]:
    """The addresses and paths in a text, in order.

    Separators are line breaks, spaces, `,`, `;` and `|`. Lists are read as JSON, Python and PostgreSQL write them.
    Raises `ValueError` where it may be one or several.
    """
    text = text.strip()
    if is_file(text):
        return [text]
    # Runs of spaces become one: otherwise the patterns take quadratic time.
    text = _SPACES.sub(lambda match: "\n" if match[0].strip(" ") else " ", text)
    if _BRACKETS.get(text[:1]) == text[-1:]:
        inner = _parse_list(text)
        if inner is not None:
            return inner
        text = text[1:-1].strip()
    parts = [part for piece in _BEFORE_ADDRESS.split(text) for part in _split(_unquote(piece), is_file)]
    return [part for part in parts if part]


def split_addresses(one: str) -> list[str]:
    """Split an entry of a list, but only where another address begins behind a separator."""
    return [part for part in _BEFORE_ADDRESS.split(one.strip()) if part]


def _parse_list(text: str) -> list[Any] | None:
    try:
        values = read_json(text)
    except ValueError:
        inner = text[1:-1]
        if not _LIST.fullmatch(inner):
            return None if inner.strip() else []
        values = [ast.literal_eval(one) for one in _QUOTED.findall(inner) if not is_missing(one)]
    if not isinstance(values, list):
        raise ValueError(f"{shown(text)} is not a list of addresses; {_WRITE}")  # noqa: TRY004 - a cell is wrong, not a type of ours
    return [one for one in values if not is_missing(one)]


def _split(text: str, is_file: Callable[[str], bool]) -> list[str]:
    if is_file(text):
        return [text]
    for separator in _SEPARATORS:
        parts = [_unquote(part) for part in separator.split(text) if part]
        if len(parts) > 1 and all(_is_picture(part, is_file) for part in parts):
            return parts
    # Separators at the end are not part of a picture's name.
    text = text.rstrip(",;| ")
    parts = re.split(r"[\s,;|]+", text)
    if web_address(text) is None and all(_PICTURE_NAME.fullmatch(part) for part in parts):
        return parts
    if re.search(r"\s" if web_address(text) else r"[\n,;|]", text):
        raise ValueError(f"{shown(text)} may be one picture or several; {_WRITE}")
    return [text]


def _is_picture(part: str, is_file: Callable[[str], bool]) -> bool:
    return is_file(part) or (web_address(part) is not None and not any(sign.isspace() for sign in part))


def _unquote(part: str) -> str:
    """Remove the quotes or brackets around it."""
    part = part.strip()
    around = len(part) > 1 and part[0] + part[-1] in ("''", '""', "<>")
    return part[1:-1] if around else part
