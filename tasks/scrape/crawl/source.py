"""A source that is read over HTTP: a walk, and a crawl along it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from tasks.errors import BadToken
from tasks.scrape.crawl.messages import AnyWalk, CrawlJob
from tasks.scrape.crawl.process import crawl
from tasks.scrape.pages import Page
from tasks.scrape.read_context import ReadContext
from tasks.scrape.values.addresses import web_address


def _is_web_address(url: str) -> str:
    address = web_address(url)
    if address is None:
        raise ValueError("give an http or https address")
    return address


WebAddress = Annotated[str, AfterValidator(_is_web_address)]
"""An http or https address with a host."""


def _keeps_secrets(url: str) -> str:
    url = _is_web_address(url)
    parts = urlsplit(url)
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        raise ValueError("give an https address: over http anyone on the way reads the token")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("give the server's address alone, such as https://host.example")
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SecretAddress = Annotated[str, AfterValidator(_keeps_secrets)]
"""The address of a server that gets a token: https, or http on this machine; without a slash at its end."""


@dataclass(frozen=True, slots=True)
class CrawledSource:
    """One account on a host, read along its walk; the fields and properties are those of `Source`."""

    name: str
    adapter: AnyWalk
    account: str
    may_lack: tuple[str, ...] = ()
    secret_name: str | None = None
    needs_secret: bool = False

    @property
    def host(self) -> str:
        """The host that is asked."""
        return urlsplit(self.adapter.first_url).netloc

    @property
    def address(self) -> str:
        """The first address that is asked."""
        return self.adapter.first_url

    @property
    def shows_all(self) -> bool:
        """A crawl to the end saw every post that there is."""
        return True

    @property
    def folders(self) -> tuple[Path, ...]:
        """None: its pictures are on the web."""
        return ()

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """Crawl the account's pages, from the one after the spool's last. Raises `BadToken` without a needed one."""
        if self.needs_secret and context.secret is None:
            raise BadToken(
                f"The source {self.name} can't be read without a token: set {self.secret_name} in the environment,"
                f" or make the Prefect Secret block {str(self.secret_name).lower().replace('_', '-')}."
            )
        last = context.spool.last()
        if last is not None and last.next_url is None:
            return iter(())
        start = self.adapter.first_url if last is None or last.next_url is None else last.next_url
        adapter = replace(self.adapter, comments=context.comments)
        order = CrawlJob(
            adapter,
            start,
            context.politeness,
            str(context.spool.file),
            context.secret,
            context.limits,
            context.no_request_before,
        )
        return crawl(order, context.judge, context.note_limit)
