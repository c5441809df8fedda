"""The columns of a table as fields of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.scrape.files.documents import UnreadableFile
from tasks.scrape.rows.validation import OWN, did_you_mean
from tasks.scrape.values.text import shown


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The fields that a table may have and must have; `mapping` maps columns to fields, as the settings do."""

    fields: tuple[str, ...]
    required: tuple[str, ...]
    mapping: Mapping[str, str] | None = None
    setting: str = "columns"

    def of(self, header: Sequence[str]) -> list[str | None]:
        """The field of each column; None for an ignored one. Raises `UnreadableFile`."""
        named = self.mapping or {}
        if missing := [column for column in named if column not in header]:
            raise UnreadableFile(
                f"has no column {shown(missing[0])}, which `{self.setting}` names; {_describe(header)}"
            )
        fields = [named.get(column) or self._own(column) for column in header]
        for field in self.required:
            if field not in fields:
                raise UnreadableFile(
                    f"has no column {field}; {_describe(header)}. Map a column to it in `{self.setting}`"
                )
        for field in self.fields:
            if fields.count(field) > 1:
                raise UnreadableFile(
                    f"has {fields.count(field)} columns for {field}; name one of them in `{self.setting}`"
                )
        return fields

    def _own(self, column: str) -> str | None:
        if column in self.fields:
            # A column that the settings map to another field is not its own field too.
            return None if column in (self.mapping or {}).values() else column
        if self.mapping is None and not column.startswith(OWN):
            raise UnreadableFile(
                f"has a column {shown(column)} that is not in the schema; {did_you_mean(column, self.fields)} Map columns"
                f" to fields in `{self.setting}` (other columns are then ignored), or start the column's name with"
                f" {OWN}"
            )
        return None


def _describe(header: Sequence[str]) -> str:
    return f"it has {', '.join(shown(column) for column in header[:20])}{', …' if len(header) > 20 else ''}"
