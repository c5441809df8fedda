"""Servers that speak no clean HTTP, or never end: each costs its own picture only, and bounded time; nothing stays of it."""

from __future__ import annotations

import asyncio
import gzip
import io
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

TALK_SECONDS = 120.0
"""How long a server goes on that never ends by itself: much longer than a fetch may last."""
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


def answer(*headers: bytes, body: bytes = b"", status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """An answer as it goes over the wire, with these header lines and no others."""
    return b"".join(line + b"\r\n" for line in (status, *headers)) + b"\r\n" + body


def packed(body: bytes, *encodings: bytes) -> bytes:
    headers = [b"Content-Encoding: " + encoding for encoding in encodings]
    return answer(*headers, b"Content-Length: %d" % len(body), body=body)


def other(status: bytes, *headers: bytes) -> bytes:
    return answer(b"Content-Length: 0", *headers, status=b"HTTP/1.1 " + status)


def put_off(after: bytes) -> bytes:
    return other(b"429 Slow", b"Retry-After: " + after)


# What a server says before it hangs up: how the fetch ends, after how many tries.
# Nonsense in the frame of an answer shows before the body, or in it: NO_HTTP stands for both reasons.
NO_HTTP = "unreachable or cut_off"
SAID: dict[str, tuple[bytes, str, int]] = {
    "HTTP/1.0 without a length": (answer(body=PNG, status=b"HTTP/1.0 200 OK"), "ok", 1),
    "HTTP/0.9": (PNG, NO_HTTP, 3),
    "HTTP/2 in HTTP/1's clothes": (answer(WHOLE, body=PNG, status=b"HTTP/2 200"), NO_HTTP, 3),
    "no reason phrase": (answer(WHOLE, body=PNG, status=b"HTTP/1.1 200"), "ok", 1),
    "status in words": (answer(WHOLE, body=PNG, status=b"HTTP/1.1 two OK"), NO_HTTP, 3),
    "status of four digits": (answer(WHOLE, body=PNG, status=b"HTTP/1.1 2000 OK"), NO_HTTP, 3),
    "negative status": (answer(WHOLE, body=PNG, status=b"HTTP/1.1 -200 OK"), NO_HTTP, 3),
    "SSH": (b"SSH-2.0-OpenSSH_9.6\r\n", NO_HTTP, 3),
    "two lengths": (answer(WHOLE, b"Content-Length: 7", body=PNG), NO_HTTP, 3),
    "list of lengths": (answer(WHOLE + b", %d" % SIZE, body=PNG), NO_HTTP, 3),
    "length too small": (answer(b"Content-Length: %d" % (SIZE - 20), body=PNG), NO_HTTP, 3),
    "length too large": (answer(b"Content-Length: %d" % (SIZE + 1), body=PNG), "cut_off", 3),
    "negative length": (answer(b"Content-Length: -1", body=PNG), NO_HTTP, 3),
    "signed length": (answer(b"Content-Length: +%d" % SIZE, body=PNG), NO_HTTP, 3),
    "length in hex": (answer(b"Content-Length: 0x10", body=PNG), NO_HTTP, 3),
    "length of 31 digits": (answer(b"Content-Length: 1" + b"0" * 30, body=PNG), NO_HTTP, 3),
    "length of 19 digits": (answer(b"Content-Length: 1" + b"0" * 18, body=PNG), "too_large", 1),
    "length and chunks": (answer(CHUNKED, WHOLE, body=CHUNK + b"0\r\n\r\n"), NO_HTTP, 3),
    "chunks": (answer(CHUNKED, body=CHUNK + b"0\r\n\r\n"), "ok", 1),
    "negative chunk": (answer(CHUNKED, body=b"-5\r\n" + PNG), NO_HTTP, 3),
    "chunk of 20 digits": (answer(CHUNKED, body=b"F" * 20 + b"\r\n" + PNG), NO_HTTP, 3),
    "chunk of exabytes": (answer(CHUNKED, body=b"7FFFFFFFFFFFFFF\r\n" + PNG), "cut_off", 3),
    "chunk longer than its size": (answer(CHUNKED, body=CHUNK[:-2] + b"more\r\n0\r\n\r\n"), NO_HTTP, 3),
    "chunks without an end": (answer(CHUNKED, body=CHUNK), "cut_off", 3),
    "nonsense after the chunks": (answer(CHUNKED, body=CHUNK + b"0\r\nnonsense\r\n\r\n"), NO_HTTP, 3),
    "header without a colon": (answer(b"nonsense", WHOLE, body=PNG), NO_HTTP, 3),
    "NUL in a header": (answer(b"X: a\0b", WHOLE, body=PNG), NO_HTTP, 3),
    "header that is not UTF-8": (answer(b"X: \xe9\xff", WHOLE, body=PNG), "ok", 1),
    "1xx in front": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n" + answer(WHOLE, body=PNG),
        "ok",
        1,
    ),
    "101": (answer(b"Upgrade: x", b"Connection: upgrade", status=b"HTTP/1.1 101 Switch"), "http_error", 1),
    "205": (other(b"205 Reset"), "http_error", 1),
    "206": (
        answer(b"Content-Range: bytes 0-9/99", WHOLE, body=PNG, status=b"HTTP/1.1 206 P"),
        "http_error",
        1,
    ),
    "300": (other(b"300 Multiple", b"Location: /x"), "http_error", 1),
    "304": (other(b"304 Not Modified"), "http_error", 1),
    "999": (other(b"999 Denied"), "server_error", 3),
    "Refresh": (other(b"200 OK", b"Refresh: 0; url=/x"), "not_a_picture", 1),
    "Refresh in HTML": (
        packed(b"<meta http-equiv=refresh content='0; url=/x'>", b"identity"),
        "not_a_picture",
        1,
    ),
    "empty Location": (other(b"302 Found", b"Location: "), "http_error", 1),
    "gzip": (packed(gzip.compress(PNG), b"gzip"), "ok", 1),
    "gzip and more": (packed(gzip.compress(PNG) + b"more", b"gzip"), "ok", 1),
    "gzip cut short": (packed(gzip.compress(PNG)[:-9], b"gzip"), "corrupt", 1),
    "gzip with a wrong sum": (packed(gzip.compress(PNG)[:-8] + b"12345678", b"gzip"), "corrupt", 1),
    "gzip that is none": (packed(PNG, b"gzip"), "corrupt", 1),
    "gzip of nothing": (packed(b"", b"gzip"), "corrupt", 1),
    "gzip twice": (packed(gzip.compress(gzip.compress(PNG)), b"gzip, gzip"), "not_a_picture", 1),
    "deflate": (packed(zlib.compress(PNG), b"deflate"), "ok", 1),
    "br": (packed(PNG, b"br"), "not_a_picture", 1),
    "zstd": (packed(PNG, b"zstd"), "not_a_picture", 1),
    "encoding that is not UTF-8": (packed(PNG, b"\xff\xfe"), "not_a_picture", 1),
    "Retry-After: negative": (put_off(b"-5"), "busy", 3),
    "Retry-After: a fraction": (put_off(b"0.5"), "busy", 3),
    "Retry-After: nothing": (put_off(b""), "busy", 3),
    "Retry-After: nonsense": (put_off(b"soon, \xff"), "busy", 3),
    "Retry-After: past": (put_off(b"Mon, 01 Jan 2001 00:00:00 GMT"), "busy", 3),
    "Retry-After: no zone": (put_off(b"Fri, 31 Dec 2100 23:59:59"), "busy", 3),
    "Retry-After: in the year 99999": (put_off(b"Fri, 31 Dec 99999 23:59:59 GMT"), "busy", 3),
    "Retry-After: in the year 9999": (put_off(b"Fri, 31 Dec 9999 23:59:59 GMT"), "busy", 1),
    "Retry-After: 5000 digits": (put_off(b"9" * 5000), "busy", 1),
}

# What a server says, and then again and again for ever (with nothing to repeat it falls silent): the reason.
ENDLESS: dict[str, tuple[bytes, bytes, str]] = {
    "silence after the body": (answer(body=PNG), b"", "timeout"),
    "silence before the length": (answer(b"Content-Length: %d" % (SIZE + 1), body=PNG), b"", "timeout"),
    "silence in a vast chunk": (answer(CHUNKED, body=b"7FFFFFFFFFFFFFF\r\n" + PNG), b"", "timeout"),
    "silence before the last chunk": (answer(CHUNKED, body=CHUNK), b"", "timeout"),
    "body byte by byte": (answer(b"Content-Length: 99999"), b"\x89", "timeout"),
    "headers one by one": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", "timeout or unreachable"),
    "header byte by byte": (b"HTTP/1.1 200 OK\r\nX: ", b"y", "timeout"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000, "unreachable"),
    "header line": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * MUCH, "unreachable"),
    "header name": (b"HTTP/1.1 200 OK\r\n", b"y" * MUCH, "unreachable"),
    "reason phrase": (b"HTTP/1.1 200 ", b"y" * MUCH, "unreachable"),
    "status": (b"HTTP/1.1 ", b"2" * MUCH, "unreachable"),
    "1xx": (b"", b"HTTP/1.1 103 Hints\r\n\r\n", "timeout"),
    "chunk size": (answer(CHUNKED), b"0" * MUCH, "timeout or " + NO_HTTP),
    "chunk extension": (answer(CHUNKED, body=b"5;"), b"x" * MUCH, "timeout or " + NO_HTTP),
    "trailers": (answer(CHUNKED, body=CHUNK + b"0\r\n"), b"X: y\r\n" * 10_000, NO_HTTP),
    "chunks of a byte": (answer(CHUNKED), b"1\r\n\0\r\n" * 10_000, "too_large"),
    "bytes behind a gzip's end": (
        answer(b"Content-Encoding: gzip", body=gzip.compress(PNG)),
        b"x" * MUCH,
        "too_large",
    ),
    "gzip blocks of nothing": (
        answer(b"Content-Encoding: gzip", body=gzip.compress(b"")[:10]),
        b"\0\0\0\xff\xff" * 10_000,
        "too_large",
    ),
    "body of a 404": (answer(status=b"HTTP/1.1 404 No"), b"y" * MUCH, "gone"),
    "body of a redirect": (
        answer(b"Location: ftp://x/", status=b"HTTP/1.1 302 Found"),
        b"y" * MUCH,
        "bad_address",
    ),
}


def says(first: bytes, again: bytes | None = None) -> Talk:
    """A server's part of one connection: an answer to the first request, and what it does from then on."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await writer.drain()
        async with asyncio.timeout(TALK_SECONDS):
            while again is not None and not writer.is_closing():
                writer.write(again)
                await writer.drain()
                await asyncio.sleep(0.02)

    return talk


@dataclass
class Talkers:
    """Raw servers on loopback, each with a port of its own, so that none is another's host."""

    loop: asyncio.AbstractEventLoop

    def serve(self, talk: Talk, tls: ssl.SSLContext | None = None) -> str:
        """Let a server talk so on every connection; returns where it listens: host and port."""

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except (OSError, EOFError, TimeoutError):
                pass
            finally:
                writer.close()

        starting = asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls)
        started = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)
        return f"127.0.0.1:{started.sockets[0].getsockname()[1]}"


@pytest.fixture(scope="module")
def talkers() -> Iterator[Talkers]:
    """The servers of this file's tests."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def end() -> None:
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)

    try:
        yield Talkers(loop)
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.fixture(scope="module")
def said(talkers: Talkers, module_server: Any, module_fetching: Any, picture: Callable[..., bytes]) -> Any:
    """One run over all servers that hang up in the end, and a good one: each one's address."""
    urls = {name: f"http://{talkers.serve(says(first))}/a.png" for name, (first, _, _) in SAID.items()}
    good = [module_server.serve(f"/said/{number}", picture(number)) for number in range(20)]
    module_fetching.want([*urls.values(), *good])
    module_fetching.run(concurrency=32)
    return urls


@pytest.mark.parametrize("name", SAID)
def test_answer(name: str, said: Any, module_fetching: Any) -> None:
    """An answer that is none, or an odd one, ends in a row for each try with a reason; what can be read is stored."""
    _, reasons, tries = SAID[name]
    found = module_fetching.tries(said[name])
    assert len(found) == tries
    assert {reason or "ok" for _, reason, _ in found} <= set(reasons.split(" or "))


@pytest.fixture(scope="module")
def endless(said: Any, talkers: Talkers, module_server: Any, module_fetching: Any, picture: Any) -> Any:
    """Two runs over all servers that never end, and a good one: each one's address.

    Those that only the time ends have little of it; the others have so much that a slow machine needs less.
    """
    urls = {name: f"http://{talkers.serve(says(*talk))}/a.png" for name, (*talk, _) in ENDLESS.items()}
    good = [module_server.serve(f"/endless/{number}", picture(100 + number)) for number in range(20)]
    silent = [url for name, url in urls.items() if "timeout" in ENDLESS[name][-1]]
    loud = [url for name, url in urls.items() if "timeout" not in ENDLESS[name][-1]]
    module_fetching.want([*loud, *good], first_post=1000)
    module_fetching.run(limits=Limits(most_bytes=200_000, total_seconds=4 * TALK_SECONDS))
    module_fetching.want(silent, first_post=2000)
    module_fetching.run(limits=Limits(most_bytes=200_000, total_seconds=0.8))
    return urls


@pytest.mark.parametrize("name", ENDLESS)
def test_without_end(name: str, endless: Any, module_fetching: Any) -> None:
    """What never ends is given up after its time, or as soon as it is clear that it is no picture."""
    reasons = {reason for _, reason, _ in module_fetching.tries(endless[name])}
    assert reasons and reasons <= set(ENDLESS[name][-1].split(" or "))


def test_time_is_bounded(endless: Any, module_fetching: Any) -> None:
    """Servers that never end are given up at the same time, and not one after the other."""
    silent = [endless[name] for name, (*_, reasons) in ENDLESS.items() if reasons == "timeout"]
    first = """select min(attempted_at) as began, arg_min(attempted_at + to_microseconds((seconds * 1e6)::bigint), attempted_at)
               from fetches where picture_url in (select unnest(?)) group by picture_url"""
    with module_fetching.home.lake.reader() as reader:
        times = reader.execute(first, [silent]).fetchall()
    earliest_end = min(ended for _, ended in times)
    assert sum(began < earliest_end for began, _ in times) >= 2


def test_the_others(endless: Any, module_server: Any, module_fetching: Any) -> None:
    """Every good picture of both runs is stored, and nothing else, whole or in part."""
    stored = "select count(distinct picture_url) from fetches where status = 'ok' and picture_url like ?"
    with module_fetching.home.lake.reader() as reader:
        for path in ("said", "endless"):
            like = f"{module_server.url(f'/{path}/')}%"
            assert reader.execute(stored, [like]).fetchone() == (20,)
    module_fetching.check_store()
    incoming = module_fetching.home.pictures / ".incoming"
    assert not incoming.exists() or not list(incoming.iterdir())


def test_never_longer_than_a_week(said: Any, module_fetching: Any) -> None:
    """A pause of thousands of years is a week's."""
    rows = """select picture_url, next_try_at - attempted_at from fetches
              where next_try_at > attempted_at + interval 1 day and reason = 'busy'"""
    names = ("Retry-After: in the year 9999", "Retry-After: 5000 digits")
    assert dict(module_fetching.rows(rows)) == dict.fromkeys(map(said.get, names), timedelta(days=7))


@pytest.mark.parametrize("rude", [False, True])
@pytest.mark.parametrize("answers", [1, 2])
def test_connection_that_ends_between_requests(
    rude: bool, answers: int, talkers: Talkers, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A server that hangs up just as the next request goes out costs no picture, and none a try that failed."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(answers):
            asked = await reader.readuntil(b"\r\n\r\n")
            body = picture(int(asked.split()[1][1:]))
            writer.write(answer(b"Content-Length: %d" % len(body), body=body))
        await reader.readuntil(b"\r\n\r\n")
        if rude:
            writer.transport.abort()

    at = talkers.serve(talk)
    fetching.want([f"http://{at}/{number}" for number in range(12)])
    ended = fetching.run(concurrency=1)
    assert (ended.status, ended.items) == ("done", 12)
    assert fetching.rows("select status, count(*) from fetches group by all") == [("ok", 12)]


@pytest.fixture(scope="module")
def unknown_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's certificate that nobody vouches for, and that has expired."""
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


def test_encryption(
    unknown_certificate: ssl.SSLContext, talkers: Talkers, server: Any, fetching: Any, picture: Any
) -> None:
    """A certificate that can't be trusted, or the wrong one of http and https, may be mended: it is tried again."""

    async def bad_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(other(b"400 Bad Request"))
        await writer.drain()

    plain = talkers.serve(bad_request)
    secret = talkers.serve(says(answer(WHOLE, body=PNG)), unknown_certificate)
    there = server.serve("/there", status=302, headers={"Location": f"https://{secret}/b"})
    to_plain = server.serve("/to-plain", status=302, headers={"Location": f"https://{plain}/b"})
    urls = [f"https://{plain}/a", f"https://{secret}/a", there, to_plain, f"http://{secret}/plain"]
    fetching.want([*urls, server.serve("/good", picture(1))])
    ended = fetching.run()
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 1, 5)
    assert [fetching.tries(url)[0] for url in urls[:4]] == [
        ("failed", "unreachable", None),
        ("failed", "unreachable", None),
        ("failed", "unreachable", 302),
        ("failed", "unreachable", 302),
    ]
    assert {reason for _, reason, _ in fetching.tries(urls[4])} <= {"unreachable", "cut_off"}
    assert {len(fetching.tries(url)) for url in urls} == {3}
    fetching.check_store()
