"""The address of a server: what is allowed, and whether the server is on this machine or a private network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

_PRIVATE_ENDINGS = (".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal", ".intranet")
"""Names that the public DNS does not have (RFC 6761, RFC 6762, RFC 8375, and ICANN's `.internal`)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address without a slash at its end, and its host with the port.

    `is_local`: it is this machine. `is_private`: it is this machine or one of a private network.
    """

    url: str
    host: str
    is_local: bool
    is_private: bool

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.url.startswith("https://")


def parse_address(base_url: str) -> Address:
    """Parse a `base_url`. Raises `ValueError` with what to do; its text has no user name or password."""
    try:
        parts = urlsplit(base_url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("base_url is the address of a server, such as http://localhost:11434/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "base_url has no user, password, ? or #; put a key into the variable that secret names"
        )
    bracketed = f"[{host}]" if ":" in host else host
    shown = f"{bracketed}:{port}" if port else bracketed
    address = Address(
        f"{parts.scheme}://{shown}{parts.path.rstrip('/')}", shown, _is_local(host), _is_private(host)
    )
    if not (address.is_encrypted or address.is_private):
        raise ValueError(
            f"pictures would go to {shown} without encryption; use https://, or a server on this machine or in a"
            " private network"
        )
    return address


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        # A name of digits alone is a public IP address in another form.
        return ("." not in host and not host[0].isdigit()) or host.endswith(_PRIVATE_ENDINGS)
