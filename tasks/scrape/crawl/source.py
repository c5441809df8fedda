"""A source that is read over HTTP, with a site adapter; and the checks of addresses in its settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from tasks.errors import BadToken
from tasks.scrape.crawl.messages import CrawlJob
from tasks.scrape.crawl.process import crawl
from tasks.scrape.crawl.site_adapter import SiteAdapter
from tasks.scrape.model import Source
from tasks.scrape.pages import Page
from tasks.scrape.read_context import ReadContext
from tasks.scrape.values.addresses import web_address


def _check_web_address(url: str) -> str:
    address = web_address(url)
    if address is None:
        raise ValueError("give an http or https address")
    return address


WebAddress = Annotated[str, AfterValidator(_check_web_address)]
"""An http or https address with a host."""


def _check_server(url: str) -> str:
    url = _check_web_address(url)
    parts = urlsplit(url)
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        raise ValueError("write an https address: over http anyone on the way reads the token")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("write the server's address alone, such as https://host.example")
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SecretAddress = Annotated[str, AfterValidator(_check_server)]
"""The address of a server that gets a token: https, or http on this machine; without a slash at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawledSource(Source):
    """One account on a host, read with the site adapter of its kind."""

    adapter: SiteAdapter
    account: str
    shows_all: bool = True

    @property
    def host(self) -> str:
        """The host of the first request."""
        return urlsplit(self.adapter.first_url).netloc

    @property
    def address(self) -> str:
        """The address of the first request."""
        return self.adapter.first_url

    @property
    def token_advice(self) -> str:
        """What to do where a required token is missing."""
        block = str(self.secret_name).lower().replace("_", "-")
        return (
            f"The source {self.name} can't be read without a token: set {self.secret_name} in the environment,"
            f" or create the Prefect Secret block {block}."
        )

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """Crawl the account's pages, from the one after the spool's last. Raises `BadToken` without a required token."""
        if self.needs_secret and context.secret is None:
            raise BadToken(self.token_advice)
        last = context.spool.last()
        start = self.adapter.first_url if last is None else last.next_url
        if start is None:
            return iter(())
        adapter = replace(self.adapter, comments=context.comments)
        job = CrawlJob(
            adapter,
            start,
            context.politeness,
            str(context.spool.file),
            context.secret,
            context.limits,
            context.no_request_before,
        )
        return crawl(job, context.decide, context.note_limit)
