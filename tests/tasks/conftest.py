"""A prepared home folder, and a server that records requests byte for byte."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from warehouse.home import Home


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder with empty tables, created once; tests use copies of it."""
    home = Home(tmp_path_factory.mktemp("empty") / "home")
    home.prepare()
    return home


@dataclass
class RawServer:
    """Responds by the target of the request line, and records all targets and Host headers unchanged.

    `answers` has the bytes of complete responses; `anything` is the response to any other target.
    """

    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)
    anything: bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    targets: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Its address, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def show(self, target: str, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        """Respond to a target with a body."""
        self.answers[target] = ok(body, kind)

    def move(self, target: str, location: bytes) -> None:
        """Respond to a target with a redirect."""
        self.answers[target] = moved(location)

    def pages(self) -> list[str]:
        """The targets except robots.txt."""
        return [target for target in self.targets if target != "/robots.txt"]


def ok(body: bytes, kind: str) -> bytes:
    """A complete response with a body, after which the connection closes."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def moved(location: bytes) -> bytes:
    """A complete response that redirects."""
    return (
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: " + location + b"\r\n\r\n"
    )


class _RawHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: RawServer = self.server.state  # type: ignore[attr-defined]
        head = b""
        for line in self.rfile:
            head += line
            if line in (b"\r\n", b"\n"):
                break
        if not head:
            return
        server.heads.append(head)
        target = head.split(b"\r\n")[0].decode("latin-1").removeprefix("GET ").removesuffix(" HTTP/1.1")
        lines = head.decode("latin-1").split("\r\n")
        server.hosts += [line[5:].strip() for line in lines if line.lower().startswith("host:")]
        server.targets.append(target)
        self.wfile.write(server.answers.get(target, server.anything))


class _RawTcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


def _serve() -> Iterator[RawServer]:
    state = RawServer()
    with _RawTcpServer(("127.0.0.1", 0), _RawHandler) as server:
        server.state = state  # type: ignore[attr-defined]
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """A server that records each request byte for byte."""
    yield from _serve()


@pytest.fixture
def other_raw_server() -> Iterator[RawServer]:
    """A second one, on the same host and another port."""
    yield from _serve()
