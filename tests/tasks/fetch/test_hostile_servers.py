"""Servers that send broken HTTP, or never end: each costs only its own picture and a bounded time, and leaves nothing."""

from __future__ import annotations

import asyncio
import gzip
import io
import ssl
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image

from tasks.fetch.download import Limits

pytestmark = pytest.mark.usefixtures("short_pauses")

HOUR = 3600.0
ENOUGH_TIME = {"total_seconds": HOUR, "connect_seconds": HOUR, "idle_seconds": HOUR, "slow_seconds": HOUR}
"""Limits that no machine reaches, however loaded it is."""
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def noise_png() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((40, 40), 90).save(buffer, "PNG")
    return buffer.getvalue()


PNG = noise_png()
SIZE = len(PNG)
WHOLE = b"Content-Length: %d" % SIZE
CHUNKED = b"Transfer-Encoding: chunked"
CHUNK = b"%x\r\n%s\r\n" % (SIZE, PNG)
MUCH = 65_536


def http_response(*headers: bytes, body: bytes = b"", status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """The bytes of a response, with these header lines and no others."""
    return b"".join(line + b"\r\n" for line in (status, *headers)) + b"\r\n" + body


def encoded(body: bytes, *encodings: bytes) -> bytes:
    headers = [b"Content-Encoding: " + encoding for encoding in encodings]
    return http_response(*headers, b"Content-Length: %d" % len(body), body=body)


def empty_response(status: bytes, *headers: bytes) -> bytes:
    return http_response(b"Content-Length: 0", *headers, status=b"HTTP/1.1 " + status)


def busy_response(after: bytes) -> bytes:
    return empty_response(b"429 Slow", b"Retry-After: " + after)


# What a server sends before it hangs up; the result of the fetch, and its attempts.
# A parser may notice nonsense before the body, or in it: NO_HTTP stands for both reasons.
NO_HTTP = "unreachable or cut_off"
FINITE: dict[str, tuple[bytes, str, int]] = {
    "HTTP/1.0 without a length": (http_response(body=PNG, status=b"HTTP/1.0 200 OK"), "ok", 1),
    "HTTP/0.9": (PNG, NO_HTTP, 3),
    "HTTP/2 in HTTP/1's clothes": (http_response(WHOLE, body=PNG, status=b"HTTP/2 200"), NO_HTTP, 3),
    "no reason phrase": (http_response(WHOLE, body=PNG, status=b"HTTP/1.1 200"), "ok", 1),
    "status in words": (http_response(WHOLE, body=PNG, status=b"HTTP/1.1 two OK"), NO_HTTP, 3),
    "status of four digits": (http_response(WHOLE, body=PNG, status=b"HTTP/1.1 2000 OK"), NO_HTTP, 3),
    "negative status": (http_response(WHOLE, body=PNG, status=b"HTTP/1.1 -200 OK"), NO_HTTP, 3),
    "SSH": (b"SSH-2.0-OpenSSH_9.6\r\n", NO_HTTP, 3),
    "two lengths": (http_response(WHOLE, b"Content-Length: 7", body=PNG), NO_HTTP, 3),
    "list of lengths": (http_response(WHOLE + b", %d" % SIZE, body=PNG), NO_HTTP, 3),
    "length too small": (http_response(b"Content-Length: %d" % (SIZE - 20), body=PNG), NO_HTTP, 3),
    "length too large": (http_response(b"Content-Length: %d" % (SIZE + 1), body=PNG), "cut_off", 3),
    "negative length": (http_response(b"Content-Length: -1", body=PNG), NO_HTTP, 3),
    "signed length": (http_response(b"Content-Length: +%d" % SIZE, body=PNG), NO_HTTP, 3),
    "length in hex": (http_response(b"Content-Length: 0x10", body=PNG), NO_HTTP, 3),
    "length of 31 digits": (http_response(b"Content-Length: 1" + b"0" * 30, body=PNG), NO_HTTP, 3),
    "length of 19 digits": (http_response(b"Content-Length: 1" + b"0" * 18, body=PNG), "too_large", 1),
    "length and chunks": (http_response(CHUNKED, WHOLE, body=CHUNK + b"0\r\n\r\n"), NO_HTTP, 3),
    "chunks": (http_response(CHUNKED, body=CHUNK + b"0\r\n\r\n"), "ok", 1),
    "negative chunk": (http_response(CHUNKED, body=b"-5\r\n" + PNG), NO_HTTP, 3),
    "chunk of 20 digits": (http_response(CHUNKED, body=b"F" * 20 + b"\r\n" + PNG), NO_HTTP, 3),
    "chunk of exabytes": (http_response(CHUNKED, body=b"7FFFFFFFFFFFFFF\r\n" + PNG), "cut_off", 3),
    "chunk longer than its size": (
        http_response(CHUNKED, body=CHUNK[:-2] + b"more\r\n0\r\n\r\n"),
        NO_HTTP,
        3,
    ),
    "chunks without an end": (http_response(CHUNKED, body=CHUNK), "cut_off", 3),
    "nonsense after the chunks": (http_response(CHUNKED, body=CHUNK + b"0\r\nnonsense\r\n\r\n"), NO_HTTP, 3),
    "header without a colon": (http_response(b"nonsense", WHOLE, body=PNG), NO_HTTP, 3),
    "NUL in a header": (http_response(b"X: a\0b", WHOLE, body=PNG), NO_HTTP, 3),
    "header that is not UTF-8": (http_response(b"X: \xe9\xff", WHOLE, body=PNG), "ok", 1),
    "1xx in front": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n"
        + http_response(WHOLE, body=PNG),
        "ok",
        1,
    ),
    "101": (
        http_response(b"Upgrade: x", b"Connection: upgrade", status=b"HTTP/1.1 101 Switch"),
        "http_error",
        1,
    ),
    "205": (empty_response(b"205 Reset"), "http_error", 1),
    "206": (
        http_response(b"Content-Range: bytes 0-9/99", WHOLE, body=PNG, status=b"HTTP/1.1 206 P"),
        "http_error",
        1,
    ),
    "300": (empty_response(b"300 Multiple", b"Location: /x"), "http_error", 1),
    "304": (empty_response(b"304 Not Modified"), "http_error", 1),
    "999": (empty_response(b"999 Denied"), "server_error", 3),
    "Refresh": (empty_response(b"200 OK", b"Refresh: 0; url=/x"), "not_a_picture", 1),
    "Refresh in HTML": (
        encoded(b"<meta http-equiv=refresh content='0; url=/x'>", b"identity"),
        "not_a_picture",
        1,
    ),
    "empty Location": (empty_response(b"302 Found", b"Location: "), "http_error", 1),
    "gzip": (encoded(gzip.compress(PNG), b"gzip"), "ok", 1),
    "gzip and more": (encoded(gzip.compress(PNG) + b"more", b"gzip"), "ok", 1),
    "gzip cut short": (encoded(gzip.compress(PNG)[:-9], b"gzip"), "corrupt", 1),
    "gzip with a wrong sum": (encoded(gzip.compress(PNG)[:-8] + b"12345678", b"gzip"), "corrupt", 1),
    "gzip that is none": (encoded(PNG, b"gzip"), "corrupt", 1),
    "gzip of nothing": (encoded(b"", b"gzip"), "corrupt", 1),
    "gzip twice": (encoded(gzip.compress(gzip.compress(PNG)), b"gzip, gzip"), "not_a_picture", 1),
    "deflate": (encoded(zlib.compress(PNG), b"deflate"), "ok", 1),
    "br": (encoded(PNG, b"br"), "not_a_picture", 1),
    "zstd": (encoded(PNG, b"zstd"), "not_a_picture", 1),
    "encoding that is not UTF-8": (encoded(PNG, b"\xff\xfe"), "not_a_picture", 1),
    "Retry-After: negative": (busy_response(b"-5"), "busy", 3),
    "Retry-After: a fraction": (busy_response(b"0.5"), "busy", 3),
    "Retry-After: nothing": (busy_response(b""), "busy", 3),
    "Retry-After: nonsense": (busy_response(b"soon, \xff"), "busy", 3),
    "Retry-After: past": (busy_response(b"Mon, 01 Jan 2001 00:00:00 GMT"), "busy", 3),
    "Retry-After: no zone": (busy_response(b"Fri, 31 Dec 2100 23:59:59"), "busy", 3),
    "Retry-After: in the year 99999": (busy_response(b"Fri, 31 Dec 99999 23:59:59 GMT"), "busy", 3),
    "Retry-After: in the year 9999": (busy_response(b"Fri, 31 Dec 9999 23:59:59 GMT"), "busy", 1),
    "Retry-After: 5000 digits": (busy_response(b"9" * 5000), "busy", 1),
}

# What a server sends first, what it then repeats for ever (nothing: it falls silent), and the reason.
ENDLESS: dict[str, tuple[bytes, bytes, str]] = {
    "silence after the body": (http_response(body=PNG), b"", "timeout"),
    "silence before the length": (
        http_response(b"Content-Length: %d" % (SIZE + 1), body=PNG),
        b"",
        "timeout",
    ),
    "silence in a vast chunk": (http_response(CHUNKED, body=b"7FFFFFFFFFFFFFF\r\n" + PNG), b"", "timeout"),
    "silence before the last chunk": (http_response(CHUNKED, body=CHUNK), b"", "timeout"),
    "body byte by byte": (http_response(b"Content-Length: 99999"), b"\x89", "timeout"),
    "headers one by one": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", "timeout or unreachable"),
    "header byte by byte": (b"HTTP/1.1 200 OK\r\nX: ", b"y", "timeout"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000, "unreachable"),
    "header line": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * MUCH, "unreachable"),
    "header name": (b"HTTP/1.1 200 OK\r\n", b"y" * MUCH, "unreachable"),
    "reason phrase": (b"HTTP/1.1 200 ", b"y" * MUCH, "unreachable"),
    "status": (b"HTTP/1.1 ", b"2" * MUCH, "unreachable"),
    "1xx": (b"", b"HTTP/1.1 103 Hints\r\n\r\n", "timeout"),
    "chunk size": (http_response(CHUNKED), b"0" * MUCH, "timeout or " + NO_HTTP),
    "chunk extension": (http_response(CHUNKED, body=b"5;"), b"x" * MUCH, "timeout or " + NO_HTTP),
    "trailers": (http_response(CHUNKED, body=CHUNK + b"0\r\n"), b"X: y\r\n" * 10_000, NO_HTTP),
    "chunks of a byte": (http_response(CHUNKED), b"1\r\n\0\r\n" * 10_000, "too_large"),
    "bytes behind a gzip's end": (
        http_response(b"Content-Encoding: gzip", body=gzip.compress(PNG)),
        b"x" * MUCH,
        "too_large",
    ),
    "gzip blocks of nothing": (
        http_response(b"Content-Encoding: gzip", body=gzip.compress(b"")[:10]),
        b"\0\0\0\xff\xff" * 10_000,
        "too_large",
    ),
    "body of a 404": (http_response(status=b"HTTP/1.1 404 No"), b"y" * MUCH, "gone"),
    "body of a redirect": (
        http_response(b"Location: ftp://x/", status=b"HTTP/1.1 302 Found"),
        b"y" * MUCH,
        "bad_address",
    ),
}


def sends(first: bytes, repeated: bytes | None = None) -> Talk:
    """Send `first` after the first request; then repeat the rest until the client hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await writer.drain()
        while repeated is not None and not writer.is_closing():
            writer.write(repeated)
            await writer.drain()
            await asyncio.sleep(0.02)

    return talk


@dataclass
class RawServers:
    """Raw servers on loopback, each with its own port, so that each is a host of its own."""

    loop: asyncio.AbstractEventLoop

    def serve(self, talk: Talk, tls: ssl.SSLContext | None = None) -> str:
        """Start a server that runs `talk` on every connection; returns its host and port."""

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except (OSError, EOFError):
                pass
            finally:
                writer.close()

        starting = asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls)
        started = asyncio.run_coroutine_threadsafe(starting, self.loop).result(60)
        return f"127.0.0.1:{started.sockets[0].getsockname()[1]}"


@pytest.fixture(scope="module")
def raw_servers(server_loop: asyncio.AbstractEventLoop) -> RawServers:
    """The servers of this file's tests."""
    return RawServers(server_loop)


@pytest.fixture(scope="module")
def finite(raw_servers: RawServers, module_server: Any, module_fetching: Any, picture: Any) -> Any:
    """One run over all servers that hang up, and a good one: the address of each."""
    urls = {name: f"http://{raw_servers.serve(sends(first))}/a.png" for name, (first, _, _) in FINITE.items()}
    good = [module_server.serve(f"/finite/{number}", picture(number)) for number in range(20)]
    module_fetching.add_pictures([*urls.values(), *good])
    module_fetching.run(limits=Limits(max_bytes=200_000, **ENOUGH_TIME))
    return urls


@pytest.mark.parametrize("name", FINITE)
def test_a_broken_response_costs_its_own_picture(name: str, finite: Any, module_fetching: Any) -> None:
    """A broken or odd response ends in a row with a reason for each attempt; a readable one is stored."""
    _, reasons, attempts = FINITE[name]
    rows = module_fetching.attempts(finite[name])
    assert len(rows) == attempts
    assert {reason or "ok" for _, reason, _ in rows} <= set(reasons.split(" or "))


@pytest.fixture(scope="module")
def endless(
    finite: Any, raw_servers: RawServers, module_server: Any, module_fetching: Any, picture: Any
) -> Any:
    """Two runs over all servers that never end, and a good one: the reasons of each server's attempts.

    The servers that only a time limit ends get a short one. The others get a limit that they never reach, and their
    reasons are read before the second run, which retries them when it comes late.
    """
    urls = {name: f"http://{raw_servers.serve(sends(*talk))}/a.png" for name, (*talk, _) in ENDLESS.items()}
    good = [module_server.serve(f"/endless/{number}", picture(100 + number)) for number in range(20)]
    silent = {name: url for name, url in urls.items() if "timeout" in ENDLESS[name][-1]}
    loud = {name: url for name, url in urls.items() if name not in silent}

    def reasons(of: dict[str, str]) -> dict[str, set[str]]:
        return {name: {reason for _, reason, _ in module_fetching.attempts(url)} for name, url in of.items()}

    module_fetching.add_pictures([*loud.values(), *good], first_post=1000)
    module_fetching.run(limits=Limits(max_bytes=20_000, **ENOUGH_TIME))
    found = reasons(loud)
    module_fetching.add_pictures([*silent.values()], first_post=2000)
    module_fetching.run(limits=Limits(max_bytes=200_000, total_seconds=0.3))
    return found | reasons(silent)


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_response_is_given_up(name: str, endless: dict[str, set[str]]) -> None:
    """A response without an end ends at the time limit, or as soon as it is clearly not a picture."""
    assert endless[name] and endless[name] <= set(ENDLESS[name][-1].split(" or "))


def test_servers_that_keep_us_waiting_are_awaited_together(
    raw_servers: RawServers, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """Servers that do not respond are awaited at the same time: here each waits for the requests to all others."""
    number = 6
    arrived, all_arrived = 0, asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        await reader.readuntil(b"\r\n\r\n")
        arrived += 1
        if arrived == number:
            all_arrived.set()
        await all_arrived.wait()
        writer.write(http_response(WHOLE, body=PNG))

    fetching.add_pictures([f"http://{raw_servers.serve(talk)}/a" for _ in range(number)])
    assert fetching.run(limits=Limits(**ENOUGH_TIME)).items == number


def test_good_pictures_among_hostile_servers_are_stored(
    endless: Any, module_server: Any, module_fetching: Any
) -> None:
    """The good pictures of all runs are stored, and nothing else, complete or in part."""
    stored = "select count(distinct picture_url) from fetches where status = 'ok' and picture_url like ?"
    with module_fetching.home.lake.reader(stored) as reader:
        for path in ("finite", "endless"):
            like = f"{module_server.url(f'/{path}/')}%"
            assert reader.execute(stored, [like]).fetchone() == (20,)
    module_fetching.check_store()
    incoming = module_fetching.home.pictures / ".incoming"
    assert not incoming.exists() or not list(incoming.iterdir())


def test_a_requested_pause_counts_as_a_week_at_most(finite: Any, module_fetching: Any) -> None:
    """A Retry-After of thousands of years is stored as a week."""
    rows = """select picture_url, next_try_at - attempted_at from fetches
              where next_try_at > attempted_at + interval 1 day and reason = 'busy'"""
    names = ("Retry-After: in the year 9999", "Retry-After: 5000 digits")
    assert dict(module_fetching.rows(rows)) == dict.fromkeys(map(finite.get, names), timedelta(days=7))


def test_a_connection_that_ends_between_requests_costs_no_attempt(
    raw_servers: RawServers, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A server that hangs up as the next request goes out costs no picture and no failed attempt."""

    def hang_up_after(responses: int, aborts: bool) -> Talk:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in range(responses):
                request = await reader.readuntil(b"\r\n\r\n")
                body = picture(int(request.split()[1][1:]))
                writer.write(http_response(b"Content-Length: %d" % len(body), body=body))
            await reader.readuntil(b"\r\n\r\n")
            if aborts:
                writer.transport.abort()

        return talk

    hosts = [raw_servers.serve(hang_up_after(*case)) for case in product((1, 2), (False, True))]
    fetching.add_pictures([f"http://{host}/{number}" for host in hosts for number in range(12)])
    result = fetching.run(concurrency=1)
    assert (result.status, result.items) == ("done", 48)
    assert fetching.rows("select status, count(*) from fetches group by all") == [("ok", 48)]


@pytest.fixture(scope="module")
def unknown_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's certificate that is self-signed and has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    made = made.serial_number(1).not_valid_before(begin).not_valid_after(end)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_an_untrusted_certificate_is_unreachable_and_retried(
    unknown_certificate: ssl.SSLContext, raw_servers: RawServers, server: Any, fetching: Any, picture: Any
) -> None:
    """The owner may fix an untrusted certificate, or http in place of https: each is retried."""

    async def bad_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(empty_response(b"400 Bad Request"))
        await writer.drain()

    plain = raw_servers.serve(bad_request)
    secret = raw_servers.serve(sends(http_response(WHOLE, body=PNG)), unknown_certificate)
    there = server.serve("/there", status=302, headers={"Location": f"https://{secret}/b"})
    to_plain = server.serve("/to-plain", status=302, headers={"Location": f"https://{plain}/b"})
    urls = [f"https://{plain}/a", f"https://{secret}/a", there, to_plain, f"http://{secret}/plain"]
    fetching.add_pictures([*urls, server.serve("/good", picture(1))])
    result = fetching.run()
    assert (result.status, result.items, result.failures) == ("incomplete", 1, 5)
    assert [fetching.attempts(url)[0] for url in urls[:4]] == [
        ("failed", "unreachable", None),
        ("failed", "unreachable", None),
        ("failed", "unreachable", 302),
        ("failed", "unreachable", 302),
    ]
    assert {reason for _, reason, _ in fetching.attempts(urls[4])} <= {"unreachable", "cut_off"}
    assert {len(fetching.attempts(url)) for url in urls} == {3}
    fetching.check_store()
