"""A real S3 server on this machine, moto's, behind a proxy that counts requests, and delays or fails some of them.

All workers of a test run share one server. Each test has a proxy and a bucket of its own.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MAX_START_SECONDS = 120.0
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_REGION": REGION}
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
)


@dataclass(frozen=True)
class Fault:
    """What the proxy does to a request: wait `seconds`, then respond with an error, or cut the connection.

    `cut` is "before" where the server does not get the request, "after" where only the response is lost, and "body"
    where half of the response's body arrives.
    """

    seconds: float = 0.0
    status: int = 0
    code: str = "InternalError"
    message: str = "injected"
    cut: str = ""


@dataclass(frozen=True)
class S3Request:
    """A request as the proxy saw it; `name` is the path below the bucket, `kind` as providers count it."""

    method: str
    name: str
    query: str
    sent_bytes: int
    received_bytes: int
    status: int

    @property
    def kind(self) -> str:
        """Kind of the request: put, list, get, head or delete."""
        if self.method == "GET" and "list-type" in self.query:
            return "list"
        if self.method == "POST":
            return "delete" if "delete" in self.query else "put"
        return self.method.lower()


Behaviour = Callable[[str, str], Fault | None]
"""Gets the method and the name of a request; returns what goes wrong, or None."""


def random_faults(seed: int, rate: float = 0.15, seconds: float = 0.02) -> Behaviour:
    """Each request waits up to `seconds`; a share of `rate` fails in one of the ways in which S3 fails."""
    chance = random.Random(seed)
    ways = [
        {"status": 500},
        {"status": 503, "code": "SlowDown"},
        {"cut": "before"},
        {"cut": "after"},
        {"cut": "body"},
    ]

    def behave(method: str, name: str) -> Fault | None:
        wait = chance.uniform(0, seconds)
        return Fault(wait, **(chance.choice(ways) if chance.random() < rate else {}))

    return behave


class S3Proxy:
    """Forwards requests to the S3 server; `behave` says which go wrong, `requests` has those that arrived."""

    def __init__(self, server: str) -> None:
        self.server = server.removeprefix("http://")
        self.behave: Behaviour = lambda method, name: None
        self.requests: list[S3Request] = []
        self.drop_headers: set[str] = set()
        self.local = threading.local()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.proxy = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """The address for clients."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def counts(self) -> dict[str, int]:
        """Number of requests by kind since the last `clear`."""
        kinds = [one.kind for one in self.requests]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    def clear(self) -> None:
        """Forget the requests so far."""
        self.requests = []

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()

    def connection(self, *, new: bool = False) -> http.client.HTTPConnection:
        """The connection of this thread to the server."""
        if new or not hasattr(self.local, "upstream"):
            self.local.upstream = http.client.HTTPConnection(self.server, timeout=120)
        return self.local.upstream


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: S3Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or whose connection was cut, is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        """Do to a request what the test wants."""
        proxy = self.server.proxy
        path, _, query = self.path.partition("?")
        name = path.lstrip("/").partition("/")[2]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = proxy.behave(self.command, name) or Fault()
        time.sleep(fault.seconds)
        if fault.cut == "before":
            proxy.requests.append(S3Request(self.command, name, query, len(body), 0, 0))
            self.cut()
        elif fault.status:
            text = _ERROR.format(code=fault.code, message=fault.message).encode()
            proxy.requests.append(S3Request(self.command, name, query, len(body), 0, fault.status))
            self.reply(fault.status, {"Content-Type": "application/xml"}, text)
        else:
            status, headers, content = self.forward(body)
            proxy.requests.append(S3Request(self.command, name, query, len(body), len(content), status))
            if fault.cut == "after":
                self.cut()
            else:
                self.reply(status, headers, content, half=fault.cut == "body")

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

    def forward(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """The server's response; once more on a new connection where the old one was closed meanwhile."""
        dropped = {"connection", *self.server.proxy.drop_headers}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        for new in (False, True):
            upstream = self.server.proxy.connection(new=new)
            try:
                upstream.request(self.command, self.path, body, headers)
                response = upstream.getresponse()
                return response.status, dict(response.getheaders()), response.read()
            except (http.client.HTTPException, OSError):
                if new:
                    raise
        raise AssertionError

    def reply(self, status: int, headers: Mapping[str, str], content: bytes, *, half: bool = False) -> None:
        """Send a response, or its headers and half of its body."""
        skipped = {"content-length", "connection", "transfer-encoding", "date", "server"}
        lines = [f"HTTP/1.1 {status} x"]
        lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() not in skipped]
        length = len(content)
        if self.command == "HEAD":
            length = int({name.lower(): value for name, value in headers.items()}.get("content-length", 0))
        lines += [f"Content-Length: {length}", "", ""]
        sent = content[: len(content) // 2] if half and content else content
        self.wfile.write("\r\n".join(lines).encode() + (b"" if self.command == "HEAD" else sent))
        if sent is not content:
            self.cut()

    def cut(self) -> None:
        """Close the connection."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@dataclass
class S3Place:
    """A new bucket behind a proxy of its own, and how to reach a home folder in it."""

    proxy: S3Proxy
    bucket: str
    folder: str = "likelens"
    options: dict[str, Any] = field(default_factory=lambda: {"timeout_seconds": 20.0, "retry_seconds": 60.0})

    def fault(self, **fault: Any) -> Fault:
        """What a behaviour of the proxy returns."""
        return Fault(**fault)

    def fail(self, **fault: Any) -> None:
        """Let each request go wrong in the same way; without a fault, none."""
        self.proxy.behave = lambda method, name: Fault(**fault)

    def fail_at_random(self, seed: int, rate: float = 0.15, seconds: float = 0.02) -> None:
        """Let some requests go wrong, and delay all."""
        self.proxy.behave = random_faults(seed, rate, seconds)

    @property
    def url(self) -> str:
        """The URL of the home folder."""
        return f"s3://{self.bucket}/{self.folder}"

    @property
    def endpoint(self) -> str:
        """The address of the proxy."""
        return self.proxy.endpoint

    def store(self, **changes: Any) -> Any:
        """The object store, as `Home` takes it."""
        from warehouse.object_store.client import ObjectStore

        return ObjectStore(self.url, self.endpoint, REGION, **{**self.options, **changes})

    @property
    def storage_options(self) -> dict[str, str]:
        """What deltalake and Polars need to read the bucket."""
        return {
            "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            "aws_region": REGION,
            "aws_endpoint_url": self.endpoint,
            "aws_allow_http": "true",
        }


@contextmanager
def new_place(server: str) -> Iterator[S3Place]:
    """A new bucket at the S3 server with this address."""
    proxy = S3Proxy(server)
    place = S3Place(proxy, f"test-{uuid.uuid4().hex[:12]}")
    request = urllib.request.Request(f"{server}/{place.bucket}", method="PUT")
    urllib.request.urlopen(request, timeout=60).close()
    try:
        yield place
    finally:
        proxy.close()


def free_port() -> int:
    """A port that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_command(port: int, python: str) -> list[str]:
    """The command that starts moto's server of S3."""
    return [python, "-P", str(Path(__file__).with_name("s3_process.py")), str(port)]


def wait_until_ready(service: Any, is_running: Callable[[], bool]) -> None:
    """Wait until the server at `service.address` responds."""
    until = time.monotonic() + MAX_START_SECONDS
    while is_running() and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{service.address}/", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(Path(service.log).read_text())


def server_environment() -> dict[str, str]:
    """The environment of the server: it reads no settings of a user's AWS tools."""
    return {**os.environ, **CREDENTIALS}
