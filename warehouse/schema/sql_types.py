"""Declarations of views and macros of the published database, and text in SQL."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class View:
    """A view: its query, and the meaning of it and its columns."""

    name: str
    query: str
    comment: str
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Macro:
    """A table macro: its parameters with defaults, its query and its meaning."""

    name: str
    parameters: str
    query: str
    comment: str


def quote(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
