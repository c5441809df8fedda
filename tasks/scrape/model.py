"""What the kinds of source have in common: the base classes of their settings and of their sources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:  # the settings need neither pages nor how they are read
    from tasks.scrape.pages import Page
    from tasks.scrape.read_context import ReadContext

SOURCE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Lackable = Literal["posts", "posted_at", "likes", "comments", "caption", "pictures"]
CHECKED: tuple[Lackable, ...] = get_args(Lackable)
"""A source that had one of these must still have it, unless its settings list it in `may_lack`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(ABC):
    """A place where an account's posts are read.

    - `name` is its name in the settings, `kind` its kind there
    - `may_lack`: fields that its posts may all be without
    - `secret_name` is the environment variable (or Prefect Secret) with its token; None when it takes none
    - `needs_secret`: it can't be read without a token
    - `shows_all`: a reading until the last page shows every post, so a post that it does not show is gone
    """

    name: str
    kind: str = ""
    may_lack: tuple[str, ...] = ()
    secret_name: str | None = None
    needs_secret: bool = False
    shows_all: bool = False

    @property
    @abstractmethod
    def host(self) -> str:
        """Only one source at a time is read from a host."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What a person would open to look at the source: a web address, or a path."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders on this machine that its pictures may come from."""
        return ()

    @abstractmethod
    def pages(self, context: ReadContext) -> Iterator[Page]:
        """The account's pages, from the one after the spool's last. Raises the errors of `tasks.errors`."""


class SourceModel(BaseModel):
    """`[[sources]]`: the settings of one source. Each kind has a model with its own literal `kind`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=SOURCE_NAME, max_length=64)
    kind: str
    may_lack: tuple[Lackable, ...] = ()

    def open(self, folder: Path) -> Source:
        """Make the source; paths in its settings are relative to `folder`. Raises `BadSource`."""
        raise NotImplementedError
