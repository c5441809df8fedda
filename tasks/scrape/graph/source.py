"""The kind `graph`: a professional Instagram account, through Instagram's own Graph API."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from tasks.scrape.crawl.pasted import graph_base, instagram_account
from tasks.scrape.crawl.source import CrawledSource, SecretAddress
from tasks.scrape.graph.adapter import GraphAdapter
from tasks.scrape.model import SourceModel

TOKEN = "INSTAGRAM_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable with the token."""


class GraphSettings(SourceModel):
    """`[[sources]]` with `kind = "graph"`; `user_id` is the id of the requesting account, `account` the one to read."""

    kind: Literal["graph"]
    account: str = Field(pattern=r"^@?[A-Za-z0-9._]{1,30}$")
    user_id: str = Field(pattern=r"^[0-9]{1,30}$", coerce_numbers_to_str=True)
    base: SecretAddress = "https://graph.facebook.com"
    api_version: str = Field(default="v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")
    page_size: int = Field(default=50, ge=1, le=100)

    @field_validator("account", mode="before")
    @classmethod
    def _is_account(cls, account: object) -> object:
        return instagram_account(account) if isinstance(account, str) else account

    @field_validator("base", mode="before")
    @classmethod
    def _is_base(cls, base: object) -> object:
        return graph_base(base) if isinstance(base, str) else base

    def open(self, folder: Path) -> CrawledSource:
        """Create the source."""
        account = self.account.removeprefix("@")
        adapter = GraphAdapter(self.base, self.api_version, self.user_id, account, self.page_size)
        return CrawledSource(
            name=self.name,
            adapter=adapter,
            account=account,
            may_lack=self.may_lack,
            secret_name=TOKEN,
            needs_secret=True,
        )
