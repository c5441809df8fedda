"""A fake Clarifai on a real gRPC port. It checks each request and has a ledger of its own.

As a program it serves on a port, delays each response by some seconds, and writes its ledger as JSON lines:

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

ClarifaiChannel.get_insecure_grpc_channel("127.0.0.1").close()  # V2Servicer's module requires one

KEY = "a-key-that-works"
CONCEPTS, REGIONS = "general-image-recognition", "general-image-detection"
VERSIONS = {CONCEPTS: "aa7f35c01e0642fda5cf400f543e7c40", REGIONS: "1580bb1932594c93b7e2e04456af7c6f"}
WORDS = ("cat", "dog", "flower", "street", "food", "sky", "people", "portrait", "water", "tree")
MEGABYTE = 1_000_000


@dataclass
class Entry:
    """A picture of a request: whether it was processed (and so billed), and whether the response was sent."""

    request: int
    sha256: str
    model: str
    billed: bool
    delivered: bool = False


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as a script sees it."""

    number: int
    model: str
    sha256s: tuple[str, ...]
    bytes: int


Behaviour = Callable[["FakeClarifai", ReceivedRequest, Any], service_pb2.MultiOutputResponse | None]
"""Handles one request: returns a response, or None for the usual one. It may abort the call."""


def status(code: int, description: str = "") -> status_pb2.Status:
    return status_pb2.Status(code=code, description=description)


def status_only(code: int, description: str = "", details: str = "") -> Behaviour:
    """Respond with nothing but a status, and bill nothing."""
    sent = status_pb2.Status(code=code, description=description, details=details)
    return lambda server, request, context: service_pb2.MultiOutputResponse(status=sent)


def abort(code: grpc.StatusCode, *, after_work: bool, details: str = "cut") -> Behaviour:
    """End the call without a response, before or after the work was done and billed."""

    def behaviour(server: FakeClarifai, request: ReceivedRequest, context: Any) -> None:
        if after_work:
            server.bill(request)
        context.abort(code, details)

    return behaviour


def delay(seconds: float) -> Behaviour:
    """Send the usual response late."""

    def behaviour(server: FakeClarifai, request: ReceivedRequest, context: Any) -> None:
        time.sleep(seconds)

    return behaviour


def concepts_of(sha256: str) -> list[tuple[str, float]]:
    """The labels of a picture: three words with scores, which depend on the picture's bytes alone."""
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


class FakeClarifai(service_pb2_grpc.V2Servicer):
    """The part of Clarifai that likelens uses. `script` and `always` replace the usual responses."""

    def __init__(self, seconds: float = 0.0, per_second: int = 15) -> None:
        self.seconds = seconds
        self.per_second = per_second
        self.entries: list[Entry] = []
        self.requests: list[ReceivedRequest] = []
        self.faults: list[str] = []
        self.throttled = 0
        self.quota: int | None = None
        self.bad: set[str] = set()
        self.fails_fast = False
        self.script: deque[Behaviour | None] = deque()
        self.always: Behaviour | None = None
        self.versions = dict(VERSIONS)
        self.probes = 0
        self.on_bill: Callable[[Entry], None] = lambda entry: None
        self._lock = threading.Lock()
        self._received_at: deque[float] = deque()

    # What tests read.

    @property
    def bought(self) -> Counter[tuple[str, str]]:
        """How often each picture was billed, by picture and model."""
        return Counter((entry.sha256, entry.model) for entry in self.entries if entry.billed)

    def bought_again(self) -> list[tuple[str, str]]:
        """Pictures that were billed again after a response for them was sent."""
        delivered: set[tuple[str, str]] = set()
        again = []
        for entry in self.entries:
            pair = (entry.sha256, entry.model)
            if entry.billed and pair in delivered:
                again.append(pair)
            if entry.billed and entry.delivered:
                delivered.add(pair)
        return again

    def bill(self, request: ReceivedRequest) -> list[Entry]:
        """Process and record all pictures of a request; the bad ones are not billed."""
        entries = [
            Entry(request.number, sha256, request.model, sha256 not in self.bad) for sha256 in request.sha256s
        ]
        with self._lock:
            self.entries += entries
        for entry in entries:
            self.on_bill(entry)
        return entries

    # The API.

    def GetModel(self, request, context):  # noqa: N802
        self.probes += 1
        if refusal := self._refusal(request, context):
            return service_pb2.SingleModelResponse(status=refusal)
        version = self.versions[request.model_id]
        model = resources_pb2.Model(id=request.model_id, model_version=resources_pb2.ModelVersion(id=version))
        return service_pb2.SingleModelResponse(status=status(10000), model=model)

    def PostModelOutputs(self, request, context):  # noqa: N802
        datas = [one.data.image.base64 for one in request.inputs]
        with self._lock:
            sha256s = tuple(hashlib.sha256(data).hexdigest() for data in datas)
            received = ReceivedRequest(len(self.requests), request.model_id, sha256s, sum(map(len, datas)))
            self.requests.append(received)
            behaviour = self.script.popleft() if self.script else self.always
            throttled = self._is_too_fast()
        self._check(request, datas, context)
        if throttled:
            return service_pb2.MultiOutputResponse(status=status(11005, "Throttled"))
        if behaviour is not None and (response := behaviour(self, received, context)) is not None:
            return response
        time.sleep(self.seconds)
        if refusal := self._refusal(request, context):
            return service_pb2.MultiOutputResponse(status=refusal)
        return self._respond(received, context)

    def _respond(self, request: ReceivedRequest, context: Any) -> service_pb2.MultiOutputResponse:
        bad = self.bad & set(request.sha256s)
        if bad and self.fails_fast:
            outputs = [resources_pb2.Output(status=status(30002, "Failed")) for _ in request.sha256s]
            return service_pb2.MultiOutputResponse(status=status(10020, "Failure"), outputs=outputs)
        with self._lock:
            if self.quota is not None and self.quota < len(request.sha256s):
                return service_pb2.MultiOutputResponse(status=status(11006, "Account limits exceeded"))
            self.quota = None if self.quota is None else self.quota - len(request.sha256s)
        for entry in self.bill(request):
            entry.delivered = entry.billed and context.is_active()  # a killed client receives nothing
        outputs = [
            resources_pb2.Output(status=status(30104, "Bad picture"))
            if one in bad
            else output(request.model, one)
            for one in request.sha256s
        ]
        code = 10000 if not bad else 10020 if len(bad) == len(request.sha256s) else 10010
        return service_pb2.MultiOutputResponse(status=status(code), outputs=outputs)

    def _refusal(self, request: Any, context: Any) -> status_pb2.Status | None:
        header = dict(context.invocation_metadata()).get("authorization", "")
        if header != f"Key {KEY}":
            return status(11009, f"API key not found: {header}")
        if request.model_id not in self.versions:
            return status(21200, "Model does not exist")
        if request.version_id and request.version_id != self.versions[request.model_id]:
            return status(21200, "Model version does not exist")
        return None

    def _is_too_fast(self) -> bool:
        now = time.monotonic()
        while self._received_at and now - self._received_at[0] >= 1.0:
            self._received_at.popleft()
        if len(self._received_at) >= self.per_second:
            self.throttled += 1
            return True
        self._received_at.append(now)
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
            except Exception as error:  # noqa: BLE001 - a client must not send it, whatever is wrong
                self.faults.append(f"not a picture: {error}")


def serve(
    servicer: FakeClarifai, port: int = 0, credentials: grpc.ServerCredentials | None = None
) -> tuple[grpc.Server, int]:
    """Serve on loopback; returns the server and its port."""
    server = grpc.server(
        ThreadPoolExecutor(16),
        options=[("grpc.max_receive_message_length", 160 * MEGABYTE), ("grpc.so_reuseport", 0)],
    )
    service_pb2_grpc.add_V2Servicer_to_server(servicer, server)
    address = f"127.0.0.1:{port}"
    bound = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    return server, bound


def main() -> None:
    """Serve until the process ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--seconds", type=float, default=0.2)
    options.add_argument("--per-second", type=int, default=15)
    options.add_argument("--ledger", type=Path)
    arguments = options.parse_args()
    servicer = FakeClarifai(arguments.seconds, arguments.per_second)
    servicer._check = lambda *_: None  # benchmarks measure the client alone
    server, port = serve(servicer, arguments.port)
    print(port, flush=True)  # noqa: T201 - the parent process reads it
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        pass
    finally:
        if arguments.ledger:
            arguments.ledger.write_text("\n".join(json.dumps(asdict(entry)) for entry in servicer.entries))


if __name__ == "__main__":
    main()
