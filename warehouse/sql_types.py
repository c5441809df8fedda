"""What the published database's own views and macros are made of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class View:
    """A view: its query and what it and its columns mean."""

    name: str
    query: str
    comment: str
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Macro:
    """A table macro: its parameters with defaults, its query, and what it answers."""

    name: str
    parameters: str
    query: str
    comment: str
