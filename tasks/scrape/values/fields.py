"""Several fields of one thing out of a JSON file, with a problem for each that can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from tasks.scrape.values.counts import read_exact_count
from tasks.scrape.values.times import read_time

Parsed = TypeVar("Parsed")


class Fields:
    """Reads the fields of one thing. A value that can't be read is None, and a problem that names `where`."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []
        self.unparsed: list[str] = []

    def count(self, name: str, values: Iterable[Any]) -> int | None:
        """The first value that is not null, as a count."""
        return self._first(name, values, read_exact_count)

    def time(self, name: str, values: Iterable[Any]) -> datetime | None:
        """The first value that is not null, as a time."""
        return self._first(name, values, read_time)

    def add(self, name: str, problem: str) -> None:
        """Report a field that could not be read."""
        self.problems.append(f"{self.where}: {name}: {problem}")
        self.unparsed.append(name)

    def _first(self, name: str, values: Iterable[Any], parse: Callable[[Any], Parsed]) -> Parsed | None:
        value = next((value for value in values if value is not None), None)
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            self.add(name, str(error))
            return None
