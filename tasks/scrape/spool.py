"""The spool: pages as they were read, on disk, before they are stored.

A crawl that is cut off resumes after the last complete page of its spool. Pages are stored only when the
crawl has ended. So a run that is killed in a crawl leaves the tables as they were, and the run that resumes
it does not read or count a page twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tasks.scrape.pages import PAGE_JSON, Page
from warehouse.disk_space import detect_full_disk, require_free_space

_END = b'"end"\n'


class Spool:
    """The pages of one crawl in a JSON Lines file, with a mark at the end when the crawl is finished."""

    def __init__(self, file: Path) -> None:
        self.file = file
        if file.exists():
            self._cut_partial_line()

    def add(self, page: Page) -> None:
        """Append a page. Raises `DiskFull`."""
        require_free_space(self._folder())
        self._write(PAGE_JSON.dump_json(page) + b"\n")

    def end(self) -> None:
        """Mark the crawl as finished."""
        self._write(_END)

    def pages(self) -> Iterator[Page]:
        """The complete pages, in their order; a page that was cut off while it was written is skipped."""
        return (PAGE_JSON.validate_json(line) for line in self._lines() if line != _END)

    def is_ended(self) -> bool:
        """Whether the crawl was finished."""
        return any(line == _END for line in self._lines())

    def last(self) -> Page | None:
        """The last complete page."""
        last = None
        for line in self._lines():
            last = line if line != _END else last
        return None if last is None else PAGE_JSON.validate_json(last)

    def rewrite(self, change: Callable[[Page], Page]) -> None:
        """Replace the pages, all at once."""
        fresh = self.file.with_name(f".{self.file.name}.fresh")
        with detect_full_disk(self._folder()), fresh.open("wb") as out:
            for line in self._lines():
                if line != _END:
                    line = PAGE_JSON.dump_json(change(PAGE_JSON.validate_json(line))) + b"\n"  # noqa: PLW2901
                out.write(line)
        os.replace(fresh, self.file)

    def remove(self) -> None:
        """Delete the spool."""
        self.file.unlink(missing_ok=True)

    def _lines(self) -> Iterator[bytes]:
        if self.file.exists():
            with self.file.open("rb") as lines:
                yield from (line for line in lines if line.endswith(b"\n"))

    def _write(self, line: bytes) -> None:
        with detect_full_disk(self._folder()), self.file.open("ab") as out:
            out.write(line)

    def _cut_partial_line(self) -> None:
        # Only a process that died while writing leaves one, and only at the end.
        with self.file.open("rb+") as file:
            file.truncate(sum(len(line) for line in file if line.endswith(b"\n")))

    def _folder(self) -> Path:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return self.file.parent
