"""The run's side of a crawl: it starts the process `tasks.scrape.crawl.child` and receives its pages."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import IO

import tasks.errors
from tasks.errors import CrawlCrashed, OutOfTime, RunStopped, StageError
from tasks.scrape.crawl.messages import MESSAGE_JSON, CrawlJob, Message, with_other_posts, without_secret
from tasks.scrape.pages import Page
from tasks.scrape.read_context import DecideNextStep, NoteLimit, ignore_limit, read_all

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How often a waiting run checks whether it was cancelled."""
MAX_OUTPUT_BYTES = 64 * 1024
"""So much of the end of the process's output is read, for the message of a crash."""
_REPORT = "Run again; if it fails again, please report it with this text."

HALTED = threading.Event()
"""Set when the run is interrupted: its crawls, which wait in other threads, then end at once."""


def crawl(
    job: CrawlJob, decide: DecideNextStep = read_all, note_limit: NoteLimit = ignore_limit
) -> Iterator[Page]:
    """Crawl in a separate process and yield the pages as they come; `decide` is called for each.

    `note_limit` gets each limit as soon as the host announces it.

    Ends the process when the caller stops early, is cancelled or raises. Raises the error of `tasks.errors`
    that the crawl names, `OutOfTime` after the job's `max_seconds`, `RunStopped` when the run is
    interrupted, and `CrawlCrashed` when the process ends without a reason.
    """
    run_end, crawl_end = Pipe()
    with tempfile.TemporaryFile() as output, run_end:
        with crawl_end:
            process = subprocess.Popen(
                [sys.executable, "-m", "tasks.scrape.crawl.child", str(crawl_end.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[crawl_end.fileno()],
            )
        try:
            _send(run_end, job)
            messages = _messages(run_end, time.monotonic() + job.limits.max_seconds, output, job.secret)
            yield from _pages(messages, run_end, decide, note_limit)
        finally:
            process.kill()
            process.wait()


def _send(connection: Connection, value: object) -> None:
    # When the process is gone, the next read raises.
    with suppress(OSError):
        connection.send(value)


def _pages(
    messages: Iterator[Message], connection: Connection, decide: DecideNextStep, note_limit: NoteLimit
) -> Iterator[Page]:
    page: Page | None = None
    read_any = False
    for message in messages:
        if message.kind == "page" and message.page is not None:
            page = message.page
            _send(connection, decide(page))
        elif message.kind == "complete" and message.page is not None and page is not None:
            read_any = True
            yield with_other_posts(message.page, page)
        elif message.kind == "limit" and message.until is not None:
            note_limit(message.until)
        elif message.kind == "log":
            logger.log(message.level, "%s", message.text)
        elif message.kind == "failed":
            raise _error(message)
        elif not read_any:
            raise CrawlCrashed(f"The crawl ended without a page and without a reason. {_REPORT}")
        else:
            return


def _messages(
    connection: Connection, until: float, output: IO[bytes], secret: str | None
) -> Iterator[Message]:
    """Messages as they come. Raises `CrawlCrashed` when the process has ended.

    It waits in short steps, so that a cancelled run ends, and has its own clock, for Prefect can't interrupt a
    task in a worker thread.
    """
    while True:
        if HALTED.is_set():
            raise RunStopped("The run was stopped; the next run resumes after the last page that was read.")
        if time.monotonic() > until:
            raise OutOfTime("The crawl took too long and was ended; the next run resumes it.")
        try:
            line = connection.recv_bytes() if connection.poll(POLL_SECONDS) else None
        except (EOFError, OSError):
            reason = _last_line(output, secret)
            raise CrawlCrashed(f"The crawl's process ended without a reason. {reason} {_REPORT}") from None
        if line is not None:
            yield MESSAGE_JSON.validate_json(line)


def _error(message: Message) -> StageError:
    kind = getattr(tasks.errors, message.error, CrawlCrashed)
    assert issubclass(kind, StageError)
    return kind(message.text)


def _last_line(output: IO[bytes], secret: str | None) -> str:
    """The last line of the process's output, which any library may have written, without the token."""
    output.seek(max(0, output.seek(0, os.SEEK_END) - MAX_OUTPUT_BYTES))
    end = Message("log", text=output.read().decode(errors="replace").strip())
    text = without_secret(end, secret).text
    logger.debug("output of the crawl's process: %s", text)
    return text.splitlines()[-1][:300] if text else ""
