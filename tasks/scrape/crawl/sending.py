"""The exact address that a crawl requests, and compares with others."""

from __future__ import annotations

from urllib.parse import urlsplit

from w3lib.url import safe_url_string

from tasks.urls import PORTS, parse


def request_url(url: str) -> str:
    """The form of an absolute address in a request: with its path and query unchanged, and without a fragment.

    The host is in lower case and in ASCII, without the scheme's default port and without credentials, as in the
    request's Host header. Raises `ValueError` where it is not an http or https address.
    """
    address = parse(url)
    server = urlsplit(safe_url_string(f"{address.scheme}://{address.authority.rpartition('@')[2]}/"))
    host = server.netloc.removesuffix(f":{PORTS[address.scheme]}")
    return f"{address.scheme}://{host}{address.target}"
