"""Only public addresses, and the hosts that the settings allow, get a request, whatever a page says."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tasks.fetch.addresses import is_public
from tasks.user_agent import user_agent

PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
# How a page may write this machine or its network, in an address with the server's port.
DISGUISES = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "user:password@127.0.0.1",
    "example.org@127.0.0.1",
    "127。0。0。1",
    "10.0.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
]


# Short and odd forms, which some resolvers accept.
ODD_FORMS = ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost."]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    """Addresses of the public internet are public, also IPv4 ones written as IPv6."""
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_special_address_is_not_public(address: str) -> None:
    """Addresses of loopback, private, link-local and special networks are not public, in IPv4 and IPv6."""
    assert not is_public(address)


def test_a_disguised_private_address_gets_no_request(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """However a page writes this machine's address, it gets no request, and a row has the reason."""
    server.serve("/a.png", picture(1))
    urls = [server.url("/a.png", host) for host in DISGUISES]
    fetching.add_pictures(urls)
    result = fetching.run(allow_private_hosts=frozenset())
    assert {url: fetching.attempts(url) for url in urls} == {
        url: [("failed", "private_address", None)] for url in urls
    }
    assert (result.items, result.failures) == (0, len(urls))
    assert not server.requests and not fetching.stored_files()


@pytest.mark.slow
def test_an_odd_form_of_a_private_address_gets_no_request(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A short or odd form of this machine's address fails too, without a request."""
    server.serve("/a.png", picture(1))
    fetching.add_pictures([server.url("/a.png", host) for host in ODD_FORMS])
    assert fetching.run(allow_private_hosts=frozenset()).failures == len(ODD_FORMS)
    assert not server.requests and not fetching.stored_files()


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/a.png", "http://[::1]:{port}/a.png", "http://10.0.0.1/"]
)
def test_redirect_to_a_private_address(
    target: str, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """An allowed host can't redirect to a private address that is not allowed; the message names the address."""
    server.serve("/a.png", picture(1))
    start = server.serve("/from", status=302, headers={"Location": target.format(port=server.port)})
    fetching.add_pictures([start])
    fetching.run()
    assert fetching.attempts(start) == [("failed", "private_address", 302)]
    ((message,),) = fetching.rows("select message from fetches")
    host = urlsplit(target.format(port=server.port)).netloc
    assert f"{host} is not a public address" in message and "allow_private_hosts" in message
    assert server.requests == {"/from": 1}


@pytest.mark.parametrize(("allowed", "host"), [("LocalHost", "localhost"), ("127.0.0.1", "127.0.0.1")])
def test_an_allowed_private_host_is_fetched_under_its_name(
    allowed: str, host: str, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A private host that the settings allow is fetched, under that name only."""
    server.serve("/a.png", picture(1))
    good, others = server.url("/a.png", host), {"localhost", "127.0.0.1", "127.1"} - {host}
    fetching.add_pictures([good, *(server.url("/a.png", other) for other in others)])
    assert fetching.run(allow_private_hosts=frozenset({allowed})).items == 1
    assert fetching.attempts(good) == [("ok", None, 200)]
    assert server.requests == {"/a.png": 1}


def test_a_host_that_is_allowed_later_is_fetched(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A refused private address is fetched by the next run once the settings allow its host."""
    url = server.serve("/a.png", picture(1))
    fetching.add_pictures([url])
    fetching.run(allow_private_hosts=frozenset())
    assert fetching.run().items == 1
    assert fetching.attempts(url) == [("failed", "private_address", None), ("ok", None, 200)]


def test_credentials_stay_with_their_host(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """Credentials in an address go to its host, not to the target of a redirect."""
    server.serve("/from", status=302, headers={"Location": server.url("/a.png", "localhost")})
    server.serve("/a.png", picture(1))
    fetching.add_pictures([server.url("/from", "user:password@127.0.0.1")])
    fetching.run(allow_private_hosts=frozenset({"127.0.0.1", "localhost"}))
    sent = [sent_headers.get("Authorization") for sent_headers in server.headers]
    assert sent == [f"Basic {base64.b64encode(b'user:password').decode()}", None]


def test_a_proxy_of_the_environment_is_not_used(
    server: Any,
    module_server: Any,
    fetching: Any,
    picture: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy in the environment is not used: it could reach private addresses."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, module_server.url(""))
    monkeypatch.setenv("no_proxy", "")
    fetching.add_pictures([server.serve("/a.png", picture(1))])
    assert fetching.run().items == 1
    assert server.requests and not module_server.requests


def test_pictures_are_requested_with_the_contact(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The user agent with the contact reaches every downloading process, and a redirect keeps it."""
    server.serve("/a.png", picture(1))
    fetching.add_pictures([server.serve("/from", status=302, headers={"Location": "/a.png"})])
    assert fetching.run(user_agent=user_agent("mailto:ann@studio.example")).items == 1
    sent = [sent_headers["User-Agent"] for sent_headers in server.headers]
    assert sent == ["likelens/0.1 (+mailto:ann@studio.example)"] * 2
