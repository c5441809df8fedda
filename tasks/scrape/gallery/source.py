"""The kind `gallery`: a web site that shows an account's posts page by page, described by a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from tasks.errors import BadSource
from tasks.scrape.crawl.source import CrawledSource, WebAddress
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.profile import load_profile
from tasks.scrape.model import SourceModel


class GallerySettings(SourceModel):
    """`[[sources]]` with `kind = "gallery"`; `url` is the account's first page."""

    kind: Literal["gallery"]
    profile: str
    url: WebAddress

    def open(self, folder: Path) -> CrawledSource:
        """Make the source. Raises `BadSource` if the profile can't be used or url is not an account's first page."""
        profile = load_profile(self.profile, folder)
        account = profile.account_of(urlsplit(self.url).path)
        numbered = profile.list.numbered
        if numbered is not None and numbered.number_of(self.url, account) > numbered.first:
            raise BadSource(
                f"url is page {numbered.number_of(self.url, account)} of the account, so newer posts would be missing."
                " Set url to the account's first page"
            )
        adapter = GalleryAdapter(profile, account, self.url, may_lack=self.may_lack)
        return CrawledSource(name=self.name, adapter=adapter, account=account, may_lack=self.may_lack)
