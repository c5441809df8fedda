"""The kind `gallery`: a web site that shows an account's posts page by page, described by a profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.scrape.crawl import crawl
from tasks.scrape.messages import Order
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.profile import Profile, load_profile
from tasks.scrape.spool import Spool

SOURCE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


@dataclass(frozen=True, slots=True)
class GallerySource:
    """One account's pages on a gallery site."""

    name: str
    host: str
    url: str
    account: str
    profile: Profile

    def pages(self, spool: Spool, politeness: Politeness) -> Iterator[Page]:
        """Crawl the account's pages, from the one after the spool's last."""
        last = spool.last()
        if last is not None and last.next_url is None:
            return iter(())
        start = self.url if last is None or last.next_url is None else last.next_url
        return crawl(Order(self.profile, self.account, start, self.url, politeness, str(spool.file)))


class GallerySettings(BaseModel):
    """`[[sources]]` with `kind = "gallery"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=SOURCE_NAME, max_length=64)
    kind: Literal["gallery"]
    profile: str
    url: str

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("give the http or https address of the account's first page")
        return url

    def open(self, folder: Path) -> GallerySource:
        """Make the source. Raises `BadProfile` when the profile can't be used or the url is no account's."""
        profile = load_profile(self.profile, folder)
        parts = urlsplit(self.url)
        return GallerySource(self.name, parts.netloc, self.url, profile.account_of(parts.path), profile)
