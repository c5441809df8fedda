"""Addresses copied from a browser into settings for a server or an account's name.

Each function returns the value, or raises `ValueError` with the lines to write instead. Nothing is guessed:
for a wrong guess, the server would report an unknown account.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_FEDIVERSE = re.compile(r"/(?:web/)?(?:@|users/)(?P<account>[\w.-]+(?:@[\w.:-]+)?)(?:/.*)?$")
_SHORT = re.compile(r"/(?P<account>[\w.-]+)/?$")
"""An account's page on Pixelfed; on other servers also a page of the server itself."""
_SERVER_PAGES = frozenset(
    {"about", "api", "auth", "discover", "explore", "home", "i", "local", "login", "public", "web"}
)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/.*)?|localhost(:\d+)?(/.*)?", re.ASCII)
_ACCT = re.compile(r"@(?P<account>[\w.-]+)@(?P<host>[\w.:-]+)")
INSTAGRAM_HOSTS = frozenset({"instagram.com", "www.instagram.com", "m.instagram.com", "instagr.am"})
_INSTAGRAM_POSTS = frozenset({"p", "reel", "reels", "tv", "stories", "explore", "s"})
_INSTAGRAM_NAME = re.compile(r"[A-Za-z0-9._]{1,30}")


def fediverse_server(value: str) -> str:
    """A server's address. Raises for an account's or a post's page, and for an address without its scheme."""
    text = value.strip()
    if (handle := _ACCT.fullmatch(text)) is not None:
        raise ValueError(_write(f"https://{handle['host']}", handle["account"]))
    if "://" not in text and _HOST.fullmatch(text):
        text = f"https://{text}"
        raise ValueError(_write(_base(text), _account_in(text)))
    if urlsplit(text).scheme in ("http", "https") and urlsplit(text).path.strip("/"):
        raise ValueError(_write(_base(text), _account_in(text)))
    return text


def fediverse_account(value: str, server: str) -> str:
    """An account's name, without the server's own name behind it. Raises for an address."""
    text = value.strip()
    own = (urlsplit(server).hostname or "").lower(), urlsplit(server).netloc.lower()
    if "/" in text:
        address = text if "://" in text else f"https://{text}"
        account, host = _account_in(address), urlsplit(address).netloc
        if account is None:
            raise ValueError('write the account\'s name alone, as account = "Gargron"')
        is_local_name = "@" in account or host.lower() in own
        raise ValueError(f'write account = "{account if is_local_name else f"{account}@{host}"}"')
    name, _, host = text.removeprefix("@").partition("@")
    return name if host and host.lower() in own else text


def split_fediverse(value: str) -> tuple[str, str]:
    """Server and account of `@ann@host`, `ann@host`, or of an account's address; either may be empty.

    Of a server's own address, and of an address that is no account's page, the account is empty. Raises nothing.
    """
    text = value.strip()
    if "/" not in text:
        name, _, host = text.removeprefix("@").partition("@")
        return (f"https://{host}", name) if host else ("", name)
    account, host = _account_in(text) or "", urlsplit(text).netloc
    name, _, own = account.partition("@")
    return _base(text), name if own.lower() == host.lower() else account


def instagram_account(value: str) -> str:
    """An account's name on Instagram. Raises for an address."""
    text = value.strip()
    if "/" not in text:
        return text
    name = instagram_name(text)
    if name is None:
        raise ValueError('this is not an account\'s address; write its name alone, as account = "instagram"')
    raise ValueError(f'write account = "{name}"')


def instagram_name(text: str) -> str | None:
    """The account in an address of Instagram; None where it is not the address of an account."""
    address = text if "://" in text else f"https://{text.lstrip('/')}"
    first = unquote(urlsplit(address).path).strip("/").split("/")[0].removeprefix("@")
    is_name = _INSTAGRAM_NAME.fullmatch(first) is not None
    if first in _INSTAGRAM_POSTS or not is_name or urlsplit(address).hostname not in INSTAGRAM_HOSTS:
        return None
    return first


def graph_base(value: str) -> str:
    """The address of the Graph API. Raises for an address with a version, and for Instagram's web site."""
    text = value.strip()
    parts = urlsplit(text)
    if parts.hostname in INSTAGRAM_HOSTS:
        raise ValueError(
            "this is Instagram's web site, not its interface; remove base, and write the account's name as account"
        )
    version = re.search(r"/(v\d{1,3}\.\d{1,2})/?$", parts.path)
    if version is not None:
        base = f"{parts.scheme}://{parts.netloc}{parts.path[: version.start()]}"
        raise ValueError(f'write the version apart: base = "{base}", api_version = "{version[1]}"')
    return text


def _base(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _account_in(address: str) -> str | None:
    path = unquote(urlsplit(address).path)
    found = _FEDIVERSE.fullmatch(path) or _SHORT.fullmatch(path)
    return None if found is None or found["account"] in _SERVER_PAGES else found["account"]


def _write(server: str, account: str | None) -> str:
    if account is None:
        return f'write the server\'s address alone, as server = "{server}"'
    return f'write the server and the account apart: server = "{server}", account = "{account}"'
