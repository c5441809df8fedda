"""The kinds of source.

To add a kind: a folder beside `gallery/` with its settings (a subclass of `SourceModel` with a literal
`kind`) whose `open` returns a `Source`; then a line in `SOURCE_KINDS`. `model.py` has both base classes. A kind
that is read over HTTP subclasses `SiteAdapter` (`crawl/site_adapter.py`) and opens a `CrawledSource`. A kind
that is files on this machine uses `files/`.

Settings are found by name, so a kind's libraries are imported only when its settings are read.
"""

from __future__ import annotations

import pkgutil

from tasks.scrape.model import SourceModel

SOURCE_KINDS: dict[str, str] = {
    "gallery": "tasks.scrape.gallery.source:GallerySettings",
    "mastodon": "tasks.scrape.mastodon.source:MastodonSettings",
    "graph": "tasks.scrape.graph.source:GraphSettings",
    "instaloader": "tasks.scrape.instaloader.source:InstaloaderSettings",
    "jsonl": "tasks.scrape.rows.jsonl:JsonLinesSettings",
    "table": "tasks.scrape.rows.table:TableSettings",
}
"""Where the settings of each kind are, by the value of `kind`."""


def settings_model(kind: str) -> type[SourceModel]:
    """The settings of a kind."""
    model: type[SourceModel] = pkgutil.resolve_name(SOURCE_KINDS[kind])
    return model
