"""The processes that the tests share end with the tests, and the fork server works as `subprocess` does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLEEP = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
USER = """
import sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}]
import shared_service as sharing

class Paths:
    def getbasetemp(self):
        return Path({folder!r})

def describe(folder):
    return sharing.Service({command!r}, {{}}, folder / "server.log", "")

def wait(service, runs):
    while not service.log.read_text().strip():
        assert runs()
        time.sleep(0.02)

with sharing.share(Paths(), "sleep", describe, wait) as service:
    print(service.log.read_text().strip(), flush=True)
    sys.stdin.read()
"""


def start_user(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a process that uses a service, and return it with the service's process."""
    program = USER.format(tests=str(Path(__file__).parent), folder=str(folder), command=SLEEP)
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    user = subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    return user, int(user.stdout.readline())


def ends(process: int) -> bool:
    """Wait until a process has ended."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_a_shared_service_ends_with_its_last_user(tmp_path):
    """The second user gets the same service, which runs until both have ended; the next user gets a new one."""
    first, service = start_user(tmp_path)
    second, same = start_user(tmp_path)
    assert same == service
    first.communicate()
    os.kill(service, 0)
    second.communicate()
    assert ends(service)
    third, other = start_user(tmp_path)
    assert other != service
    third.communicate()
    assert ends(other)


def test_a_shared_service_ends_when_its_users_are_killed(tmp_path):
    """Nothing stays of a test run that was killed, and a new one in the same folder starts a new service."""
    users = [start_user(tmp_path) for _ in range(2)]
    (service,) = {process for _, process in users}
    for user, _ in users:
        user.kill()
        user.communicate()
    assert ends(service)
    user, other = start_user(tmp_path)
    assert other != service
    user.communicate()
    assert ends(other)


def test_a_fork_server_that_cannot_start_shows_its_log(forking, sharing, tmp_path):
    """The error of an import is in the message, and the process has ended."""
    service = sharing.Service([], {}, tmp_path / "server.log", str(tmp_path / "fork.socket"))
    service.log.write_text("ModuleNotFoundError: No module named 'scrapy'")
    with pytest.raises(AssertionError, match=r"(?s)did not start:.*No module named 'scrapy'"):
        forking.wait_until_ready(service, lambda: False)


def test_the_address_of_a_fork_server_is_short(forking, sharing, tmp_path):
    """In a deep folder the socket is elsewhere, in a folder that is removed with the server."""
    deep = tmp_path / ("d" * 120)
    address = forking.choose_address(deep)
    assert len(f"{address}.starting") < 104
    service = sharing.Service([], {}, deep / "server.log", address)
    assert Path(address).parent.is_dir()
    forking.remove_address(service)
    assert not Path(address).parent.exists()
    assert forking.choose_address(Path("/tmp/t")) == "/tmp/t/fork.socket"  # noqa: S108 - not written


def test_a_forked_process_can_be_waited_for_again(forking, crawl_server, tmp_path):
    """After a wait that was too short, the process can be killed and its status read; one that fails has ended."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as output, os.fdopen(read_end, "rb"):
        start = {"cwd": tmp_path, "stdout": output, "stderr": output}
        process = forking.ForkedProcess(crawl_server, "asyncio.__main__", [], **start)
        status = process.wait(60)
        assert (status, process.poll()) == (1, 1)
        sleeping = forking.ForkedProcess(crawl_server, "tasks.scrape.crawl.child", ["0"], **start)
        os.kill(sleeping.pid, signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            sleeping.wait(0.05)
        assert sleeping.poll() is None
        sleeping.kill()
        assert sleeping.wait() == sleeping.poll() == -signal.SIGKILL


def test_a_forwarded_process_gets_signals_and_gives_its_status(forking, crawl_server):
    """A worker that ends the command of a flow run ends the forked run, and learns how it ended."""
    program = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    command = [sys.executable, forking.__file__, forking.FORWARD, crawl_server, forking.PROGRAM, program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(600) == 7


def test_a_forked_program_talks_through_pipes(start_process):
    """It reads its arguments and lines; what it prints after an end or a kill is read to the last character."""
    ended = start_process("import sys; print(sys.argv[1:], sys.stdin.read()); sys.exit('é')", "a", 1)
    assert ended.communicate("line", timeout=600) == ("['a', '1'] line\n", "é\n")
    assert ended.returncode == 1
    waiting = start_process("import time; print('ready', flush=True); time.sleep(600)")
    assert waiting.stdout.readline() == "ready\n"
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.communicate(timeout=0.05)
    assert waiting.wait() == -signal.SIGKILL
