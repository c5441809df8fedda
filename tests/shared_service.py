"""A process that all workers of a test run share: the first that needs it starts it, the last one ends it.

The service is a child of a supervisor, which is this module as a program. It ends the service when none of the workers
is left that use it, so that nothing stays behind when a test run is interrupted or a worker is killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    import pytest

POLL_SECONDS = 0.2
MAX_END_SECONDS = 60.0
ENDED = "ended"


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
    state, lock = folder / "state.json", FileLock(folder / "lock")
    with lock:
        use = _join(state) or _start(state, describe, wait_until_ready)
    service, users = use
    try:
        yield service
    finally:
        with lock:
            last = _is_last(users)
            os.close(users)
            if last:
                state.unlink(missing_ok=True)
                _wait_for_end(service.log.parent)
                at_end(service)


def _join(state: Path) -> tuple[Service, int] | None:
    """The running service and this process's lock as its user; None if there is none, or it ends."""
    if not state.exists():
        return None
    stored = json.loads(state.read_text())
    service = Service([], stored["environment"], Path(stored["log"]), stored["address"])
    users = _open_users(service.log.parent)
    if _lock(users, fcntl.LOCK_SH) and not (service.log.parent / ENDED).exists():
        return service, users
    os.close(users)
    return None


def _start(
    state: Path,
    describe: Callable[[Path], Service],
    wait_until_ready: Callable[[Service, Callable[[], bool]], None],
) -> tuple[Service, int]:
    """Start a supervisor with the service, in a folder of its own; the log of a service is in its folder."""
    folder = Path(tempfile.mkdtemp(prefix="", dir=state.parent))
    service = describe(folder)
    assert service.log.parent == folder
    users = _open_users(folder)
    assert _lock(users, fcntl.LOCK_SH)
    with service.log.open("wb") as log:
        # In a session of its own, so that Ctrl-C ends the tests first.
        supervisor = subprocess.Popen(
            [sys.executable, __file__, folder, *service.command],
            env=service.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_ready(service, lambda: supervisor.poll() is None)
    except BaseException:
        os.close(users)
        supervisor.wait(MAX_END_SECONDS)
        raise
    stored = {
        "environment": dict(service.environment),
        "log": str(service.log),
        "address": service.address,
    }
    state.write_text(json.dumps(stored))
    return service, users


def supervise(folder: Path, command: Sequence[str]) -> None:
    """Run a service until it ends, or until none of its users is left."""
    users = _open_users(folder)
    service = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # The lock stays, so that no process becomes a user of a service that ends.
    while service.poll() is None and not _lock(users, fcntl.LOCK_EX):
        time.sleep(POLL_SECONDS)
    service.terminate()
    try:
        service.wait(MAX_END_SECONDS / 2)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
    # What the service has started and left.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    (folder / ENDED).touch()
    os.killpg(0, signal.SIGKILL)


def _wait_for_end(folder: Path) -> None:
    until = time.monotonic() + MAX_END_SECONDS
    while not (folder / ENDED).exists():
        assert time.monotonic() < until, f"The service of {folder} did not end."
        time.sleep(POLL_SECONDS / 4)


def _open_users(folder: Path) -> int:
    """Open the file that each user of a service locks; the system removes the lock of a process that is killed."""
    return os.open(folder / "users", os.O_RDWR | os.O_CREAT, 0o600)


def _lock(users: int, kind: int) -> bool:
    """Lock the file, or return False where another process has a lock that excludes this one."""
    try:
        fcntl.flock(users, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_last(users: int) -> bool:
    """Whether no other process uses the service; the supervisor may have noticed that just now."""
    return _lock(users, fcntl.LOCK_EX) or not _lock(users, fcntl.LOCK_SH)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), sys.argv[2:])
