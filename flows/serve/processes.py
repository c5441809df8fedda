"""The server and the worker as child processes: start, watch, and end them in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flows.ephemeral_server import end_with_this_process
from flows.pool_settings import WORK_POOL
from flows.prefect_health import read_health
from flows.serve.server import RESPONSE_SECONDS, ServerSettings
from tasks.errors import Stop

START_SECONDS = 600.0
END_SECONDS = 60.0
POLL_SECONDS = 0.5
FAST_END_SECONDS = 60.0
MAX_FAST_ENDS = 5
"""So many ends of a worker, each within `FAST_END_SECONDS` of its start, end the command."""
LOG_LINES = 15


class ProcessEnded(Stop):
    """The server or the worker has ended by itself."""


class Stopping:
    """Set by Ctrl-C, by SIGTERM, and by SIGHUP when the terminal is closed."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def install(self) -> None:
        """Set the flag when a signal arrives; a second signal changes nothing."""
        numbers = {signal.SIGINT, signal.SIGTERM}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as below nohup
            numbers.add(signal.SIGHUP)
        for number in numbers:
            signal.signal(number, lambda *_: self._event.set())

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the flag; True if it is set."""
        return self._event.wait(seconds)


class Child:
    """A process in a session of its own, so that Ctrl-C reaches only us. It ends with us, also when we are killed."""

    def __init__(self, process: subprocess.Popen[Any]) -> None:
        self._process = process
        self._watcher = end_with_this_process(process)

    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def end(self) -> None:
        """End it with SIGTERM, and what is left of its session with SIGKILL, at once or after `END_SECONDS`."""
        self._watcher.kill()
        self._watcher.wait()
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def start(arguments: Sequence[str], environment: Mapping[str, str], log: Path | None = None) -> Child:
    """Start Python with these arguments; its output goes to the log, or where ours goes."""
    with log.open("wb") if log else _no_log() as out:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return Child(process)


@contextmanager
def _no_log() -> Iterator[None]:
    yield None


def start_server(server: ServerSettings, environment: Mapping[str, str], log: Path) -> Child:
    """Start Prefect's server."""
    place = ["--host", server.host, "--port", str(server.port), "--analytics-off"]
    return start(["-m", "prefect", "server", "start", *place, "--log-level", "WARNING"], environment, log)


def wait_until_ready(process: Child, server: ServerSettings, log: Path, stopping: Stopping) -> bool:
    """Wait until the server responds; False when a signal arrives first. Raises `ProcessEnded`."""
    until = time.monotonic() + START_SECONDS
    while not stopping.wait(POLL_SECONDS):
        if process.status() is not None:
            raise ProcessEnded(f"Prefect's server has ended. {_tail(log)}")
        if read_health(server.api_url, RESPONSE_SECONDS):
            return True
        if time.monotonic() > until:
            raise ProcessEnded(f"Prefect's server did not respond within {START_SECONDS:.0f} s. {_tail(log)}")
    return False


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
    return "\n".join([f"The end of {log}:", *lines])


class Worker:
    """A worker that is started again when it ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._fast_ends = 0
        self._start()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        arguments = ["-m", "prefect", "worker", "start", "--pool", WORK_POOL, "--name", WORK_POOL]
        self.child = start(arguments, self._environment)

    def restart_if_ended(self, stopping: Stopping, report_killed: Callable[[], None]) -> None:
        """Start it again if it has ended, after a report of its runs. Raises `ProcessEnded` when that does not help."""
        status = self.child.status()
        if status is None:
            return
        self.child.end()  # with what is left of its session
        is_fast = time.monotonic() - self._started_at < FAST_END_SECONDS
        self._fast_ends = self._fast_ends + 1 if is_fast else 1
        if self._fast_ends >= MAX_FAST_ENDS:
            raise ProcessEnded(f"Prefect's worker has ended {MAX_FAST_ENDS} times. Its messages are above.")
        print(f"The worker has ended ({_describe(status)}); starting it again.", file=sys.stderr, flush=True)
        report_killed()
        if not stopping.wait(2.0**self._fast_ends):
            self._start()


def _describe(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
