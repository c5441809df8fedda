"""How the sources are read, from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.scrape.politeness import Politeness
from warehouse.authors import Keeping


@dataclass(frozen=True, slots=True)
class ScrapeOptions:
    """How the sources are read.

    - `refresh_days`: posts younger than this are observed again in every run
    - `full_days`: so often a source is read to its end; older posts are observed then
    - `full`: this run reads every source to its end
    - `comments`: whether comments are read; `comment_authors`: how their authors are stored
    """

    politeness: Politeness = field(default_factory=Politeness)
    refresh_days: int = 14
    full_days: float = 7.0
    full: bool = False
    comments: bool = True
    comment_authors: Keeping = "hashed"
