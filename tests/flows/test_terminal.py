"""What a run shows: a live view on a terminal, one line with --quiet, and its log in a file."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from flows.terminal.log_file import MAX_FILES, new_log_file
from flows.terminal.rendering import clock, rate, render
from flows.terminal.rows import StageRows
from tasks.stage_events import StageName
from warehouse.records.runs import StageResult

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def small(studio: Path, without_classifiers: str) -> Path:
    """A folder with settings without classifiers."""
    (studio / "likelens.toml").write_text(without_classifiers)
    return studio


class Pty:
    """A pseudo-terminal of 90 columns that collects what a process shows on it."""

    def __init__(self) -> None:
        self.text = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90, 0, 0))
        self.stream = os.fdopen(slave, "wb", buffering=0)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the last process has closed it
                return
            self.text += data.decode("utf-8", "replace")

    def close(self) -> None:
        """Wait until all that was shown has been read."""
        self.stream.close()
        self._reader.join(30)
        os.close(self._master)


@pytest.mark.slow
def test_a_run_on_a_terminal_shows_one_view_and_restores_the_terminal(
    small, prefect, fork_server, forking, likelens
):
    """The stages, no log line, the cursor back, then the paths; the log is in the file that the run names."""
    terminal = Pty()
    run = forking.ForkedProcess(
        fork_server,
        forking.LIKELENS,
        ["run"],
        cwd=small,
        env={**prefect, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        stdout=terminal.stream,
        stderr=terminal.stream,
    )
    status = run.wait(300)
    terminal.close()
    shown = terminal.text
    assert status == 0, shown[-3000:]
    assert shown.count(HIDE_CURSOR) == 1 and shown.index(HIDE_CURSOR) < shown.index(SHOW_CURSOR)
    view, _, end = shown.rpartition(SHOW_CURSOR)
    assert "scrape demo" in view and "waiting" in view and "running" in view
    last_frame = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", view[view.rindex("likelens run") :])
    assert re.search(r"✓ scrape demo +done +30", last_frame) and "waiting" not in last_frame
    assert " | INFO" not in shown and "Traceback" not in shown
    assert "Findings" not in end  # nothing is labelled
    (log,) = (small / "data" / "logs").glob("*-run.log")
    assert log.name in end.replace("\r\n", "") and "12 posts, 12 so far" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    quiet = likelens(small, "run", "--quiet")
    assert quiet.returncode == 0 and quiet.stderr == ""
    assert re.fullmatch(r"Run \S+: done, 30 posts, 7 of 7 stages done\n", quiet.stdout)


VIEW = """
import sys, time
from pathlib import Path
from flows.terminal.watching import watch_run
from tasks.stage_events import StageName
from warehouse.home import Home
import click
with click.Context(click.Command("run"), info_name="run"):
    with watch_run(Home(Path(sys.argv[1])), [StageName("fetch")], "view"):
        time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_restores_the_terminal(tmp_path, number):
    """The cursor is visible again also where the signal comes before the first stage."""
    terminal = Pty()
    process = subprocess.Popen(
        [sys.executable, "-c", VIEW, tmp_path],
        stdout=terminal.stream,
        stderr=terminal.stream,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    while "fetch" not in terminal.text and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(60) != 0
    terminal.close()
    assert "fetch" in terminal.text and HIDE_CURSOR not in terminal.text.rpartition(SHOW_CURSOR)[2]
    assert SHOW_CURSOR in terminal.text


def test_quiet_and_verbose_exclude_each_other(small, command):
    """The command ends before it reads the settings."""
    refused = command(small, "run", "--quiet", "--verbose")
    assert refused.returncode == 2 and "--quiet and --verbose exclude each other" in refused.stderr


@pytest.mark.parametrize(
    ("width", "encoding"), [(40, "ascii"), (40, "utf-8"), (100, "ascii"), (100, "utf-8")]
)
def test_the_view_fits_the_terminal_and_its_encoding(width, encoding):
    """Each line fits, all characters exist in the encoding, and every state is a word or a number."""
    rows = StageRows([StageName("scrape", "ann"), StageName("classify", "x" * 50), StageName("publish")])
    for name in rows.snapshot()[:2]:
        rows.start(name.name)
    rows.end(StageName("scrape", "ann"), StageResult("failed", 12, message="no\x1b[2J response"))
    rows.advance(StageName("classify", "x" * 50), 0, 1_000)
    rows.advance(StageName("classify", "x" * 50), 250, 1_000)
    rows.last_line = "\x1b[2J" + "é" * 200 if encoding == "utf-8" else "a" * 200
    written = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    console = Console(file=written, force_terminal=True, width=width, no_color=True)
    console.print(
        render(
            "likelens run",
            rows.snapshot(),
            rows.last_line,
            now=rows.started_at + 60,
            width=width,
            ascii_only=encoding == "ascii",
        )
    )
    written.flush()
    shown = re.sub(r"\x1b\[[0-9;]*m", "", written.buffer.getvalue().decode(encoding))
    assert "\x1b" not in shown
    assert all(len(line) <= width for line in shown.splitlines())
    assert "failed" in shown and "250/1,000" in shown and "waiting" in shown


def test_a_rate_and_a_time_are_in_words():
    """A rate below one in a second is one in a minute; a time of an hour has hours."""
    assert [rate(None), rate(0.25), rate(2.5), rate(1234.0)] == ["", "15/min", "2.5/s", "1,234/s"]
    assert [clock(5), clock(125), clock(3725)] == ["0:05", "2:05", "1:02:05"]


def test_few_logs_stay(tmp_path):
    """The newest files stay."""
    files = [new_log_file(tmp_path, "run") for _ in range(MAX_FILES + 3)]
    assert sorted(tmp_path.iterdir()) == files[-MAX_FILES:]
