"""Addresses of hostile pages and redirects: which get a request, which do not, and what leaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("short_pauses")

LONG = 100_000

# An address, with the port of a server that has /a.png: the reason, or "ok".
ADDRESSES: dict[str, str] = {
    "http://bücher.invalid/a": "unreachable",
    "http://xn--bcher-kva.invalid/a": "unreachable",
    "http://xn--.invalid/": "unreachable",
    "http://\u200d.invalid/": "bad_address",
    "http://a..b/": "bad_address",
    "http://./": "bad_address",
    "http://a%00b.invalid/": "unreachable",
    "http://127.0.0.1%2f@x.invalid/": "unreachable",
    "http://127.0.0.1:0/a": "unreachable",
    "http://127.0.0.1:65536/a": "bad_address",
    "http://127.0.0.1:-1/a": "bad_address",
    "http://127.0.0.1:80a/a": "bad_address",
    "http://127.0.0.1:0{port}/a.png": "ok",
    "http://u:p@127.0.0.1:{port}/a.png": "ok",
    "http://a@b@127.0.0.1:{port}/a.png": "ok",
    "http://ü:%zz@127.0.0.1:{port}/a.png": "ok",
    "http://127.0.0.1:{port}/" + "x" * LONG: "http_error",
    "http://127.0.0.1:{port}/" + "x" * 7000: "gone",
    "http://" + "x" * LONG + "/": "bad_address",
    "http://" + "x." * (LONG // 2) + "/": "unreachable",
    "http://" + "u" * LONG + "@127.0.0.1:{port}/a.png": "http_error",
    "x" * LONG: "bad_address",
    "http://127.0.0.1:{port}/1\r\nX-Injected: 1\r\n\r\n": "gone",
    "http://127.0.0.1:{port}/2%0d%0aX-Injected:%201": "gone",
    "http://127.0.0.1:{port}/3\0\x7f\x01\x1b[31m": "gone",
    "http://127.0.0.1:{port} HTTP/1.1\r\nX-Injected: 1\r\n/": "bad_address",
    "http:\\\\127.0.0.1:{port}\\a.png": "bad_address",
    " HTTP://127.0.0.1:{port}/a.png#part ": "ok",
    "http://127.0.0.1:{port}/../a.png": "ok",
    "http://127.0.0.1:{port}/\ud7ff\uffff.png": "gone",
    "http://[::1%25lo]:{port}/a.png": "private_address",
    "http://[fe80::1%eth0]:{port}/a.png": "private_address",
    "http://[127.0.0.1]:{port}/a.png": "bad_address",
    "http://[]/": "bad_address",
    "http://[:::1]/a": "bad_address",
}

# The bytes of a Location, with the port of that server: the reason.
LOCATIONS: dict[bytes, str] = {
    b"//127.0.0.1:{port}/a.png": "ok",
    b"../../a.png": "ok",
    b"   /a.png   ": "ok",
    b"/a.png#part": "ok",
    b"/a b/\xc3\xbc.png": "ok",
    b"/b\xff.png": "gone",
    b"HTTP:/a.png": "ok",
    b"?again": "redirects",
    b"http://b\xfccher.invalid/": "bad_address",
    b"\\\\127.0.0.1:{port}\\a.png": "gone",
    b"/" + b"x" * LONG: "unreachable",
    b"/a\0.png": "unreachable",
    b"http://127.0.0.1:99999/": "bad_address",
    b"javascript:alert(1)": "bad_address",
    b"data:image/png;base64,AAAA": "bad_address",
}

# This machine, or its network, in forms that resolvers treat differently.
PRIVATE = ["127.1", "0x7f000001", "2130706433", "017700000001", "0", "0.0.0.0", "localhost", "localhost."]
PRIVATE += [
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::1]",
    "[::]",
    "[::1%25lo]",
    "[fe80::1%25lo]",
    "u:p@127.1",
]
PRIVATE += ["①②⑦.⓪.⓪.①", "ｌｏｃａｌｈｏｓｔ", "127。0。0。2"]


def redirect_to(location: bytes) -> bytes:
    """A redirect that announces that the server hangs up, because `serve_raw` does.

    Without it a busy client takes the connection for the next request before it sees its end, and makes an attempt more.
    """
    return (
        b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    )


@pytest.fixture(scope="module")
def requested(
    module_server: Any, module_fetching: Any, picture: Callable[..., bytes]
) -> dict[str | bytes, str]:
    """One run over all addresses and redirects: the address that was fetched for each."""
    server = module_server
    server.serve("/a.png", picture(1))
    server.serve("/a b/ü.png", picture(2))
    port = str(server.port)
    urls: dict[str | bytes, str] = {written: written.replace("{port}", port) for written in ADDRESSES}
    for number, location in enumerate(LOCATIONS):
        there = location.replace(b"{port}", port.encode())
        urls[location] = server.serve_raw(f"/from/{number}/x", redirect_to(there))
    module_fetching.add_pictures(list(urls.values()))
    module_fetching.run(concurrency=64)
    return urls


@pytest.mark.parametrize("written", [*ADDRESSES, *LOCATIONS], ids=lambda written: ascii(written)[:60])
def test_an_odd_address_gets_its_request_or_a_reason(
    written: str | bytes, requested: dict[str | bytes, str], module_fetching: Any
) -> None:
    """An odd address gets the request that it stands for, or a row with the reason; the run continues."""
    reason = ADDRESSES[written] if isinstance(written, str) else LOCATIONS[written]
    attempts = module_fetching.attempts(requested[written])
    assert {why or "ok" for _, why, _ in attempts} == {reason}
    assert len(attempts) == (3 if reason == "unreachable" else 1)


def test_nothing_slips_into_a_request(requested: Any, module_server: Any, module_fetching: Any) -> None:
    """Line ends and control characters in an address add no header to a request, and leave nothing in the store."""
    assert module_server.headers
    assert not [sent for sent in module_server.headers if "X-Injected" in sent]
    module_fetching.check_store()


def test_a_redirect_to_this_machine_is_refused(
    server: Any, module_server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """However a redirect writes this machine's address, it gets no request."""
    module_server.serve("/secret.png", picture(9))
    there = f":{module_server.port}/secret.png"
    moves = [redirect_to(f"http://{written}{there}".encode()) for written in PRIVATE]
    urls = [server.serve_raw(f"/{number}", move) for number, move in enumerate(moves)]
    fetching.add_pictures([*urls, server.serve("/good", picture(1))])
    result = fetching.run()
    assert (result.items, result.failures) == (1, len(PRIVATE))
    assert "/secret.png" not in module_server.requests
    reasons = {reason for url in urls for _, reason, _ in fetching.attempts(url)}
    assert reasons <= {"private_address", "bad_address", "unreachable"}


@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/a.png", "//127.0.0.1:{port}/a.png"])
def test_credentials_stay_with_their_port(
    to: str, server: Any, module_server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """Credentials do not go to another port, and neither does the address, as a referrer."""
    module_server.serve("/a.png", picture(1))
    module_server.headers.clear()
    server.serve("/from", status=302, headers={"Location": to.format(port=module_server.port)})
    fetching.add_pictures([server.url("/from", "user:password@127.0.0.1")])
    assert fetching.run().items == 1
    assert "Authorization" in server.headers[0]
    assert not {"Authorization", "Referer", "Cookie"} & set(module_server.headers[0])


@pytest.mark.parametrize(("hops", "items"), [(5, 1), (6, 0)])
def test_at_most_five_redirects_are_followed(
    hops: int, items: int, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """Five redirects are followed, six are not."""
    for hop in range(hops):
        server.serve(f"/{hop}", status=308, headers={"Location": f"/{hop + 1}"})
    server.serve(f"/{hops}", picture(1))
    fetching.add_pictures([server.url("/0")])
    assert fetching.run().items == items
