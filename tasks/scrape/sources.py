"""The kinds of source, and what each must be able to do.

To add a kind: a file beside `gallery.py` with its settings (a pydantic model with a literal `kind`) and
an `open` method that gives a `Source`; then name the model in `SOURCE_KINDS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from tasks.scrape.gallery import GallerySettings
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool


class Source(Protocol):
    """A place where one account's posts are read. `host` is asked by one crawl at a time."""

    name: str
    host: str

    def pages(self, spool: Spool, politeness: Politeness) -> Iterator[Page]:
        """The account's pages, from the one after the spool's last; raises the errors of `tasks.errors`."""
        ...


class SourceSettings(Protocol):
    """What the settings of every kind of source have."""

    name: str
    kind: str

    def open(self, folder: Path) -> Source:
        """Make the source; paths in its settings are relative to `folder`. Raises `BadProfile`."""
        ...


SOURCE_KINDS: dict[str, type[BaseModel]] = {"gallery": GallerySettings}
"""The settings of each kind of source, by the word that `kind` has in the settings."""
