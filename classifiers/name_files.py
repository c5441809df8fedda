"""The forms in which files of class names are found: the names in the order of a model's outputs, without their numbers.

    lines     tiger cat
              283: tiger cat            the line's own place, from 0 or from 1
              n02123159 tiger cat       with WordNet's number, as in Caffe's lists
    JSON      ["tench", …]  {"0": "tench"}  {"0": ["n01440764", "tench"]}  {"tench": 0}  {"id2label": {…}}
    Python    {0: 'tench', 1: …}
    CSV       index,name                with a header

A number is left out only where all lines have their own, each once: of '8 ball' among other names it is a part.
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
    "display_name",
    "class_name",
    "classname",
    "label_name",
    "name",
    "label",
    "class",
    "labels",
    "description",
)
_PLACE_HEADERS = (
    "index",
    "idx",
    "class_index",
    "class_id",
    "classid",
    "label_id",
    "id",
    "number",
    "no",
    "#",
    "",
)
_WRAPPERS = ("id2label", "names", "labels", "classes", "class_names", "categories")


class UnclearNames(ValueError):
    """Which name belongs to which output can't be told; the text says why, for a person."""


def names_in(text: str) -> list[str]:
    """The names in a file's text, as they are written there. Raises `UnclearNames`."""
    if text.lstrip()[:1] in ("[", "{") and (read := _structured(text)) is not None:
        return _of_structure(read)
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if (table := _of_table(lines)) is not None:
        return table
    return _without_numbers(lines)


def _without_numbers(lines: list[str]) -> list[str]:
    """Lines without WordNet's numbers and their own, in whichever order these two come."""
    for strip in (_without_synsets, _without_places, _without_synsets):
        lines = strip(lines)
    return lines


def _without_synsets(lines: list[str]) -> list[str]:
    written = [line.strip() for line in lines if line.strip()]
    found = [_SYNSET.fullmatch(line) for line in written]
    if not found or not all(found):
        return lines
    return [_unquoted(match[2]) for match in found if match]


def _without_places(lines: list[str]) -> list[str]:
    written = [line.strip() for line in lines if line.strip()]
    found = [_NUMBERED.fullmatch(line) for line in written]
    if len(found) < 2 or not all(found):
        return lines
    places = [int(match[1]) for match in found if match]
    if _start(places) is None:
        return lines
    return _in_order(places, [_unquoted(match[2]) for match in found if match])


def _start(places: Sequence[int]) -> int | None:
    """0 or 1 where the places count from there, each once; else None."""
    start = min(places, default=-1)
    return start if start in (0, 1) and sorted(places) == list(range(start, start + len(places))) else None


def _in_order(places: Sequence[int], names: Sequence[str]) -> list[str]:
    return [name for _, name in sorted(zip(places, names, strict=True), key=lambda pair: pair[0])]


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def _of_table(lines: list[str]) -> list[str] | None:
    """The names of a table whose header names a column of names and another one; None for other files."""
    if len(lines) < 2:
        return None
    delimiter = next((one for one in _DELIMITERS if one in lines[0]), None)
    if delimiter is None:
        return None
    header = [
        cell.strip().lower().replace(" ", "_") for cell in next(csv.reader([lines[0]], delimiter=delimiter))
    ]
    name = next((header.index(one) for one in _NAME_HEADERS if one in header), None)
    place = next((header.index(one) for one in _PLACE_HEADERS if one in header), None)
    if name is None or place is None or name == place:
        return None
    rows = [row for row in csv.reader(lines[1:], delimiter=delimiter, skipinitialspace=True) if any(row)]
    if any(len(row) <= max(name, place) for row in rows):
        raise UnclearNames("a line of the table has fewer cells than its header")
    return _placed([(row[place], row[name]) for row in rows])


def _structured(text: str) -> Any:
    """What JSON or Python's way of writing lists and dictionaries says; None for other texts."""
    readers: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval)
    for read in readers:
        try:
            return read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _of_structure(read: Any) -> list[str]:
    if isinstance(read, dict):
        for key in _WRAPPERS:
            if isinstance(read.get(key), dict | list):
                return _of_structure(read[key])
        if read and all(isinstance(value, int) and not isinstance(value, bool) for value in read.values()):
            return _placed([(place, name) for name, place in read.items()])
        return _placed([(place, _name(value)) for place, value in read.items()])
    if isinstance(read, list) and read:
        if all(isinstance(one, dict) and "id" in one for one in read):
            return _placed([(one["id"], _name(one)) for one in read])
        if all(isinstance(one, str) for one in read):
            return _without_numbers(read) if all(one.strip() for one in read) else read
        return [_name(one) for one in read]
    raise UnclearNames("it holds no list of names")


def _name(value: Any) -> str:
    """'tench' of 'tench', ['n01440764', 'tench'] and {'name': 'tench'}."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and value and isinstance(value[-1], str):
        return value[-1]
    if isinstance(value, dict):
        found = next((value[key] for key in _NAME_HEADERS if isinstance(value.get(key), str)), None)
        if found is not None:
            return str(found)
    raise UnclearNames(f"{str(value)[:60]!r} is no name")


def _placed(pairs: Sequence[tuple[Any, Any]]) -> list[str]:
    try:
        places = [int(str(place)) for place, _ in pairs]
    except ValueError:
        raise UnclearNames("its names have no numbers from 0 or 1 on") from None
    if _start(places) is None:
        raise UnclearNames(
            f"its numbers do not count from 0 or 1 on, each once (they are {len(places)}, from"
            f" {min(places, default=0)} to {max(places, default=0)})"
        )
    return _in_order(places, [str(name) for _, name in pairs])
