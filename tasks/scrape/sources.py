"""The kinds of source, and what each must be able to do.

To add a kind: a folder beside `gallery/` with its settings (a model made from `SourceModel`, with a
literal `kind`) and an `open` method that gives a `Source`; then name the model in `SOURCE_KINDS`. A kind
that is read over HTTP brings a walk (`crawl/site_adapter.py`), and names it in `crawl/messages.py` too. One that
is read from files on this machine finds what these share in `files/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.instaloader.source import InstaloaderSettings
from tasks.scrape.mastodon.source import MastodonSettings
from tasks.scrape.model import SourceModel
from tasks.scrape.pages import Page
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.jsonl import JsonLinesSettings
from tasks.scrape.rows.table import TableSettings


class Source(Protocol):
    """A place where an account's posts are read.

    - `host` is asked by one crawl at a time
    - `address` is what a person would open to look: a web address, or a path
    - `secret_name` is the environment variable (or Prefect Secret) with its token; None when it takes none
    - `needs_secret`: it can't be read without
    - `shows_all`: a reading that got to the end saw every post there is, so one that it did not see is gone
    - `folders`: the folders on this machine that its pictures may come from
    - `may_lack`: fields that its posts may all be without
    """

    @property
    def name(self) -> str:
        """Its name in the settings."""
        ...

    @property
    def host(self) -> str:
        """What is asked by one crawl at a time."""
        ...

    @property
    def may_lack(self) -> tuple[str, ...]:
        """Fields that its posts may all be without."""
        ...

    @property
    def address(self) -> str:
        """What a person would open."""
        ...

    @property
    def secret_name(self) -> str | None:
        """Name of the environment variable with its token."""
        ...

    @property
    def needs_secret(self) -> bool:
        """Whether it can't be read without a token."""
        ...

    @property
    def shows_all(self) -> bool:
        """Whether a post that a whole reading does not show is gone."""
        ...

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders that its pictures may come from."""
        ...

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """The account's pages, from the one after the spool's last; raises the errors of `tasks.errors`."""
        ...


SOURCE_KINDS: dict[str, type[SourceModel]] = {
    "gallery": GallerySettings,
    "mastodon": MastodonSettings,
    "graph": GraphSettings,
    "instaloader": InstaloaderSettings,
    "jsonl": JsonLinesSettings,
    "table": TableSettings,
}
"""The settings of each kind of source, by the word that `kind` has in the settings."""
