"""Galleries over HTTP on loopback, with responses that a test can script before the normal ones.

It is a real server, so crawlers get real connections, status codes and delays.
"""

from __future__ import annotations

import contextlib
import mimetypes
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

from flows.demo.gallery import Gallery
from flows.demo.pages import account_path, find_page

HOST = "127.0.0.1"
ALLOW_ALL = "User-agent: *\nDisallow:\n"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, sent after `delay` seconds.

    `Content-Length` is the body's length unless `headers` has another. After a wrong one the server closes the
    connection, as if it had been interrupted.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0


class GalleryServer:
    """Serves galleries and their pictures on 127.0.0.1 while its context is open.

    - `base`: "http://127.0.0.1:PORT", known once the context is open
    - `galleries`, `pictures` (bytes by URL path) and `robots` may be replaced at any time
    - `script`: responses to send first, by path (with its query), one per request, in order
    - `requests`: `time.monotonic()` in seconds and the path of every request so far

    `port` 0 chooses a free one. Opening raises `OSError` when the port is taken.
    """

    def __init__(
        self,
        galleries: Sequence[Gallery],
        pictures: Mapping[str, bytes],
        *,
        port: int = 0,
        robots: str = ALLOW_ALL,
    ) -> None:
        self.galleries = galleries
        self.pictures = pictures
        self.robots = robots
        self.script: dict[str, list[Response]] = {}
        self.requests: list[tuple[float, str]] = []
        self.base = ""
        self._port = port
        self._lock = threading.Lock()

    def url(self, gallery: Gallery) -> str:
        """Return the address of an account's first list page."""
        return self.base + account_path(gallery)

    def respond(self, path: str) -> Response:
        """Return the response to a request now; a scripted response is used once."""
        with self._lock:
            self.requests.append((time.monotonic(), path))
            scripted = self.script.get(path)
            if scripted:
                return scripted.pop(0)
        return self._normal_response(path.partition("?")[0])

    def __enter__(self) -> Self:
        self._http = _HttpServer((HOST, self._port), self)
        self.base = f"http://{HOST}:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _normal_response(self, path: str) -> Response:
        if path == "/robots.txt":
            return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, self.robots.encode())
        picture = self.pictures.get(path)
        if picture is not None:
            return Response(200, {"Content-Type": mimetypes.guess_type(path)[0] or "image/jpeg"}, picture)
        page = find_page(self.galleries, path)
        html = {"Content-Type": "text/html; charset=utf-8"}
        if page is None:
            return Response(404, html, b"<!DOCTYPE html><title>Not found</title><h1>Not found</h1>")
        return Response(200, html, page.encode())


class _HttpServer(ThreadingHTTPServer):
    """One thread per connection. Closing the server also ends open connections and delays."""

    daemon_threads = False  # closing waits for the threads; their connections are closed first
    request_queue_size = 128  # a fetcher opens dozens at once; a refused connection would wait a second

    def __init__(self, address: tuple[str, int], site: GalleryServer) -> None:
        self.site = site
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer looks up the host's name here, which can take seconds without a network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        self.closing.set()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the client closed it first
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client may close its connection; any other error is a bug of the demo.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: with Nagle's algorithm the second waits 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        server = cast(_HttpServer, self.server)
        response = server.site.respond(self.path)
        if response.delay and server.closing.wait(response.delay):
            self.close_connection = True
            return
        headers = {"Content-Length": str(len(response.body)), **response.headers}
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        if headers["Content-Length"] != str(len(response.body)):
            self.close_connection = True

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: `GalleryServer.requests` has the requests."""
