"""The kind `gallery`: a web site that shows an account's posts page by page, described by a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from tasks.scrape.crawl.source import CrawledSource, WebAddress
from tasks.scrape.gallery.profile import load_profile
from tasks.scrape.gallery.walk import GalleryWalk
from tasks.scrape.model import SourceModel


class GallerySettings(SourceModel):
    """`[[sources]]` with `kind = "gallery"`; `url` is the account's first page."""

    kind: Literal["gallery"]
    profile: str
    url: WebAddress

    def open(self, folder: Path) -> CrawledSource:
        """Make the source. Raises `BadProfile` when the profile can't be used or the url is no account's."""
        profile = load_profile(self.profile, folder)
        account = profile.account_of(urlsplit(self.url).path)
        walk = GalleryWalk(profile, account, self.url, may_lack=self.may_lack)
        return CrawledSource(self.name, walk, account, self.may_lack)
