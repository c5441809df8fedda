"""The mistakes of a settings file in words, each with the page of the docs that explains it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from classifiers.registry import KINDS
from flows.cluster_settings import ERROR as CLUSTER_ERROR
from flows.docs_pages import CLASSIFIERS, SETTINGS, SOURCES, table_page
from flows.embeddings import ERROR
from flows.example_settings import EXAMPLE
from tasks.scrape.model import SOURCE_NAME
from tasks.scrape.sources import settings_model
from tasks.validation import describe_error

MAX_NAME = 64
"""Characters in the name of a source or a classifier."""
PAGES = {"sources": SOURCES, "classifiers": CLASSIFIERS}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and the page that explains it."""

    text: str
    page: str


def find_name_mistakes(given: Mapping[str, Any]) -> Iterator[Mistake]:
    """Check that there is a source, and that each table has a name of its own."""
    for key, page in PAGES.items():
        tables = given.get(key, [])
        if isinstance(tables, list):
            yield from (Mistake(text, page) for text in _check_names(tables, key))


def _check_names(tables: list[Any], key: str) -> Iterator[str]:
    if key == "sources" and not tables:
        yield f"there is no [[sources]]; write one with `likelens init`, or begin with:\n\n{EXAMPLE}\n"
    names = [table.get("name") if isinstance(table, dict) else None for table in tables]
    for number, name in enumerate(names):
        if not isinstance(name, str):
            yield f"{_place(tables, key, number)}: give it a name"
        elif not re.fullmatch(SOURCE_NAME, name) or len(name) > MAX_NAME:
            yield f"{_place(tables, key, number)}: a name has letters, digits, '_', '-' and '.', at most {MAX_NAME}"
        elif names.count(name) > 1 and names.index(name) == number:
            yield f"[[{key}]]: the name {name!r} stands {names.count(name)} times; names are unique"


def _place(tables: list[Any], key: str, number: int) -> str:
    name = tables[number].get("name") if isinstance(tables[number], dict) else None
    return f"[[{key}]] {number + 1}" + (f" ({name})" if name else "")


def describe_mistake(error: Any, given: Mapping[str, Any], settings: type[BaseModel]) -> Mistake:
    """Describe one of `ValidationError.errors()` of the model `settings`, with the table that it is in."""
    table, *path = error["loc"]
    if table not in PAGES:
        fields = settings.model_fields
        if not path:
            is_table = table in fields and table not in ("home", "note")
            page = table_page(table) if is_table else SETTINGS
            if error["type"] == CLUSTER_ERROR:
                return Mistake(f"[{table}]: {error['msg']}", page)
            return Mistake(describe_error(error, table, list(fields)), page)
        model: Any = fields[table].annotation
        text = f"[{table}]: {describe_error(error, str(path[0]), list(model.model_fields))}"
        return Mistake(text, table_page(table))
    return Mistake(_describe_in_list(error, given), PAGES[table])


def _describe_in_list(error: Any, given: Mapping[str, Any]) -> str:
    """Describe a mistake in a table of `[[sources]]` or `[[classifiers]]`."""
    table, *path = error["loc"]
    if not path:
        text = f"{table}: write each as a table of its own, under [[{table}]]"
        return str(error["msg"]) if error["type"] == ERROR else text
    place = _place(given[table], table, path[0])
    if len(path) == 1:
        return f"{place}: {describe_error(error, '', ())}"
    kind = given[table][path[0]]["kind"]
    fields = (settings_model(kind) if table == "sources" else KINDS[kind]).model_fields
    return f"{place}: {describe_error(error, str(path[1]), list(fields))}"
