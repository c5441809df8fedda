"""Addresses are requested byte for byte, as signed addresses require."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("short_pauses")

TARGETS = [
    "/a%2Fb/%7Ec~/d%3A.png?sig=%2B%2f+%3d%3D&e=%c3%a9%C3%A9",
    "//two///slashes//a.png",
    "/a.png?",
    "/a.png?x=&x=1&x=1&",
    "/a;p=1,2/b;.png?a;b",
    "/[a]{b}|c^d'e`.png?f=[1]&g={2}&h='3'|4",
    "/%zz%/a.png?%",
    "/a.png?u=http://o.example/../x?y=1&z=a@b:c",
    "/%E2%82%AC/%e2%82%ac.png",
    "/?only=query",
]


LOCATIONS = {
    b"b\xfccher.png?t=\xe9": "/from/b%FCcher.png?t=%E9",
    b"b\xc3\xbccher.png#\xfc": "/from/b%C3%BCcher.png",
    b"../%FC/\xfc.png": "/%FC/%FC.png",
    b"a b.png": "/from/a%20b.png",
    b"?": None,
    b"x/./y/%2e%2E/z": "/from/x/z",
}
"""Redirects from `/from/NUMBER`, and the target of each; None stands for `/from/NUMBER?`."""


def test_an_address_is_requested_as_it_is_written(raw_server: Any, fetching: Any, picture: Any) -> None:
    """No escape is decoded, rewritten or added, nothing empty is dropped, and no order is changed."""
    for target in TARGETS:
        raw_server.show(target, picture(1), "image/png")
    fetching.add_pictures([raw_server.base + target for target in TARGETS])
    assert fetching.run().items == len(TARGETS)
    assert sorted(raw_server.targets) == sorted(TARGETS)


def test_a_redirect_is_followed_as_it_is_written(raw_server: Any, fetching: Any, picture: Any) -> None:
    """A Location is requested byte for byte too, absolute or relative to the address before."""
    urls = []
    for number, target in enumerate(TARGETS):
        location = f"/.{target}" if target.startswith("//") else target
        raw_server.move(f"/from/{number}?x", location.encode())
        raw_server.show(target, picture(1), "image/png")
        urls.append(f"{raw_server.base}/from/{number}?x")
    fetching.add_pictures(urls)
    assert fetching.run().items == len(TARGETS)
    assert sorted(target for target in raw_server.targets if "/from/" not in target) == sorted(TARGETS)


def test_a_redirect_in_odd_bytes_is_escaped_byte_by_byte(
    raw_server: Any, fetching: Any, picture: Any
) -> None:
    """Bytes of a Location outside of ASCII are escaped one by one, whatever their encoding."""
    targets = {
        f"/from/{number}": target or f"/from/{number}?" for number, target in enumerate(LOCATIONS.values())
    }
    for start, location in zip(targets, LOCATIONS, strict=True):
        raw_server.move(start, location)
        raw_server.show(targets[start], picture(1), "image/png")
    fetching.add_pictures([raw_server.base + start for start in targets])
    assert fetching.run().items == len(LOCATIONS)
    assert sorted(raw_server.targets) == sorted([*targets, *targets.values()])


def test_the_host_is_written_as_browsers_do(raw_server: Any, fetching: Any, picture: Any) -> None:
    """A host in capitals is requested in small letters, with its port, and without the credentials before it."""
    raw_server.show("/a.png", picture(1), "image/png")
    fetching.add_pictures([f"HTTP://user:word@LOCALHOST:{raw_server.port}/a.png#part"])
    assert fetching.run(allow_private_hosts=frozenset({"localhost"})).items == 1
    assert raw_server.hosts == [f"localhost:{raw_server.port}"]


def test_a_private_host_may_be_allowed_with_its_port(
    raw_server: Any, other_raw_server: Any, fetching: Any, picture: Any
) -> None:
    """A host with a port in the settings allows that port alone; another port stays private, also by a redirect."""
    raw_server.show("/a.png", picture(1), "image/png")
    raw_server.move("/b.png", f"{other_raw_server.base}/c.png".encode())
    urls = [f"{raw_server.base}/a.png", f"{raw_server.base}/b.png", f"{other_raw_server.base}/d.png"]
    fetching.add_pictures(urls)
    fetching.run(allow_private_hosts=frozenset({f"127.0.0.1:{raw_server.port}"}))
    reasons = [reason for url in urls for _, reason, _ in fetching.attempts(url)]
    assert reasons == [None, "private_address", "private_address"]
    assert other_raw_server.targets == []
