"""What the settings of every kind of source have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from tasks.scrape.sources import Source

SOURCE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Lackable = Literal["posts", "posted_at", "likes", "comments", "caption", "pictures"]
CHECKED: tuple[Lackable, ...] = get_args(Lackable)
"""What a source that had it must go on having, unless its settings say that it may lack it."""


class SourceModel(BaseModel):
    """`[[sources]]`: one source. `kind` is a literal of its own in each kind's model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=SOURCE_NAME, max_length=64)
    kind: str
    may_lack: tuple[Lackable, ...] = ()

    def open(self, folder: Path) -> Source:
        """Make the source; paths in its settings are relative to `folder`.

        Raises `BadSource` when it can't be one.
        """
        raise NotImplementedError
