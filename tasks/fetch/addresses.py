"""Which addresses may be asked: a page may name any address, and only public ones are fetched.

The check is made on the address that is connected to, when the socket is made, so no name can resolve
to one address for a check and to another for the connection.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.connector import AddrInfoType

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052)."""

_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out for the public internet (RFC 4291). Python 3.11 takes more for global:
site-local addresses, for instance, and the NAT64 prefix of a network's own (RFC 8215)."""

PRIVATE = "is not a public address"


class PrivateAddress(OSError):
    """The address belongs to a private network, this machine, or no host at all."""


def is_public(address: str) -> bool:
    """Whether an IP address (no name) is one of the public internet."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if inside is None and ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inside is not None:
            return is_public(str(inside))
        return ip in _UNICAST and ip.is_global
    return ip.is_global and not ip.is_multicast


def public_socket(address: AddrInfoType) -> socket.socket:
    """A socket for a connection to a resolved address. Raises `PrivateAddress` for one that is not public."""
    family, kind, protocol, _, target = address
    if not is_public(str(target[0])):
        raise PrivateAddress(f"{target[0]} {PRIVATE}")
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


class Doors:
    """Two HTTP sessions: one that reaches public addresses only, one for hosts that the settings allow."""

    def __init__(
        self,
        concurrency: int,
        allow_private_hosts: frozenset[str],
        timeout: aiohttp.ClientTimeout,
        user_agent: str,
    ) -> None:
        self._allowed = frozenset(host.lower().strip("[]") for host in allow_private_hosts)
        self._public = _session(
            aiohttp.TCPConnector(limit=concurrency, socket_factory=public_socket), timeout, user_agent
        )
        self._private = _session(aiohttp.TCPConnector(limit=concurrency), timeout, user_agent)

    def session_for(self, url: str) -> aiohttp.ClientSession:
        """The session that may ask this address. Raises `ValueError` when it is no http(s) address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url[:120]!r} is not a web address")
        return self._private if parts.hostname.lower() in self._allowed else self._public

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._public.close()
        await self._private.close()


def _session(
    connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout, user_agent: str
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        # A compressed answer could unpack to any size; pictures gain nothing from it.
        headers={"User-Agent": user_agent, "Accept": "image/*", "Accept-Encoding": "identity"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        # Twice as much is taken in before a sender is told to wait: as much as a body holds in memory.
        read_bufsize=256 * 1024,
    )
