"""Start `likelens`, `prefect` and modules of ours as processes that are forked, which saves each its seconds of imports.

A fork server is a process that has imported the libraries. For each request it forks a child that runs the given module
as `python -m` does, with its own arguments, folder, environment and standard streams. `ForkedProcess` is the caller's
side, with the interface of `subprocess.Popen` as far as the tests use it.

The tests that kill processes, read what a process imports, or need other settings of Prefect start real processes.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, Any

MAX_REQUEST_BYTES = 1 << 20
CRAWL = "tasks.scrape.crawl.child"
LIKELENS = "flows.cli"
PREFECT = "prefect.cli"
ENGINE = "prefect.engine"
PROGRAM = "python -c"
"""Not a module: the text of a program is the argument."""
PROGRAMS = {LIKELENS: "likelens", PREFECT: "prefect"}
"""The names of the programs that are modules."""
FORWARD = "forward"
MAX_START_SECONDS = 300.0
MAX_ADDRESS_BYTES = 90
"""The path of a socket has at most 107 bytes on Linux and 103 on macOS; the server adds a suffix at first."""


def choose_address(folder: Path) -> str:
    """The path of a socket in `folder`, or in a short folder of its own where that is too long."""
    address = str(folder / "fork.socket")
    if len(os.fsencode(address)) <= MAX_ADDRESS_BYTES:
        return address
    return str(Path(tempfile.mkdtemp(prefix="fork-", dir="/tmp")) / "fork.socket")


def remove_address(service: Any) -> None:
    """Remove the folder that `choose_address` made, if it made one."""
    folder = Path(service.address).parent
    if folder != service.log.parent:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(service: Any, runs: Callable[[], bool]) -> None:
    """Wait until a fork server has imported its modules; raise `AssertionError` with its log when it can't."""
    until = time.monotonic() + MAX_START_SECONDS
    while not Path(service.address).exists():
        if not runs() or time.monotonic() > until:
            raise AssertionError(f"The fork server did not start:\n{service.log.read_text()[-3000:]}")
        time.sleep(0.05)


def connect(address: str) -> socket.socket:
    """Connect to a fork server."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


class ForkedProcess:
    """A process of a fork server: `module` with `arguments`, and file descriptors that keep their numbers."""

    def __init__(
        self,
        address: str,
        module: str,
        arguments: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: IO[bytes],
        stderr: IO[bytes],
        stdin: IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
        start_new_session: bool = False,
        real_crawls: bool = False,
    ) -> None:
        self.returncode: int | None = None
        self._connection = connect(address)
        request = {
            "module": module,
            "arguments": list(map(str, arguments)),
            "folder": str(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env),
            # Each descriptor's number in the child.
            "numbers": [1, 2, *([0] if stdin else []), *pass_fds],
            "start_new_session": start_new_session,
            "real_crawls": real_crawls,
        }
        streams = [stdout, stderr, *([stdin] if stdin else [])]
        numbers = array.array("i", [*(stream.fileno() for stream in streams), *pass_fds])
        data = json.dumps(request).encode()
        self._connection.sendmsg(
            [len(data).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)]
        )
        self._connection.sendall(data)
        pid = self._read_number()
        if pid is None:
            self._connection.close()
            raise ChildProcessError(f"The fork server at {address} did not fork; see server.log beside it.")
        self.pid = pid

    def poll(self) -> int | None:
        """The exit status, or None while the process runs."""
        if self.returncode is None:
            ready, _, _ = select.select([self._connection], [], [], 0)
            return self.wait() if ready else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit status: negative for a signal. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                status = self._read_number()
            except TimeoutError:
                raise subprocess.TimeoutExpired("forked process", timeout or 0) from None
            # Without a status, the process that waits for it was killed.
            self.returncode = -signal.SIGKILL if status is None else status
            self._connection.close()
        return self.returncode

    def _read_number(self) -> int | None:
        """Read a line with a number, and nothing after it; None if the connection ends first."""
        line = b""
        while not line.endswith(b"\n"):
            byte = self._connection.recv(1)
            if not byte:
                return None
            line += byte
        return int(line)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        # It may end, and be waited for, after the check; `subprocess` suppresses the same.
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM, unless the process has ended."""
        self.send_signal(signal.SIGTERM)


class PipedProgram(ForkedProcess):
    """A forked `python -c TEXT ARGUMENT …` with pipes of text, with the interface of `subprocess.Popen`."""

    def __init__(self, address: str, text: str, arguments: Sequence[str], **options: Any) -> None:
        pipes = [os.pipe() for _ in range(3)]
        mine = (pipes[0][1], pipes[1][0], pipes[2][0])
        with (
            os.fdopen(pipes[0][0], "rb") as stdin,
            os.fdopen(pipes[1][1], "wb") as stdout,
            os.fdopen(pipes[2][1], "wb") as stderr,
        ):
            streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
            super().__init__(address, PROGRAM, [text, *arguments], **streams, **options)
        self.stdin, self.stdout, self.stderr = map(open, mine, "wrr", [-1] * 3, ["utf-8"] * 3)

    def communicate(self, text: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Send text, and return what the program prints until it ends, and its errors.

        Raises `subprocess.TimeoutExpired`, after a kill.
        """
        if self.stdout.closed:
            return "", ""
        with suppress(BrokenPipeError):
            self.stdin.write(text)
            self.stdin.close()
        with ThreadPoolExecutor(2) as readers, self.stdout, self.stderr:
            texts = readers.map(lambda stream: stream.read(), (self.stdout, self.stderr))
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            printed, errors = texts
        return printed, errors


class ForkingSubprocess(ModuleType):
    """Stands for the module `subprocess` where `python -m MODULE` is started."""

    def __init__(self, address: str) -> None:
        super().__init__("subprocess")
        self._address = address

    def __getattr__(self, name: str) -> object:
        return getattr(subprocess, name)

    def Popen(self, command: Sequence[str], *, stdin: int, **streams: Any) -> ForkedProcess:  # noqa: N802 - the name there
        """Start a process of the fork server."""
        python, option, module, *arguments = command
        assert (python, option, stdin) == (sys.executable, "-m", subprocess.DEVNULL)
        return ForkedProcess(self._address, module, arguments, **streams)


@contextmanager
def forked_crawls(address: str) -> Iterator[None]:
    """Let the crawls of this process be processes of the fork server, until the block ends."""
    process = import_module("tasks.scrape.crawl.process")
    process.subprocess = ForkingSubprocess(address)
    try:
        yield
    finally:
        process.subprocess = subprocess


def start_forked(
    address: str, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], **options: bool
) -> tuple[ForkedProcess, IO[str]]:
    """Start `likelens`; returns the process, and a stream of what it prints and logs.

    `options` are those of `ForkedProcess`: a session of its own, and crawls that it starts as it does for a user.
    """
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as output:
        streams = {"stdout": output, "stderr": output}
        process = ForkedProcess(address, LIKELENS, arguments, cwd=cwd, env=env, **streams, **options)
    return process, os.fdopen(read_end, encoding="utf-8")


def run_forked(
    address: str,
    module: str,
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
) -> subprocess.CompletedProcess[str]:
    """Run `likelens`, `prefect` or a program to its end, as `subprocess.run` does with captured text."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = ForkedProcess(address, module, arguments, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        texts = []
        for stream in (stdout, stderr):
            stream.seek(0)
            texts.append(stream.read().decode())
    return subprocess.CompletedProcess(list(arguments), status, *texts)


def engine_command(address: str) -> str:
    """The command of a deployment whose flow runs a worker starts as processes of the fork server."""
    return shlex.join([sys.executable, str(Path(__file__).resolve()), FORWARD, address, ENGINE])


def forward(address: str, module: str, arguments: Sequence[str]) -> int:
    """Run a module in the fork server with this process's streams; pass signals on, and return its exit status."""
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    process = ForkedProcess(
        address, module, arguments, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer, start_new_session=True
    )
    for number in signals:
        signal.signal(number, lambda number, _: os.kill(process.pid, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    status = process.wait()
    return 128 - status if status < 0 else status


def serve(address: str) -> tuple[dict[str, Any], list[int]]:
    """Fork a child for each request. Returns only in a child: its request, and the file descriptors sent with it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.starting")
    listener.listen(64)
    os.replace(f"{address}.starting", address)
    # No child becomes a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return _fork_again(connection)
        connection.close()


def _fork_again(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Read the request, and fork: the parent waits for the child and sends its exit status; the child returns."""
    head, fds, _, _ = socket.recv_fds(connection, 4, 16)
    data = b""
    while len(head) < 4 or len(data) < int.from_bytes(head, "big"):
        received = connection.recv(MAX_REQUEST_BYTES)
        if len(head) < 4 or not received:
            # The caller ended before it had sent its request.
            os._exit(1)
        data += received
    child = os.fork()
    if child == 0:
        connection.close()
        return json.loads(data), fds
    for number in fds:
        os.close(number)
    connection.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    with suppress(BrokenPipeError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def become(request: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Take over what the request describes: streams, file descriptors, folder, environment and arguments."""
    # First to numbers above all of these, so that no descriptor is closed that is still needed.
    first = 1 + max(*fds, *request["numbers"])
    moved = [os.dup2(number, first + index) for index, number in enumerate(fds)]
    for number in fds:
        os.close(number)
    for number, target in zip(moved, request["numbers"], strict=True):
        os.dup2(number, target)
        os.close(number)
    if request["start_new_session"]:
        os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [PROGRAMS.get(request["module"], request["module"]), *request["arguments"]]


def main() -> None:
    """Import the modules and serve; in a child, run the module of the request."""
    if sys.argv[1] == FORWARD:
        sys.exit(forward(sys.argv[2], sys.argv[3], sys.argv[4:]))
    address, starts = sys.argv[1:]
    sys.path[0] = str(Path(__file__).parents[1])
    programs = import_module("tests.fork_programs")
    programs.load(starts, Path(address).parent)
    # A child neither visits these objects in each collection, nor copies their pages.
    gc.collect()
    gc.freeze()
    request, fds = serve(address)
    become(request, fds)
    crawls = request["module"] in (LIKELENS, ENGINE) and not request["real_crawls"]
    try:
        with forked_crawls(address) if crawls else nullcontext():
            programs.run(request["module"])
    except SystemExit as caught:
        programs.end(caught.code)
    programs.end()


if __name__ == "__main__":
    main()
