"""Which addresses may be requested: a page may name any address; only public ones are fetched.

The check applies to the IP address of the socket, when the socket is created. A name can't resolve to one
address for the check and to another for the connection.
"""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache
from typing import Self

import aiohttp
from aiohttp.connector import AddrInfoType
from yarl import URL

from tasks.urls import origin, parse

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that embed IPv4 ones (RFC 6052)."""

_UNICAST = ipaddress.ip_network("2000::/3")
"""The IPv6 addresses of the public internet (RFC 4291). Python 3.11 treats more as global: site-local
addresses, for instance, and the NAT64 prefix for local use (RFC 8215)."""

PRIVATE = "is not a public address"


class PrivateAddress(OSError):
    """The address belongs to a private network, this machine, or no host at all."""


def is_public(address: str) -> bool:
    """Whether an IP address (not a name) belongs to the public internet."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour
        if embedded is None and ip in _NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if embedded is not None:
            return is_public(str(embedded))
        return ip in _UNICAST and ip.is_global
    return ip.is_global and not ip.is_multicast


def public_socket(address: AddrInfoType) -> socket.socket:
    """Create the socket for a resolved address. Raises `PrivateAddress` if the address is not public."""
    family, kind, protocol, _, endpoint = address
    if not is_public(str(endpoint[0])):
        raise PrivateAddress(f"{endpoint[0]} {PRIVATE}")
    created = socket.socket(family, kind, protocol)
    created.setblocking(False)
    return created


class Sessions:
    """Two HTTP sessions: one for public addresses only, one for the hosts that the settings allow.

    `allow_private_hosts` lists hosts with a port (`127.0.0.1:8000`), or without one for all ports.
    """

    def __init__(
        self,
        concurrency: int,
        allow_private_hosts: frozenset[str],
        timeout: aiohttp.ClientTimeout,
        user_agent: str,
    ) -> None:
        self._allowed = frozenset(map(_split_host, allow_private_hosts))
        self._public = _session(
            aiohttp.TCPConnector(limit=concurrency, socket_factory=public_socket), timeout, user_agent
        )
        self._private = _session(aiohttp.TCPConnector(limit=concurrency), timeout, user_agent)

    def session_for(self, url: str) -> tuple[aiohttp.ClientSession, URL]:
        """The session that may request this address, and the address for the request.

        Path and query reach the server byte for byte. Raises `ValueError` if it is not an http(s) address.
        """
        address = parse(url)
        authority, host, port = _split_authority(address.scheme, address.authority)
        # yarl rewrites escapes and drops an empty query, unless path and query enter as one encoded path.
        sent = URL.build(scheme=address.scheme, authority=authority, path=address.target, encoded=True)
        is_allowed = (host, None) in self._allowed or (host, port) in self._allowed
        return (self._private if is_allowed else self._public), sent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._public.close()
        await self._private.close()


@lru_cache(maxsize=1024)
def _split_authority(scheme: str, authority: str) -> tuple[str, str, int]:
    """The authority in ASCII, its host and its port. Raises `ValueError`."""
    url = f"{scheme}://{authority}/"
    _, host, port = origin(url)
    return URL(url).raw_authority, host, port


def _split_host(setting: str) -> tuple[str, int | None]:
    """The host, and the port if there is one, of an entry in `allow_private_hosts`."""
    host, colon, port = setting.lower().rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return setting.lower().strip("[]"), None


def _session(
    connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout, user_agent: str
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        # Pictures gain nothing from compression, and a compressed response can unpack to any size.
        headers={"User-Agent": user_agent, "Accept": "image/*", "Accept-Encoding": "identity"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        # aiohttp buffers twice as much before it stops reading: as much as a body holds in memory.
        read_bufsize=256 * 1024,
    )
