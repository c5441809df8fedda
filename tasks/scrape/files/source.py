"""A source that is files on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.scrape.read_context import ReadContext


@dataclass(frozen=True, slots=True)
class FileSource:
    """The fields and properties that all of them share are those of `Source`; `path` is what is read."""

    name: str
    path: Path
    may_lack: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """None is asked: two sources wait for each other only where they read the same path."""
        return str(self.path)

    @property
    def address(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def secret_name(self) -> str | None:
        """None: a file wants no token."""
        return None

    @property
    def needs_secret(self) -> bool:
        """It does not."""
        return False

    @property
    def shows_all(self) -> bool:
        """What is missing in a folder may still be there at its source."""
        return False

    @property
    def folders(self) -> tuple[Path, ...]:
        """Pictures come from the folder that is read."""
        return (self.path,)


def cursor_of(context: ReadContext) -> tuple[str | None, bool]:
    """Where to resume (None: at the beginning), and whether everything was read already."""
    last = context.spool.last()
    if last is None:
        return None, False
    return last.next_url, last.next_url is None
