"""A source's table as it will be written, and what its user has to do besides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flows.first_settings.toml_text import TomlValue
from flows.settings_mistakes import MAX_NAME


@dataclass(frozen=True, slots=True)
class Step:
    """Something for the user to do: a command line, and why."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """One `[[sources]]`.

    - `keys` are those of its kind, in the order in which they are written
    - `notes` are comments behind keys
    - `to_do` are steps that are printed at the end
    - `found` are lines about what was read in its files
    """

    name: str
    kind: str
    keys: Mapping[str, TomlValue]
    notes: Mapping[str, str] = field(default_factory=dict)
    to_do: tuple[Step, ...] = ()
    found: tuple[str, ...] = ()

    def with_keys(self, **keys: TomlValue) -> SourceDraft:
        """The draft with more keys, or other values."""
        return replace(self, keys={**self.keys, **keys})

    def describe(self) -> str:
        """What was found in its files."""
        return "\n".join(self.found)

    def table(self) -> dict[str, TomlValue]:
        """The complete table."""
        return {"name": self.name, "kind": self.kind, **self.keys}


def source_name(*candidates: str) -> str:
    """A valid name of a source from the first of these that has letters or digits in ASCII."""
    for candidate in candidates:
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", candidate).strip("_.-")[:MAX_NAME]
        if name:
            return name
    return "pictures"
