"""The connection to Clarifai: TLS, no silent retries, and plain text only where that is safe or was asked for.

Clarifai's own channels retry UNAVAILABLE up to five times without telling, and each try may be billed; they
take no options that turn this off. So the channel is made here.
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import grpc

from classifiers.errors import ClassifierUnavailable

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""An answer for 128 pictures with 200 concepts each has about 2 MB."""
MAX_REQUEST_BYTES = 160 * 1024 * 1024
PLAIN_PORT = 18080
"""Where Clarifai's own package looks for a server without TLS when no port is named."""

_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
    ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
    ("grpc.keepalive_time_ms", 60_000),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is: host and port, and whether it is spoken to in plain text."""

    target: str
    plain: bool
    local: bool


def address(base: str) -> Address:
    """Read a base such as `api.clarifai.com`, `127.0.0.1:9000`, `http://test-server:9000` or `https://…`.

    TLS is used unless the base begins with `http://`, or names this machine without saying `https://`.
    Raises `ClassifierUnavailable` for what is no address.
    """
    scheme, separator, rest = base.strip().partition("://")
    if not separator:
        scheme, rest = "", base.strip()
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    extra = host and (parts.username or parts.query or parts.fragment or parts.path.strip("/"))
    if not host or extra or scheme.lower() not in ("", "http", "https"):
        raise ClassifierUnavailable(
            f"{base!r} is no address of a Clarifai server. Set base (or CLARIFAI_GRPC_BASE) to host:port, for"
            " example api.clarifai.com; http:// in front means without TLS."
        )
    local = _is_local(host)
    plain = scheme.lower() == "http" or (not scheme and local)
    named = f"[{host}]" if ":" in host else host
    return Address(f"{named}:{port or (PLAIN_PORT if plain else 443)}", plain, local)


def open_channel(base: str, certificates: Path | None) -> grpc.Channel:
    """A channel to the server; nothing is sent yet. Raises `ClassifierUnavailable`."""
    at = address(base)
    # A proxy of the environment is for the way out; this machine is not out there.
    options = (*_OPTIONS, *([("grpc.enable_http_proxy", 0)] if at.local else []))
    if at.plain:
        if not at.local:
            logger.warning("The key goes to %s without encryption, because the base says http://", at.target)
        return grpc.insecure_channel(at.target, options=options)
    return grpc.secure_channel(
        at.target,
        grpc.ssl_channel_credentials(_read(certificates) if certificates else None),
        options=options,
    )


def _read(certificates: Path) -> bytes:
    try:
        return certificates.read_bytes()
    except OSError as error:
        raise ClassifierUnavailable(
            f"The certificates {certificates} can't be read ({error.strerror}). Set certificates to a PEM file,"
            " or leave it out for the usual ones."
        ) from error


def _is_local(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
