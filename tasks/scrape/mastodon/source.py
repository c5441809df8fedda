"""The kind `mastodon`: an account on a Mastodon or Pixelfed server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from tasks.errors import BadSource
from tasks.scrape.crawl.pasted import fediverse_account, fediverse_server
from tasks.scrape.crawl.source import CrawledSource, SecretAddress
from tasks.scrape.mastodon.adapter import TOKEN_VARIABLE, MastodonAdapter
from tasks.scrape.model import SourceModel


class MastodonSettings(SourceModel):
    """`[[sources]]` with `kind = "mastodon"`; the account by its name or by its id on that server.

    `token_variable` is the environment variable with the token: a server must not get another server's token.
    """

    kind: Literal["mastodon"]
    server: SecretAddress
    account: str | None = Field(default=None, pattern=r"^@?[\w.-]+(@[\w.:-]+)?$", max_length=300)
    id: str | None = Field(default=None, pattern=r"^[\w-]+$", max_length=100, coerce_numbers_to_str=True)
    token_variable: str = Field(default=TOKEN_VARIABLE, pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)

    @field_validator("server", mode="before")
    @classmethod
    def _is_server(cls, server: object) -> object:
        return fediverse_server(server) if isinstance(server, str) else server

    @field_validator("account", mode="before")
    @classmethod
    def _is_account(cls, account: object, info: ValidationInfo) -> object:
        # A rejected server is not in the data.
        return (
            fediverse_account(account, info.data.get("server", "")) if isinstance(account, str) else account
        )

    def open(self, folder: Path) -> CrawledSource:
        """Create the source. Raises `BadSource` unless exactly one of `account` and `id` is set."""
        if (self.account is None) == (self.id is None):
            raise BadSource('set either account (as account = "Gargron") or id, not both')
        account = (self.account or "").removeprefix("@")
        adapter = MastodonAdapter(self.server, account, self.id or "", self.token_variable)
        return CrawledSource(
            name=self.name,
            adapter=adapter,
            account=account or adapter.account_id,
            may_lack=self.may_lack,
            secret_name=self.token_variable,
        )
