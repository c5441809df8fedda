"""How sources are read: values of the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.scrape.politeness import Politeness
from warehouse.authors import AuthorPolicy


@dataclass(frozen=True, slots=True)
class ScrapeOptions:
    """How sources are read.

    - `refresh_days`: every run observes posts younger than this
    - `full_days`: every so many days a run reads until the last page, and observes older posts too
    - `full`: this run reads every source until its last page
    - `comments`: whether comments are read; `comment_authors`: how their authors are stored
    """

    politeness: Politeness = field(default_factory=Politeness)
    refresh_days: int = 14
    full_days: float = 7.0
    full: bool = False
    comments: bool = True
    comment_authors: AuthorPolicy = "hashed"
