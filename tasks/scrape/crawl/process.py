"""Starting a crawl and reading what it says: the run's side of `tasks.scrape.crawl.child`."""

from __future__ import annotations

import contextlib
import logging
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import IO, BinaryIO

import tasks.errors
from tasks.errors import CrawlCrashed, OutOfTime, RunStopped, StageError
from tasks.scrape.crawl.messages import MESSAGE_JSON, ORDER_JSON, VERDICT_JSON, CrawlJob, Message
from tasks.scrape.pages import Page
from tasks.scrape.read_context import Judge, NoteLimit, ignore_limit, read_all

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How often a waiting run looks whether it was cancelled."""
_AGAIN = "Run again; if it stays, please report it with this text."

HALTED = threading.Event()
"""Set when the run is interrupted: its crawls, which wait in other threads, then end at once."""


def crawl(order: CrawlJob, judge: Judge = read_all, note_limit: NoteLimit = ignore_limit) -> Iterator[Page]:
    """Crawl in a process of its own and yield the pages as they come; `judge` decides after each.

    `note_limit` takes each limit that the host announces, at once.

    Ends the process when the caller stops early, is cancelled or raises. Raises the error of
    `tasks.errors` that the crawl names, `OutOfTime` after the order's `max_seconds`, `RunStopped` when the
    run is interrupted, and `CrawlCrashed` when the crawl ends without a word.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tasks.scrape.crawl.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _send(process.stdin, ORDER_JSON.dump_json(order))
            messages = _messages(process.stdout, time.monotonic() + order.limits.max_seconds)
            messages = _without_limits(messages, note_limit)
            yield from _pages(messages, process.stdin, judge, errors)
        finally:
            process.kill()
            process.wait()
            # What was not sent any more is nobody's concern.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()


def _send(pipe: IO[bytes], line: bytes) -> None:
    # When the crawl is gone its silence tells, with what it said on standard error.
    with contextlib.suppress(BrokenPipeError):
        pipe.write(line + b"\n")
        pipe.flush()


def _pages(
    messages: Iterator[Message | None], answers: IO[bytes], judge: Judge, errors: BinaryIO | IO[bytes]
) -> Iterator[Page]:
    read_any = False
    for message in messages:
        if message is None:
            errors.seek(0)
            logger.debug("crawl's standard error: %s", errors.read().decode(errors="replace"))
            raise CrawlCrashed(f"The crawl's process ended without a word. {_last_line(errors)} {_AGAIN}")
        if message.kind == "judge" and message.page is not None:
            _send(answers, VERDICT_JSON.dump_json(judge(message.page)))
        elif message.kind == "page" and message.page is not None:
            read_any = True
            yield message.page
        elif message.kind == "log":
            logger.log(message.level, "%s", message.text)
        elif message.kind == "failed":
            raise _error(message)
        elif not read_any:
            raise CrawlCrashed(f"The crawl ended without a page and without a reason. {_AGAIN}")
        else:
            return


def _without_limits(messages: Iterator[Message | None], note_limit: NoteLimit) -> Iterator[Message | None]:
    """Hand the limits over, and pass on the other messages."""
    for message in messages:
        if message is not None and message.kind == "limit" and message.until is not None:
            note_limit(message.until)
        else:
            yield message


def _messages(out: IO[bytes], until: float) -> Iterator[Message | None]:
    """Messages as they come; None when the process is gone. Waits in short steps, so a cancel gets through.

    Its own clock, for Prefect can't interrupt a task in a worker thread.
    """
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(out, lines), daemon=True).start()
    while True:
        if HALTED.is_set():
            raise RunStopped("The run was stopped; the next one goes on after the last page that was read.")
        if time.monotonic() > until:
            raise OutOfTime("The crawl took too long and was ended; the next run goes on where it was.")
        try:
            line = lines.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue
        yield None if line is None else MESSAGE_JSON.validate_json(line)


def _read(out: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    try:
        for line in out:
            lines.put(line)
    except ValueError:  # the caller closed the pipe
        pass
    lines.put(None)


def _error(message: Message) -> StageError:
    kind = getattr(tasks.errors, message.error, CrawlCrashed)
    assert issubclass(kind, StageError)
    return kind(message.text)


def _last_line(errors: BinaryIO | IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
