"""Web addresses: resolved as browsers do, compared by host and port, and sent as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.urls import from_header, join, parse, same_host

BASE = "http://h.example/a//b/c.html?q=1#f"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("", "http://h.example/a//b/c.html?q=1"),
        ("d.jpg", "http://h.example/a//b/d.jpg"),
        ("./d.jpg", "http://h.example/a//b/d.jpg"),
        ("../d.jpg", "http://h.example/a//d.jpg"),
        ("../../../../d.jpg", "http://h.example/d.jpg"),
        ("/x/../d.jpg", "http://h.example/d.jpg"),
        ("/x/%2E%2e/d.jpg", "http://h.example/d.jpg"),
        ("/x/.", "http://h.example/x/"),
        ("..", "http://h.example/a//"),
        ("x//y///z", "http://h.example/a//b/x//y///z"),
        ("?", "http://h.example/a//b/c.html?"),
        ("?a=1&a=2&", "http://h.example/a//b/c.html?a=1&a=2&"),
        ("d.jpg?u=http://o.example/../x", "http://h.example/a//b/d.jpg?u=http://o.example/../x"),
        ("#top", "http://h.example/a//b/c.html?q=1#top"),
        ("//o.example", "http://o.example"),
        ("///o.example/d", "http://o.example/d"),
        ("HTTPS://O.example:443/D?", "https://O.example:443/D?"),
        ("http:d.jpg", "http://h.example/a//b/d.jpg"),
        ("a;b=1,2/c;", "http://h.example/a//b/a;b=1,2/c;"),
        (" \t/d\r\n.jpg \n", "http://h.example/d.jpg"),
        ("%2F%7e+%c3%a9|[]{}''", "http://h.example/a//b/%2F%7e+%c3%a9|[]{}''"),
    ],
)
def test_a_reference_is_resolved_as_in_a_browser(reference: str, expected: str) -> None:
    """A reference becomes the address that a browser would request, byte for byte as written."""
    assert join(BASE, reference) == expected


@pytest.mark.parametrize(
    "reference", ["mailto:a@b", "javascript:void(0)", "https:d.jpg", "//", "http://[x/", "http://u@/"]
)
def test_a_reference_that_is_not_a_web_address_is_rejected(reference: str) -> None:
    """A reference that does not lead to an http or https address with a host is an error."""
    with pytest.raises(ValueError, match=r"not a web address|Invalid IPv6"):
        join(BASE, reference)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("http://h", "/"),
        ("http://h?x=1", "/?x=1"),
        ("http://h/a?", "/a?"),
        ("http://h/%7Ea/~b/%2f%2B+?s=%3A:%3d%C3%a9", "/%7Ea/~b/%2f%2B+?s=%3A:%3d%C3%a9"),
        ("http://h/a/./../b#f", "/b"),
        ("http://h/a b/\u00fc?q=\u00fc c", "/a%20b/%C3%BC?q=%C3%BC%20c"),
        ("http://h/a\x00\x7f\x1bb", "/a%00%7F%1Bb"),
        ('http://h/a"<b>?"', "/a%22%3Cb%3E?%22"),
        ("http://h/a%zz%", "/a%zz%"),
        (from_header(b"http://h/\xfc?\xc3\xbc"), "/%FC?%C3%BC"),
    ],
)
def test_only_bytes_that_a_request_line_cannot_hold_are_escaped(address: str, target: str) -> None:
    """The target is what was written; only spaces, control characters and letters outside ASCII are escaped."""
    assert parse(address).target == target


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        ("http://h/", "http://H:80/x", True),
        ("https://h/", "https://h:443/", True),
        ("http://h/", "https://h/", True),
        ("http://h:80/", "https://h:443/", True),
        ("https://h/", "http://h/", False),
        ("http://h/", "http://h:8080/", False),
        ("http://h:8080/", "https://h:8080/", False),
        ("http://h:8080/", "https://h/", False),
        ("https://h/", "https://h:8443/", False),
        ("http://h/", "http://www.h/", False),
        ("http://[::1]:80/", "http://[::1]/", True),
        ("http://h/", "http://u:p@h/", True),
        ("http://h/", "http://h@o/", False),
    ],
)
def test_the_same_host_has_the_same_name_and_port(here: str, there: str, same: bool) -> None:
    """Two addresses share a host if name and port are equal; http may lead to https on the default ports."""
    assert same_host(here, there) is same


@settings(deadline=None)
@given(reference=st.text(max_size=60))
def test_no_reference_can_add_to_a_request_line(reference: str) -> None:
    """Whatever a page writes, the target is printable ASCII without a space, or the address is rejected."""
    try:
        target = parse(join(BASE, reference)).target
    except ValueError:
        return
    assert target.startswith("/")
    assert all("\x21" <= sign <= "\x7e" for sign in target)
