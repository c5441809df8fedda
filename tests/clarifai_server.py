"""A stand-in for Clarifai over a real gRPC port, which is strict and keeps a ledger of its own.

As a program it serves on a port, with each answer after some seconds, and writes its ledger as JSON lines:

    python tests/clarifai_server.py --port 9000 --seconds 0.2 --ledger ledger.jsonl
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import grpc
from clarifai_grpc.channel.clarifai_channel import ClarifaiChannel
from clarifai_grpc.grpc.api import resources_pb2, service_pb2, service_pb2_grpc
from clarifai_grpc.grpc.api.status import status_pb2
from PIL import Image

ClarifaiChannel.get_insecure_grpc_channel("127.0.0.1").close()  # V2Servicer's module wants one to exist

KEY = "a-key-that-works"
CONCEPTS, REGIONS = "general-image-recognition", "general-image-detection"
VERSIONS = {CONCEPTS: "aa7f35c01e0642fda5cf400f543e7c40", REGIONS: "1580bb1932594c93b7e2e04456af7c6f"}
WORDS = ("cat", "dog", "flower", "street", "food", "sky", "people", "portrait", "water", "tree")
MEGABYTE = 1_000_000


@dataclass
class Entry:
    """A picture of a request: whether it was worked on (and so billed), and whether the answer left."""

    request: int
    sha256: str
    model: str
    billed: bool
    delivered: bool = False


@dataclass(frozen=True)
class Ask:
    """A request as a script sees it."""

    number: int
    model: str
    sha256s: tuple[str, ...]
    bytes: int


Do = Callable[["StandIn", Ask, Any], service_pb2.MultiOutputResponse | None]
"""What happens to one request: an answer of its own, or None for the usual one. It may abort the call."""


def status(code: int, description: str = "") -> status_pb2.Status:
    return status_pb2.Status(code=code, description=description)


def says(code: int, description: str = "", details: str = "") -> Do:
    """An answer with nothing but a status, and nothing billed."""
    said = status_pb2.Status(code=code, description=description, details=details)
    return lambda server, ask, context: service_pb2.MultiOutputResponse(status=said)


def breaks(code: grpc.StatusCode, *, after_work: bool, details: str = "cut") -> Do:
    """The call ends without an answer, before or after the work was done and billed."""

    def do(server: StandIn, ask: Ask, context: Any) -> None:
        if after_work:
            server.bill(ask)
        context.abort(code, details)

    return do


def sleeps(seconds: float) -> Do:
    """The usual answer, late."""

    def do(server: StandIn, ask: Ask, context: Any) -> None:
        time.sleep(seconds)

    return do


def concepts_of(sha256: str) -> list[tuple[str, float]]:
    """What the stand-in says of a picture: three words with scores, decided by the picture's bytes alone."""
    chance = random.Random(sha256)
    return [(word, round(chance.uniform(0.3, 0.99), 3)) for word in chance.sample(WORDS, 3)]


def box_of(sha256: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the one region of a picture."""
    chance = random.Random("box" + sha256)
    return (chance.uniform(0, 0.4), chance.uniform(0, 0.4), chance.uniform(0.6, 1), chance.uniform(0.6, 1))


def output(model: str, sha256: str) -> resources_pb2.Output:
    """The usual output for a picture."""
    concepts = [
        resources_pb2.Concept(id=f"ai_{word}", name=word, value=score) for word, score in concepts_of(sha256)
    ]
    if model != REGIONS:
        return resources_pb2.Output(status=status(10000), data=resources_pb2.Data(concepts=concepts))
    left, top, right, bottom = box_of(sha256)
    box = resources_pb2.BoundingBox(left_col=left, top_row=top, right_col=right, bottom_row=bottom)
    region = resources_pb2.Region(
        region_info=resources_pb2.RegionInfo(bounding_box=box),
        data=resources_pb2.Data(concepts=concepts[:2]),
        value=0.9,
    )
    return resources_pb2.Output(status=status(10000), data=resources_pb2.Data(regions=[region]))


class StandIn(service_pb2_grpc.V2Servicer):
    """Clarifai as far as likelens asks it. `script` decides about each request; without it all goes well."""

    def __init__(self, seconds: float = 0.0, per_second: int = 15) -> None:
        self.seconds = seconds
        self.per_second = per_second
        self.entries: list[Entry] = []
        self.asks: list[Ask] = []
        self.faults: list[str] = []
        self.throttled = 0
        self.quota: int | None = None
        self.bad: set[str] = set()
        self.fails_fast = False
        self.script: deque[Do | None] = deque()
        self.always: Do | None = None
        self.versions = dict(VERSIONS)
        self.probes = 0
        self.on_bill: Callable[[Entry], None] = lambda entry: None
        self._lock = threading.Lock()
        self._came: deque[float] = deque()

    # What the tests ask.

    @property
    def bought(self) -> Counter[tuple[str, str]]:
        """How often each picture was billed, by picture and model."""
        return Counter((entry.sha256, entry.model) for entry in self.entries if entry.billed)

    def bought_again(self) -> list[tuple[str, str]]:
        """Pictures that were billed after an answer about them had left."""
        answered: set[tuple[str, str]] = set()
        again = []
        for entry in self.entries:
            pair = (entry.sha256, entry.model)
            if entry.billed and pair in answered:
                again.append(pair)
            if entry.billed and entry.delivered:
                answered.add(pair)
        return again

    def bill(self, ask: Ask) -> list[Entry]:
        """Do the work for all pictures of a request but the bad ones, and write it down."""
        made = [Entry(ask.number, sha256, ask.model, sha256 not in self.bad) for sha256 in ask.sha256s]
        with self._lock:
            self.entries += made
        for entry in made:
            self.on_bill(entry)
        return made

    # What Clarifai does.

    def GetModel(self, request, context):  # noqa: N802
        self.probes += 1
        if refused := self._refuses(request, context):
            return service_pb2.SingleModelResponse(status=refused)
        version = self.versions[request.model_id]
        model = resources_pb2.Model(id=request.model_id, model_version=resources_pb2.ModelVersion(id=version))
        return service_pb2.SingleModelResponse(status=status(10000), model=model)

    def PostModelOutputs(self, request, context):  # noqa: N802
        datas = [one.data.image.base64 for one in request.inputs]
        with self._lock:
            sha256s = tuple(hashlib.sha256(data).hexdigest() for data in datas)
            ask = Ask(len(self.asks), request.model_id, sha256s, sum(map(len, datas)))
            self.asks.append(ask)
            do = self.script.popleft() if self.script else self.always
            throttled = self._too_fast()
        self._check(request, datas, context)
        if throttled:
            return service_pb2.MultiOutputResponse(status=status(11005, "Throttled"))
        if do is not None and (answer := do(self, ask, context)) is not None:
            return answer
        time.sleep(self.seconds)
        if refused := self._refuses(request, context):
            return service_pb2.MultiOutputResponse(status=refused)
        return self._answer(ask, context)

    def _answer(self, ask: Ask, context: Any) -> service_pb2.MultiOutputResponse:
        bad = self.bad & set(ask.sha256s)
        if bad and self.fails_fast:
            outputs = [resources_pb2.Output(status=status(30002, "Failed")) for _ in ask.sha256s]
            return service_pb2.MultiOutputResponse(status=status(10020, "Failure"), outputs=outputs)
        with self._lock:
            if self.quota is not None and self.quota < len(ask.sha256s):
                return service_pb2.MultiOutputResponse(status=status(11006, "Account limits exceeded"))
            self.quota = None if self.quota is None else self.quota - len(ask.sha256s)
        for entry in self.bill(ask):
            entry.delivered = entry.billed and context.is_active()  # a client that was killed gets nothing
        outputs = [
            resources_pb2.Output(status=status(30104, "Bad picture"))
            if one in bad
            else output(ask.model, one)
            for one in ask.sha256s
        ]
        code = 10000 if not bad else 10020 if len(bad) == len(ask.sha256s) else 10010
        return service_pb2.MultiOutputResponse(status=status(code), outputs=outputs)

    def _refuses(self, request: Any, context: Any) -> status_pb2.Status | None:
        given = dict(context.invocation_metadata()).get("authorization", "")
        if given != f"Key {KEY}":
            return status(11009, f"API key not found: {given}")
        if request.model_id not in self.versions:
            return status(21200, "Model does not exist")
        if request.version_id and request.version_id != self.versions[request.model_id]:
            return status(21200, "Model version does not exist")
        return None

    def _too_fast(self) -> bool:
        now = time.monotonic()
        while self._came and now - self._came[0] >= 1.0:
            self._came.popleft()
        if len(self._came) >= self.per_second:
            self.throttled += 1
            return True
        self._came.append(now)
        return False

    def _check(self, request: Any, datas: Sequence[bytes], context: Any) -> None:
        if context.time_remaining() is None:
            self.faults.append("a call without a deadline")
        if (request.user_app_id.user_id, request.user_app_id.app_id) != ("clarifai", "main"):
            self.faults.append("wrong user or app")
        if not 1 <= len(datas) <= 128:
            self.faults.append(f"{len(datas)} pictures in a request")
        if sum(map(len, datas)) >= 128 * MEGABYTE or any(len(data) >= 20 * MEGABYTE for data in datas):
            self.faults.append("too many bytes")
        for data in datas:
            try:
                with Image.open(io.BytesIO(data)) as image:
                    image.verify()
            except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it should not have been sent
                self.faults.append(f"no picture: {error}")


def serve(
    servicer: StandIn, port: int = 0, credentials: grpc.ServerCredentials | None = None
) -> tuple[grpc.Server, int]:
    """Serve on loopback; returns the server and its port."""
    server = grpc.server(
        ThreadPoolExecutor(16),
        options=[("grpc.max_receive_message_length", 160 * MEGABYTE), ("grpc.so_reuseport", 0)],
    )
    service_pb2_grpc.add_V2Servicer_to_server(servicer, server)
    where = f"127.0.0.1:{port}"
    bound = server.add_secure_port(where, credentials) if credentials else server.add_insecure_port(where)
    server.start()
    return server, bound


def main() -> None:
    """Serve until the process is ended."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--seconds", type=float, default=0.2)
    options.add_argument("--per-second", type=int, default=15)
    options.add_argument("--ledger", type=Path)
    given = options.parse_args()
    servicer = StandIn(given.seconds, given.per_second)
    servicer._check = lambda *_: None  # a benchmark measures the client
    server, port = serve(servicer, given.port)
    print(port, flush=True)  # noqa: T201 - the parent process reads it
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        pass
    finally:
        if given.ledger:
            given.ledger.write_text("\n".join(json.dumps(asdict(entry)) for entry in servicer.entries))


if __name__ == "__main__":
    main()
