"""Several addresses or paths in one text, as cells of tables have them.

Addresses may hold commas, semicolons and bars themselves. So a text is split only where what follows begins as
an address, or where every part is an address or a picture's file.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any

from tasks.scrape.counts import is_nothing
from tasks.scrape.files.values import shown, web_address

_BEFORE_ADDRESS = re.compile(r"(?:\s*[,;|]\s*|\s+)(?=[\"'<]?https?://)", re.IGNORECASE)
_SEPARATORS = (re.compile(r"\s*[\r\n\t]+\s*"), re.compile(r"\s*\|\s*"), re.compile(r"\s*;\s*"), re.compile(r"\s*,\s*"),
               re.compile(r"\s+"))  # fmt: skip
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|None|nan", re.DOTALL)
_LIST = re.compile(rf"\s*(?:(?:{_QUOTED.pattern})(?:\s*,\s*|\s*))+", re.DOTALL)
_BLANKS = re.compile(r"\s+")
_WRITE = 'write a JSON list, as ["a.jpg", "b.jpg"]'
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_PICTURE_NAME = re.compile(r".+\.(?:jpe?g|png|webp|gif|avif|heic|heif|tiff?|bmp)", re.IGNORECASE)


def several(text: str, is_file: Callable[[str], bool]) -> list[Any]:
    """The addresses and paths in a text, in their order.

    Separators are line breaks, blanks, `,`, `;` and `|`. Lists are read as JSON, Python and PostgreSQL write them.
    Raises `ValueError` where it may be one or several.
    """
    text = text.strip()
    if is_file(text):
        return [text]
    # One blank for many: else the patterns would take a time that grows with the square of their number.
    text = _BLANKS.sub(lambda found: "\n" if found[0].strip(" ") else " ", text)
    if _BRACKETS.get(text[:1]) == text[-1:]:
        inner = _listed(text)
        if inner is not None:
            return inner
        text = text[1:-1].strip()
    parts = [part for whole in _BEFORE_ADDRESS.split(text) for part in _split(_bare(whole), is_file)]
    return [part for part in parts if part]


def split_addresses(one: str) -> list[str]:
    """An entry of a list, which holds several addresses only where another one begins behind a separator."""
    return [part for part in _BEFORE_ADDRESS.split(one.strip()) if part]


def _listed(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        inner = text[1:-1]
        if not _LIST.fullmatch(inner):
            return None if inner.strip() else []
        found = [ast.literal_eval(one) for one in _QUOTED.findall(inner) if not is_nothing(one)]
    if not isinstance(found, list):
        raise ValueError(f"{shown(text)} is no list of addresses; {_WRITE}")  # noqa: TRY004 - a cell is wrong, no type of ours
    return [one for one in found if not is_nothing(one)]


def _split(text: str, is_file: Callable[[str], bool]) -> list[str]:
    if is_file(text):
        return [text]
    for separator in _SEPARATORS:
        parts = [_bare(part) for part in separator.split(text) if part]
        if len(parts) > 1 and all(_is_one(part, is_file) for part in parts):
            return parts
    # No picture's name has separators only at its end.
    text = text.rstrip(",;| ")
    parts = re.split(r"[\s,;|]+", text)
    if web_address(text) is None and all(_PICTURE_NAME.fullmatch(part) for part in parts):
        return parts
    if re.search(r"\s" if web_address(text) else r"[\n,;|]", text):
        raise ValueError(f"{shown(text)} may be one picture or several; {_WRITE}")
    return [text]


def _is_one(part: str, is_file: Callable[[str], bool]) -> bool:
    return is_file(part) or (web_address(part) is not None and not any(sign.isspace() for sign in part))


def _bare(part: str) -> str:
    """Without the quotes or brackets around it."""
    part = part.strip()
    around = len(part) > 1 and part[0] + part[-1] in ("''", '""', "<>")
    return part[1:-1] if around else part
