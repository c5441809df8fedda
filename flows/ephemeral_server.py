"""Prefect's own server ends with the run that started it, also when that run is killed.

Prefect stops its temporary server when the process exits in order. After a SIGKILL nobody would, and each
killed run would leave a server behind, with the database in the home folder open.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
from typing import Any

_WAIT_AND_KILL = 'read -r _; kill "$0" 2>/dev/null'
"""The kernel closes our end of the pipe when we are gone, however; then `read` ends."""


def let_own_server_end_with_us() -> None:
    """From now on, a server that Prefect starts for this process gets a shell that ends it after us."""
    from prefect.server.api.server import SubprocessASGIServer

    if os.name != "posix" or SubprocessASGIServer._run_uvicorn_command is _start_watched:
        return
    # Prefect 3.8.8 has no hook here, and the process is known to nobody else between its start and the
    # first answer, which takes up to 20 seconds.
    _started.append(SubprocessASGIServer._run_uvicorn_command)
    SubprocessASGIServer._run_uvicorn_command = _start_watched  # type: ignore[method-assign, assignment]


_started: list[Any] = []


def _start_watched(server: Any) -> subprocess.Popen[Any]:
    # Ctrl-C reaches every process of the terminal; a server that ends before the run leaves it waiting for
    # answers for minutes. What is blocked here stays blocked in the server; it is ended with SIGTERM.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process: subprocess.Popen[Any] = _started[0](server)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _WAIT_AND_KILL, str(process.pid)], stdin=subprocess.PIPE, start_new_session=True
    )
    atexit.register(watcher.kill)
    return process
