"""Which addresses may be asked: a page may name any address, and only public ones are fetched.

The check is made on the address that is connected to, when the socket is made, so no name can resolve
to one address for a check and to another for the connection.
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


class Sessions:
    """Two HTTP sessions: one that reaches public addresses only, one for hosts that the settings allow.

    `allow_private_hosts` are hosts, each with a port (`127.0.0.1:8000`) or with all of its ports.
    """

    def __init__(
        self,
        concurrency: int,
        allow_private_hosts: frozenset[str],
        timeout: aiohttp.ClientTimeout,
        user_agent: str,
    ) -> None:
        self._allowed = frozenset(map(_host_and_port, allow_private_hosts))
        self._public = _session(
            aiohttp.TCPConnector(limit=concurrency, socket_factory=public_socket), timeout, user_agent
        )
        self._private = _session(aiohttp.TCPConnector(limit=concurrency), timeout, user_agent)

    def door_for(self, url: str) -> tuple[aiohttp.ClientSession, URL]:
        """The session that may request this address, and the address as it is sent.

        The path and the query reach the server byte for byte. Raises `ValueError` when it is no http(s) address.
        """
        address = parse(url)
        authority, host, port = _server(address.scheme, address.authority)
        # yarl would rewrite the escapes of the path and the query, and drop an empty query; so all that is sent
        # goes in as a path that is encoded already.
        sent = URL.build(scheme=address.scheme, authority=authority, path=address.target, encoded=True)
        is_allowed = (host, None) in self._allowed or (host, port) in self._allowed
        return (self._private if is_allowed else self._public), sent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._public.close()
        await self._private.close()


@lru_cache(maxsize=1024)
def _server(scheme: str, authority: str) -> tuple[str, str, int]:
    """The authority in ASCII, and the host and the port as they are written. Raises `ValueError`."""
    written = f"{scheme}://{authority}/"
    _, host, port = origin(written)
    return URL(written).raw_authority, host, port


def _host_and_port(written: str) -> tuple[str, int | None]:
    """A host of the settings, with its port where one is given."""
    host, colon, port = written.lower().rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return written.lower().strip("[]"), None


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
