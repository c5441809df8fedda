"""The connection to Clarifai: TLS, no hidden retries, and plaintext only on this machine or by explicit setting.

Clarifai's own channels retry UNAVAILABLE up to five times without a log line, each attempt may be billed, and no
option turns this off. So the channel is made here.
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

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""A response for 128 pictures with 200 concepts each has about 2 MB."""
MAX_REQUEST_BYTES = 160 * 1024 * 1024
PLAINTEXT_PORT = 18080
"""The default port of a server without TLS, as in Clarifai's own package."""

_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
    ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
    ("grpc.keepalive_time_ms", 60_000),
)


@dataclass(frozen=True, slots=True)
class Address:
    """The server's host and port, whether the connection is plaintext, and whether it stays on this machine."""

    target: str
    is_plaintext: bool
    is_local: bool


def parse_address(base: str) -> Address:
    """Parse a base such as `api.clarifai.com`, `127.0.0.1:9000`, `http://test-server:9000` or `https://…`.

    TLS is used unless the base begins with `http://`, or names this machine without `https://`. Raises
    `ClassifierUnavailable` for an invalid base.
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
            f"{base!r} is not the address of a server. Set base (or CLARIFAI_GRPC_BASE) to host:port, for example"
            " api.clarifai.com; put http:// before it for a connection without TLS."
        )
    is_local = _is_loopback(host)
    is_plaintext = scheme.lower() == "http" or (not scheme and is_local)
    bracketed = f"[{host}]" if ":" in host else host
    return Address(f"{bracketed}:{port or (PLAINTEXT_PORT if is_plaintext else 443)}", is_plaintext, is_local)


def open_channel(base: str, certificates: Path | None) -> grpc.Channel:
    """Open a channel to the server; nothing is sent yet. Raises `ClassifierUnavailable`."""
    address = parse_address(base)
    # A server on this machine is not reached through the environment's proxy.
    options = (*_OPTIONS, *([("grpc.enable_http_proxy", 0)] if address.is_local else []))
    if address.is_plaintext:
        if not address.is_local:
            logger.warning(
                "The key is sent to %s without encryption, because base begins with http://", address.target
            )
        return grpc.insecure_channel(address.target, options=options)
    return grpc.secure_channel(
        address.target,
        grpc.ssl_channel_credentials(_read_certificates(certificates) if certificates else None),
        options=options,
    )


def _read_certificates(certificates: Path) -> bytes:
    try:
        return certificates.read_bytes()
    except OSError as error:
        raise ClassifierUnavailable(
            f"The certificates {certificates} can't be read ({error.strerror}). Set certificates to a PEM file,"
            " or remove the key to use the system's certificates."
        ) from error


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
