"""A table's columns as our fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.scrape.files.documents import Unreadable
from tasks.scrape.files.values import shown
from tasks.scrape.rows.checking import OWN, did_you_mean


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields a table may have and must have; `given` maps its columns to them, where the settings do."""

    fields: tuple[str, ...]
    needed: tuple[str, ...]
    given: Mapping[str, str] | None = None
    setting: str = "columns"

    def of(self, header: Sequence[str]) -> list[str | None]:
        """The field of each column; None for one that is passed over. Raises `Unreadable`."""
        named = self.given or {}
        if lacking := [column for column in named if column not in header]:
            raise Unreadable(
                f"has no column {shown(lacking[0])}, which `{self.setting}` names; {_told(header)}"
            )
        fields = [named.get(column) or self._own(column) for column in header]
        for field in self.needed:
            if field not in fields:
                raise Unreadable(
                    f"has no column {field}; {_told(header)}. Say in `{self.setting}` which one it is"
                )
        for field in self.fields:
            if fields.count(field) > 1:
                raise Unreadable(
                    f"has {fields.count(field)} columns for {field}; name one of them in `{self.setting}`"
                )
        return fields

    def _own(self, column: str) -> str | None:
        if column in self.fields:
            # A column that the settings read as another field is not read as its own too.
            return None if column in (self.given or {}).values() else column
        if self.given is None and not column.startswith(OWN):
            raise Unreadable(
                f"has a column {shown(column)} that the schema does not know; {did_you_mean(column, self.fields)} Say in"
                f" `{self.setting}` which columns are which fields (the others are passed over then), or let its name"
                f" begin with {OWN}"
            )
        return None


def _told(header: Sequence[str]) -> str:
    return f"it has {', '.join(shown(column) for column in header[:20])}{', …' if len(header) > 20 else ''}"
