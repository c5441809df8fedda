"""The form of an address in which a crawl sends it, and by which it knows it again."""

from __future__ import annotations

from urllib.parse import urlsplit

from w3lib.url import safe_url_string

from tasks.urls import PORTS, parse


def sent_url(url: str) -> str:
    """An absolute address as it is requested: the path and the query as they are written, and no fragment.

    The host is in lower case and in ASCII, without the scheme's own port and without credentials, as in the
    request's Host header. Raises `ValueError` where it is no http or https address.
    """
    address = parse(url)
    server = urlsplit(safe_url_string(f"{address.scheme}://{address.authority.rpartition('@')[2]}/"))
    host = server.netloc.removesuffix(f":{PORTS[address.scheme]}")
    return f"{address.scheme}://{host}{address.target}"
