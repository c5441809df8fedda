"""End Prefect's temporary server with the run that started it, also when the run is killed.

Prefect stops the server when the process exits normally. After a SIGKILL the server would keep running, with the
database in the home folder open.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
from typing import Any

_WAIT_AND_KILL = 'read -r _; kill "$0" 2>/dev/null'
"""When our process ends, the kernel closes our end of the pipe and `read` returns."""

_original_start: list[Any] = []


def bind_server_to_this_process() -> None:
    """Start a shell beside each server that Prefect starts from now on; the shell ends the server after us."""
    from prefect.server.api.server import SubprocessASGIServer

    if os.name != "posix" or SubprocessASGIServer._run_uvicorn_command is _start_watched:
        return
    # Prefect 3.8.8 has no hook here. Nothing else knows the server's process until the server responds, which
    # takes up to 20 seconds.
    _original_start.append(SubprocessASGIServer._run_uvicorn_command)
    SubprocessASGIServer._run_uvicorn_command = _start_watched  # type: ignore[method-assign, assignment]


def _start_watched(server: Any) -> subprocess.Popen[Any]:
    # Ctrl-C reaches every process of the terminal. If the server ended before the run, the run would wait minutes
    # for responses. The server inherits the blocked signal; SIGTERM ends it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process: subprocess.Popen[Any] = _original_start[0](server)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    end_with_this_process(process)
    return process


def end_with_this_process(process: subprocess.Popen[Any]) -> subprocess.Popen[bytes]:
    """Start a shell that ends a process when this one ends, also by a SIGKILL; returns the shell."""
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _WAIT_AND_KILL, str(process.pid)], stdin=subprocess.PIPE, start_new_session=True
    )
    atexit.register(watcher.kill)
    return watcher
