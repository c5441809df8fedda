"""Web addresses as pages and servers write them: resolved, compared by host, and encoded for a request.

The rules are those of the URL standard (https://url.spec.whatwg.org/), which browsers follow, with one
exception: an address is sent byte for byte as it was written. Only bytes that the first line of an HTTP request can't
hold are escaped. Python's `urljoin` drops empty parts of paths and queries, and HTTP libraries rewrite escapes:
either breaks a signed address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
_AROUND = "".join(map(chr, range(0x21)))
"""Control characters and the space; around an address, they are not part of it."""
_LINE_ENDS = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_PLAIN = re.compile(r"[!#-;=?-~]*")
"""Characters that need no escape."""
_UNSENDABLE = re.compile(rb"[^\x21-\x7e]|[\"<>]")
"""Bytes that a request line can't hold, and three that every browser escapes."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The parts of an http or https address, each as it is written.

    `path` begins with a slash, or is empty. `query` is None where there is no question mark.
    """

    scheme: str
    authority: str
    path: str
    query: str | None
    fragment: str | None

    @property
    def target(self) -> str:
        """The target of a request: path and query in ASCII, with the segments `.` and `..` resolved.

        Characters outside ASCII become UTF-8, and the bytes of a header stay unchanged. Raises
        `ValueError` for half a surrogate pair.
        """
        query = "" if self.query is None else f"?{self.query}"
        written = f"{_without_dots(self.path) or '/'}{query}"
        if _PLAIN.fullmatch(written):
            return written
        sent = _UNSENDABLE.sub(
            lambda match: b"%%%02X" % match[0][0], written.encode("utf-8", "surrogateescape")
        )
        return sent.decode("ascii")

    def __str__(self) -> str:
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{self.authority}{self.path}{query}{fragment}"


def parse(url: str) -> WebAddress:
    """Split an absolute address. Raises `ValueError` unless it is http or https and has a host."""
    address = url.strip(_AROUND).translate(_LINE_ENDS)
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() not in PORTS or not rest.startswith("//"):
        raise ValueError(f"{url[:80]!r} is not a web address")
    authority, path, query, fragment = _split(rest[2:])
    # Python validates brackets, and characters that look like delimiters.
    if not urlsplit(f"//{authority}").hostname:
        raise ValueError(f"{url[:80]!r} is not a web address: it has no host")
    return WebAddress(scheme.lower(), authority, path, query, fragment)


def join(base: str, reference: str) -> str:
    """Resolve a reference on the page `base`; what is written stays byte for byte.

    Raises `ValueError` unless the result is an http or https address.
    """
    reference = reference.strip(_AROUND).translate(_LINE_ENDS)
    if (match := _SCHEME.match(reference)) is not None:
        scheme, rest = match[1].lower(), reference[match.end() :]
        if rest.startswith("//") or scheme not in PORTS:
            return str(parse(reference))
        here = parse(base)
        if scheme != here.scheme:
            raise ValueError(f"{reference[:80]!r} is not a web address")
        # Browsers read "http:a.html" on an http page as a relative reference.
        reference = rest
    else:
        here = parse(base)
    if reference.startswith("//"):
        return str(parse(f"{here.scheme}://{reference.lstrip('/')}"))
    return str(_relative(here, reference))


def _relative(here: WebAddress, reference: str) -> WebAddress:
    _, path, query, fragment = _split(reference, has_authority=False)
    if path.startswith("/"):
        path = _without_dots(path)
    elif path:
        path = _without_dots(f"{here.path[: here.path.rfind('/') + 1] or '/'}{path}")
    else:
        path = here.path or "/"
        query = here.query if query is None else query
    return WebAddress(here.scheme, here.authority, path, query, fragment)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host (in lower case) and port of an address. Raises `ValueError` for an invalid one."""
    address = parse(url)
    parts = urlsplit(f"{address.scheme}://{address.authority}")
    if not parts.hostname:
        raise ValueError(f"{url[:80]!r} is not a web address: it has no host")
    port = PORTS[address.scheme] if parts.port is None else parts.port
    return address.scheme, parts.hostname, port


def same_host(here: str, there: str) -> bool:
    """Whether `there` has the host and port of `here`. On the default ports http may lead to https.

    Raises `ValueError` where one of them is not a web address.
    """
    own, other = origin(here), origin(there)
    upgraded = own[0] == "http" and own[2] == PORTS["http"]
    return own == other or (upgraded and other == ("https", own[1], PORTS["https"]))


def from_header(value: bytes) -> str:
    """The address in a header such as Location; bytes that are not UTF-8 stay unchanged in a request."""
    return value.decode("utf-8", "surrogateescape")


def _split(rest: str, *, has_authority: bool = True) -> tuple[str, str, str | None, str | None]:
    """Split the text after the scheme into authority, path, query and fragment."""
    rest, hash_sign, fragment = rest.partition("#")
    rest, question, query = rest.partition("?")
    authority, slash, path = rest.partition("/") if has_authority else ("", "", rest)
    return authority, slash + path, query if question else None, fragment if hash_sign else None


def _without_dots(path: str) -> str:
    """Remove the segments `.` and `..`, also escaped ones, from a path that begins with a slash."""
    if not _DOTS.search(path):
        return path
    result: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments, start=1):
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            del result[-1:]
        elif plain != ".":
            result.append(segment)
        if plain in (".", "..") and number == len(segments):
            result.append("")
    return "/" + "/".join(result)
