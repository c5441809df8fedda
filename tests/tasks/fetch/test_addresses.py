"""Which addresses are asked: public ones, and the hosts that the settings allow; nothing else, whatever a page says."""

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


# Short and odd forms, which one resolver takes and the other does not.
ODD_FORMS = ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost."]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    """Addresses of the public internet are public, also IPv4 ones written as IPv6."""
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    """Loopback, private, link-local and special networks are not, in IPv4, IPv6 and one in the other."""
    assert not is_public(address)


def test_disguises(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """However a page writes this machine's address, it is not asked, and a row says why."""
    server.serve("/a.png", picture(1))
    urls = [server.url("/a.png", host) for host in DISGUISES]
    fetching.want(urls)
    ended = fetching.run(allow_private_hosts=frozenset())
    assert {url: fetching.tries(url) for url in urls} == {
        url: [("failed", "private_address", None)] for url in urls
    }
    assert (ended.items, ended.failures) == (0, len(urls))
    assert not server.asked and not fetching.stored()


def test_odd_forms(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A short or odd form of this machine's address fails too, and is not asked."""
    server.serve("/a.png", picture(1))
    fetching.want([server.url("/a.png", host) for host in ODD_FORMS])
    assert fetching.run(allow_private_hosts=frozenset()).failures == len(ODD_FORMS)
    assert not server.asked and not fetching.stored()


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/a.png", "http://[::1]:{port}/a.png", "http://10.0.0.1/"]
)
def test_redirect_to_a_private_address(
    target: str, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A host that may be asked can't send us on to a private address that may not, and the message names it."""
    server.serve("/a.png", picture(1))
    start = server.serve("/from", status=302, headers={"Location": target.format(port=server.port)})
    fetching.want([start])
    fetching.run()
    assert fetching.tries(start) == [("failed", "private_address", 302)]
    ((message,),) = fetching.rows("select message from fetches")
    host = urlsplit(target.format(port=server.port)).netloc
    assert f"{host} is not a public address" in message and "allow_private_hosts" in message
    assert server.asked == {"/from": 1}


@pytest.mark.parametrize(("allowed", "host"), [("LocalHost", "localhost"), ("127.0.0.1", "127.0.0.1")])
def test_allowed_host(
    allowed: str, host: str, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A private host that the settings allow is fetched from, and only under the name that they allow."""
    server.serve("/a.png", picture(1))
    good, others = server.url("/a.png", host), {"localhost", "127.0.0.1", "127.1"} - {host}
    fetching.want([good, *(server.url("/a.png", other) for other in others)])
    assert fetching.run(allow_private_hosts=frozenset({allowed})).items == 1
    assert fetching.tries(good) == [("ok", None, 200)]
    assert server.asked == {"/a.png": 1}


def test_allowed_later(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A refused private address is fetched by the next run once the settings allow its host."""
    url = server.serve("/a.png", picture(1))
    fetching.want([url])
    fetching.run(allow_private_hosts=frozenset())
    assert fetching.run().items == 1
    assert fetching.tries(url) == [("failed", "private_address", None), ("ok", None, 200)]


def test_credentials(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """Credentials in an address go to its host, and not on to the one that it redirects to."""
    server.serve("/from", status=302, headers={"Location": server.url("/a.png", "localhost")})
    server.serve("/a.png", picture(1))
    fetching.want([server.url("/from", "user:password@127.0.0.1")])
    fetching.run(allow_private_hosts=frozenset({"127.0.0.1", "localhost"}))
    sent = [asked.get("Authorization") for asked in server.headers]
    assert sent == [f"Basic {base64.b64encode(b'user:password').decode()}", None]


def test_no_proxy_of_the_environment(
    server: Any,
    module_server: Any,
    fetching: Any,
    picture: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy in the environment is not used: it would reach private addresses for whoever asks."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, module_server.url(""))
    monkeypatch.setenv("no_proxy", "")
    fetching.want([server.serve("/a.png", picture(1))])
    assert fetching.run().items == 1
    assert server.asked and not module_server.asked


def test_pictures_are_requested_with_the_contact(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The user agent with the contact reaches every downloading process, and a redirect keeps it."""
    server.serve("/a.png", picture(1))
    fetching.want([server.serve("/from", status=302, headers={"Location": "/a.png"})])
    assert fetching.run(user_agent=user_agent("mailto:ann@studio.example")).items == 1
    sent = [asked["User-Agent"] for asked in server.headers]
    assert sent == ["likelens/0.1 (+mailto:ann@studio.example)"] * 2
