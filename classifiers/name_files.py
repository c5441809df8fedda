"""Parse files of class names into the names in the order of a model's outputs, without their numbers.

    lines     tiger cat
              283: tiger cat            with the line number, from 0 or from 1
              n02123159 tiger cat       with the WordNet id, as in Caffe's lists
    JSON      ["tench", …]  {"0": "tench"}  {"0": ["n01440764", "tench"]}  {"tench": 0}  {"id2label": {…}}
    Python    {0: 'tench', 1: …}
    CSV       index,name                with a header

A number is removed only if every line has its own number, each once: in '8 ball' among other names it stays.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

_NUMBERED = re.compile(r"""["'\[(]?\s*(\d{1,7})\s*["'\])]?\s*(?:[:.,;=|)\]_\t-]\s*|\s+)(\S.*)""")
_SYNSET = re.compile(r"""["']?(n\d{8})["']?(?:\s*[:,;=|]\s*|\s+)(\S.*)""")
_DELIMITERS = ",;\t|"
_NAME_HEADERS = (
    "display_name", "class_name", "classname", "label_name", "name", "label", "class", "labels", "description",
)  # fmt: skip
_INDEX_HEADERS = (
    "index", "idx", "class_index", "class_id", "classid", "label_id", "id", "number", "no", "#", "",
)  # fmt: skip
_WRAPPERS = ("id2label", "names", "labels", "classes", "class_names", "categories")


class AmbiguousNames(ValueError):
    """It is unclear which name belongs to which output; the user reads the text, which gives the reason."""


def parse_names(text: str) -> list[str]:
    """The names in a file's text, as written there. Raises `AmbiguousNames`."""
    if text.lstrip()[:1] in ("[", "{") and (value := _parse_literal(text)) is not None:
        return _names_in_value(value)
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if (names := _names_in_table(lines)) is not None:
        return names
    return _strip_numbers(lines)


def _strip_numbers(lines: list[str]) -> list[str]:
    """Lines without WordNet ids and line numbers, in either order."""
    for strip in (_strip_wordnet_ids, _strip_line_numbers, _strip_wordnet_ids):
        lines = strip(lines)
    return lines


def _match_all(pattern: re.Pattern[str], lines: list[str]) -> list[re.Match[str]]:
    """The matches of all lines that are not blank; empty if one does not match."""
    matches = [pattern.fullmatch(line.strip()) for line in lines if line.strip()]
    return [match for match in matches if match] if all(matches) else []


def _strip_wordnet_ids(lines: list[str]) -> list[str]:
    return [_unquote(match[2]) for match in _match_all(_SYNSET, lines)] or lines


def _strip_line_numbers(lines: list[str]) -> list[str]:
    matches = _match_all(_NUMBERED, lines)
    indices = [int(match[1]) for match in matches]
    if len(matches) < 2 or not _are_consecutive(indices):
        return lines
    return [_unquote(match[2]) for _, match in sorted(zip(indices, matches, strict=True))]


def _are_consecutive(indices: Sequence[int]) -> bool:
    """Whether the indices count from 0 or 1, each once."""
    start = min(indices, default=-1)
    return start in (0, 1) and sorted(indices) == list(range(start, start + len(indices)))


def _unquote(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def _names_in_table(lines: list[str]) -> list[str] | None:
    """The names in a table whose header has a name column and an index column; None for other files."""
    if len(lines) < 2:
        return None
    delimiter = next((one for one in _DELIMITERS if one in lines[0]), None)
    if delimiter is None:
        return None
    header = [
        cell.strip().lower().replace(" ", "_") for cell in next(csv.reader([lines[0]], delimiter=delimiter))
    ]
    name = next((header.index(one) for one in _NAME_HEADERS if one in header), None)
    index = next((header.index(one) for one in _INDEX_HEADERS if one in header), None)
    if name is None or index is None or name == index:
        return None
    rows = [row for row in csv.reader(lines[1:], delimiter=delimiter, skipinitialspace=True) if any(row)]
    if any(len(row) <= max(name, index) for row in rows):
        raise AmbiguousNames("a line of the table has fewer cells than its header")
    return _order_pairs([(row[index], row[name]) for row in rows])


def _parse_literal(text: str) -> Any:
    """The value of JSON or a Python literal; None for other text."""
    parsers: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval)
    for parse in parsers:
        try:
            return parse(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _names_in_value(value: Any) -> list[str]:
    if isinstance(value, dict):
        for key in _WRAPPERS:
            if isinstance(value.get(key), dict | list):
                return _names_in_value(value[key])
        if value and all(isinstance(one, int) and not isinstance(one, bool) for one in value.values()):
            return _order_pairs([(index, name) for name, index in value.items()])
        return _order_pairs([(index, _name_in(one)) for index, one in value.items()])
    if isinstance(value, list) and value:
        if all(isinstance(one, dict) and "id" in one for one in value):
            return _order_pairs([(one["id"], _name_in(one)) for one in value])
        if all(isinstance(one, str) for one in value):
            return _strip_numbers(value) if all(one.strip() for one in value) else value
        return [_name_in(one) for one in value]
    raise AmbiguousNames("it has no list of names")


def _name_in(value: Any) -> str:
    """'tench' in 'tench', ['n01440764', 'tench'] and {'name': 'tench'}."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and value and isinstance(value[-1], str):
        return value[-1]
    if isinstance(value, dict):
        found = next((value[key] for key in _NAME_HEADERS if isinstance(value.get(key), str)), None)
        if found is not None:
            return str(found)
    raise AmbiguousNames(f"{str(value)[:60]!r} is not a name")


def _order_pairs(pairs: Sequence[tuple[Any, Any]]) -> list[str]:
    try:
        indices = [int(str(index)) for index, _ in pairs]
    except ValueError:
        raise AmbiguousNames("its names are not numbered from 0 or 1") from None
    if not _are_consecutive(indices):
        raise AmbiguousNames(
            f"its numbers do not count from 0 or 1, each once (there are {len(indices)}, from"
            f" {min(indices, default=0)} to {max(indices, default=0)})"
        )
    return [str(name) for _, name in sorted(zip(indices, (name for _, name in pairs), strict=True))]
