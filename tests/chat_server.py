"""A fake server with the OpenAI chat interface, on a real port. It checks each request and remembers the pictures.

As a program it serves on a port and delays each response by some seconds:

    python tests/chat_server.py --port 11434 --seconds 0.2
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

KEY = "a-chat-key-that-works"
MODEL = "picture-model:latest"
THINGS = ("cat", "dog", "flower", "street", "pizza", "boat", "bicycle", "mountain", "tree", "teapot")


@dataclass(frozen=True)
class Reply:
    """What the server sends: a status, a body and headers; of a body of `cut` bytes only these arrive."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    seconds: float = 0.0


Behaviour = Callable[["FakeChat", dict[str, Any]], Reply | None]
"""Handles one request: returns a reply, or None for the usual one."""


def things_of(sha256: str) -> list[str]:
    """What a picture shows: two things, which depend on the sent bytes alone."""
    return random.Random(sha256).sample(THINGS, 2)


def chat(content: str | None, finish: str = "stop", **message: Any) -> Reply:
    """A response of the chat interface with that text."""
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": content, **message},
    }
    return Reply(body=json.dumps({"id": "1", "object": "chat.completion", "choices": [choice]}).encode())


def says(content: str | None, finish: str = "stop", **message: Any) -> Behaviour:
    """Respond with that text."""
    return lambda server, body: chat(content, finish, **message)


def error(status: int, message: str = "", **headers: str) -> Behaviour:
    """Respond with an error."""
    given = {"error": {"message": message, "code": None}}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda server, body: Reply(status, json.dumps(given).encode(), sent)


def refuses_schema(server: FakeChat, body: dict[str, Any]) -> Reply | None:
    """An older server: it knows no `response_format`."""
    if "response_format" in body:
        return error(400, "Unknown parameter: response_format")(server, body)
    return None


class FakeChat:
    """The part of the chat interface that likelens uses. `script` and `always` replace the usual responses."""

    def __init__(self, key: str | None = None, seconds: float = 0.0) -> None:
        self.key = key
        self.seconds = seconds
        self.models = [MODEL]
        self.script: deque[Behaviour | None] = deque()
        self.always: Behaviour | None = None
        self.requests: list[dict[str, Any]] = []
        self.sent: list[str] = []
        self.faults: list[str] = []
        self.lists = 0
        self.lock = threading.Lock()

    @property
    def received(self) -> Counter[str]:
        """How often each picture arrived, by the hash of the sent bytes."""
        return Counter(self.sent)

    def respond(self, body: dict[str, Any], authorization: str | None) -> Reply:
        """The reply to `POST chat/completions`."""
        picture = self._picture(body)
        with self.lock:
            self.requests.append(body)
            self.sent.append(picture)
            behaviour = self.script.popleft() if self.script else self.always
        if self.key and authorization != f"Bearer {self.key}":
            return error(401, f"Incorrect API key provided: {authorization}")(self, body)
        if body["model"] not in self.models:
            return error(404, f"model {body['model']!r} not found")(self, body)
        if behaviour is not None and (reply := behaviour(self, body)) is not None:
            return reply
        time.sleep(self.seconds)
        first, second = things_of(picture)
        caption = f"A {first} stands beside a {second} in the sun."
        return chat(json.dumps({"caption": caption, "labels": [first, f"{second}s", "Sun"]}))

    def list_models(self) -> Reply:
        """The reply to `GET models`."""
        self.lists += 1
        return Reply(
            body=json.dumps({"object": "list", "data": [{"id": one} for one in self.models]}).encode()
        )

    def _picture(self, body: dict[str, Any]) -> str:
        ((text, image),) = (one["content"] for one in body["messages"])
        head, _, data = image["image_url"]["url"].partition(",")
        jpeg = base64.b64decode(data)
        with Image.open(io.BytesIO(jpeg)) as opened:
            opened.load()
            wrong = (
                opened.format != "JPEG"
                or max(opened.size) > 768
                or len(opened.getexif())
                or "comment" in opened.info
            )
        if wrong or head != "data:image/jpeg;base64" or "JSON" not in text["text"] or body.get("stream"):
            self.faults.append(f"wrong request: {head} {text}")
        return hashlib.sha256(jpeg).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        known = self.path == "/v1/models"
        self._send(self.server.fake.list_models() if known else Reply(404, b"not found"))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self._send(Reply(404, b"404 page not found"))
            return
        self._send(self.server.fake.respond(body, self.headers["Authorization"]))

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.seconds)
        try:
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])
        except OSError:
            return  # a killed client, or one that gave up
        if reply.cut is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    fake: FakeChat


def serve(fake: FakeChat, port: int = 0) -> tuple[ThreadingHTTPServer, int]:
    """Serve on loopback; returns the server and its port."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.fake = fake
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, server.server_port


def main() -> None:
    """Serve until the process ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--seconds", type=float, default=0.2)
    options.add_argument("--key")
    arguments = options.parse_args()
    server, port = serve(FakeChat(arguments.key, arguments.seconds), arguments.port)
    print(port, flush=True)  # noqa: T201 - the parent process reads it
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.shutdown()


if __name__ == "__main__":
    main()
