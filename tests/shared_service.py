"""A process that all workers of a test run share: the first that needs it starts it, the last one ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock


@dataclass(frozen=True)
class Service:
    """A process to share: its command, environment and log, and where it can be reached."""

    command: Sequence[str | Path]
    environment: Mapping[str, str]
    log: Path
    address: str


@contextmanager
def share(
    paths: pytest.TempPathFactory,
    name: str,
    describe: Callable[[Path], Service],
    wait_until_ready: Callable[[Service, Callable[[], bool]], None],
    at_end: Callable[[Service], None] = lambda _: None,
) -> Iterator[Service]:
    """Yield the running service `name`, which `describe` gives a folder; `at_end` is called after its end.

    `wait_until_ready` gets a function that says whether the process still runs.
    """
    base = paths.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    state = folder / "state.json"
    lock = FileLock(folder / "lock")
    with lock:
        if state.exists():
            stored = json.loads(state.read_text())
            service = Service([], stored["environment"], Path(stored["log"]), stored["address"])
        else:
            service, stored = _start(describe(folder), wait_until_ready)
        state.write_text(json.dumps(stored | {"users": stored["users"] + 1}))
    try:
        yield service
    finally:
        with lock:
            stored = json.loads(state.read_text())
            state.write_text(json.dumps(stored | {"users": stored["users"] - 1}))
            if stored["users"] == 1:
                state.unlink()
                with suppress(ProcessLookupError):
                    os.kill(stored["pid"], signal.SIGTERM)
                at_end(service)


def _start(
    service: Service, wait_until_ready: Callable[[Service, Callable[[], bool]], None]
) -> tuple[Service, dict[str, object]]:
    with service.log.open("wb") as log:
        process = subprocess.Popen(
            service.command, env=service.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    wait_until_ready(service, lambda: process.poll() is None)
    return service, {
        "users": 0,
        "pid": process.pid,
        "environment": dict(service.environment),
        "log": str(service.log),
        "address": service.address,
    }
