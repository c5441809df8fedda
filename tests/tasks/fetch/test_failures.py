"""Every way in which a fetch fails: a row with the reason, nothing in the store, no harm to the others."""

from __future__ import annotations

import asyncio
import gzip
import io
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

CAP = 200_000

# path: reason, HTTP status of the last response, attempts within the run
EXPECTED: dict[str, tuple[str, int | None, int]] = {
    "/404": ("gone", 404, 1),
    "/410": ("gone", 410, 1),
    "/401": ("refused", 401, 1),
    "/403": ("refused", 403, 1),
    "/451": ("refused", 451, 1),
    "/418": ("http_error", 418, 1),
    "/204": ("http_error", 204, 1),
    "/500": ("server_error", 500, 3),
    "/429-number": ("busy", 429, 3),
    "/429-date": ("busy", 429, 3),
    "/empty": ("not_a_picture", 200, 1),
    "/html": ("not_a_picture", 200, 1),
    "/svg": ("not_a_picture", 200, 1),
    "/corrupt": ("corrupt", 200, 1),
    "/eps": ("not_a_picture", 200, 1),
    "/bomb": ("too_many_pixels", 200, 1),
    "/large": ("too_many_pixels", 200, 1),
    "/gzip": ("too_large", 200, 1),
    "/declared": ("too_large", 200, 1),
    "/endless": ("too_large", 200, 1),
    "/gzip-endless": ("corrupt", 200, 1),
    "/truncated": ("cut_off", 200, 3),
    "/chunks": ("unreachable", None, 3),
    "/silent": ("cut_off", None, 3),
    "/no-http": ("unreachable", None, 3),
    "/loop": ("redirects", 302, 1),
    "/nowhere": ("http_error", 302, 1),
    "/to-file": ("bad_address", 302, 1),
    "/to-nonsense": ("bad_address", 307, 1),
}
# address: reason; none has a response
NO_RESPONSE: dict[str, str] = {
    "http://no-such-host.invalid/a.jpg": "unreachable",
    "file:///etc/hostname": "private_address",
    "ftp://ftp.example/a.jpg": "bad_address",
    "data:image/png;base64,AAAA": "bad_address",
    "javascript:alert(1)": "bad_address",
    "//cdn.example/a.jpg": "bad_address",
    "no address at all": "bad_address",
    "": "bad_address",
    "http://": "bad_address",
    "http:///a.jpg": "bad_address",
    "http://[::1/a.jpg": "bad_address",
    "http://example.org:99999/a.jpg": "bad_address",
    "http://127.0.0.1\\@example.org/a.jpg": "bad_address",
    f"http://{'a' * 64}.example/a.jpg": "bad_address",
}


def png_header(width: int, height: int) -> bytes:
    """A PNG file that claims these sizes and has hardly any bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def serve_all(server: Any, picture: Callable[..., bytes]) -> None:
    for status in (401, 403, 404, 410, 418, 451, 500):
        server.serve(f"/{status}", b"<p>no</p>", status)
    server.serve("/204", status=204)
    server.serve_raw(
        "/429-number", "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: ²\r\n\r\n".encode()
    )
    server.serve("/429-date", status=429, headers={"Retry-After": "Mon, 01 Jan 2024 00:00:00 +" + "9" * 20})
    server.serve("/empty")
    server.serve("/html", b"<!doctype html><title>Log in</title>", headers={"Content-Type": "image/jpeg"})
    server.serve("/svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    server.serve("/corrupt", picture(1, "JPEG")[:20] + bytes(500))
    eps = io.BytesIO()
    Image.new("RGB", (9, 9)).save(eps, "EPS")
    server.serve("/eps", eps.getvalue())
    server.serve("/bomb", png_header(60_000, 60_000))
    server.serve("/large", png_header(8_001, 8_000))
    server.serve("/gzip", gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    server.serve_raw("/declared", b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n\xff\xd8")
    server.pages["/endless"] = endless(None)
    server.pages["/gzip-endless"] = endless("gzip")
    body = picture(2)
    server.serve_raw("/truncated", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body) + 1, body))
    server.serve_raw("/chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body)
    server.serve_raw("/silent", b"")
    server.serve_raw("/no-http", b"\x16\x03\x01\x02\x00nonsense\r\n\r\n")
    server.serve("/loop", status=302, headers={"Location": "/loop"})
    server.serve("/nowhere", status=302)
    server.serve("/to-file", status=302, headers={"Location": "file:///etc/hostname"})
    server.serve("/to-nonsense", status=307, headers={"Location": "http://[::1/"})


def endless(encoding: str | None) -> Callable[[web.BaseRequest], Any]:
    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": encoding} if encoding else None)
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:  # until the client hangs up
            await response.write(bytes(16_384))
            await asyncio.sleep(0)

    return respond


@pytest.fixture(scope="module")
def failed(module_server: Any, module_fetching: Any, picture: Callable[..., bytes]) -> Any:
    """One run over all failures and a good picture: the result, an address that refuses, the good one."""
    serve_all(module_server, picture)
    good = module_server.serve("/good", picture(3))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refusing = f"http://127.0.0.1:{taken.getsockname()[1]}/a.jpg"
    urls = [module_server.url(path) for path in EXPECTED]
    module_fetching.add_pictures([*urls, *NO_RESPONSE, refusing, good])
    result = module_fetching.run()
    return result, refusing, good


@pytest.mark.parametrize("path", EXPECTED)
def test_a_bad_response_becomes_a_row_for_each_attempt(
    path: str, failed: Any, module_server: Any, module_fetching: Any
) -> None:
    """A bad response becomes a row for each attempt, with the reason and the HTTP status."""
    reason, status, attempts = EXPECTED[path]
    assert module_fetching.attempts(module_server.url(path)) == [("failed", reason, status)] * attempts


@pytest.mark.parametrize("url", NO_RESPONSE)
def test_a_bad_address_becomes_a_row_without_a_status(url: str, failed: Any, module_fetching: Any) -> None:
    """An address that can't be requested becomes a row with the reason and no HTTP status."""
    attempts = module_fetching.attempts(url)
    assert set(attempts) == {("failed", NO_RESPONSE[url], None)}
    assert len(attempts) == (3 if NO_RESPONSE[url] == "unreachable" else 1)


def test_a_refused_connection_is_tried_three_times(failed: Any, module_fetching: Any) -> None:
    """A port without a server is unreachable, and is tried three times."""
    _, refusing, _ = failed
    assert module_fetching.attempts(refusing) == [("failed", "unreachable", None)] * 3


def test_a_failure_costs_no_other_picture(
    failed: Any, module_fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The good picture is stored, and nothing else, complete or in part."""
    _, _, good = failed
    assert module_fetching.attempts(good) == [("ok", None, 200)]
    assert list(module_fetching.stored_files().values()) == [picture(3)]
    module_fetching.check_store()


def test_the_stage_reports_its_failures(failed: Any) -> None:
    """The stage is incomplete; its message counts the failures by reason and says that the next run retries."""
    result, _, _ = failed
    assert (result.status, result.items, result.failures) == (
        "incomplete",
        1,
        len(EXPECTED) + len(NO_RESPONSE) + 1,
    )
    assert "2 busy" in result.message and "The next run retries." in result.message
    assert len(result.message) < 500 and "\n" not in result.message


def test_final_failures_leave_the_stage_done(server: Any, fetching: Any) -> None:
    """A failure that no retry can fix does not make the stage incomplete, but is reported."""
    fetching.add_pictures([server.serve("/404", status=404)])
    result = fetching.run()
    assert (result.status, result.items, result.failures) == ("done", 0, 1)
    assert result.message == "1 pictures could not be fetched: 1 gone."


def test_a_busy_host_is_retried_in_the_same_run(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A host that is busy once gets another request in the same run, and the picture is stored."""

    async def once(request: web.BaseRequest) -> web.StreamResponse:
        if server.requests["/busy"] == 1:
            return web.Response(status=503, headers={"Retry-After": "0"})
        return web.Response(body=picture(1))

    server.pages["/busy"] = once
    fetching.add_pictures([server.url("/busy")])
    assert fetching.run().status == "done"
    assert fetching.attempts(server.url("/busy")) == [("failed", "busy", 503), ("ok", None, 200)]
    fetching.check_store()


def test_a_redirect_is_followed(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A redirect is followed, also relative to the address that sent it; the row has the post's address."""
    server.serve("/from", status=301, headers={"Location": "/deeper/there"})
    server.serve("/deeper/there", status=307, headers={"Location": "picture?x=1"})
    server.serve("/deeper/picture", picture(1))
    fetching.add_pictures([server.url("/from")])
    assert fetching.run().items == 1
    assert fetching.attempts(server.url("/from")) == [("ok", None, 200)]


def test_a_file_of_this_machine_is_not_fetched(
    server: Any, fetching: Any, picture: Callable[..., bytes], tmp_path: Path
) -> None:
    """Neither a file address nor a redirect to one fetches a file of this machine."""
    (tmp_path / "secret.png").write_bytes(picture(1))
    address = (tmp_path / "secret.png").as_uri()
    fetching.add_pictures([address, server.serve("/to", status=302, headers={"Location": address})])
    assert fetching.run().items == 0
    assert fetching.stored_files() == {}
