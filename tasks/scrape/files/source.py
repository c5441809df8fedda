"""A source that is files on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.scrape.model import Source
from tasks.scrape.read_context import ReadContext


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource(Source):
    """Files at `path`. A post that is missing in them may still exist where they came from."""

    path: Path

    @property
    def host(self) -> str:
        """No host: only sources with the same path are read one after the other."""
        return str(self.path)

    @property
    def address(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The path, for pictures beside the files."""
        return (self.path,)


def cursor_of(context: ReadContext) -> tuple[str | None, bool]:
    """Where to resume (None: at the beginning), and whether everything was read already."""
    last = context.spool.last()
    if last is None:
        return None, False
    return last.next_url, last.next_url is None
