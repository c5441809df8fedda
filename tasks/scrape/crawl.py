"""Starting a crawl and reading what it says: the run's side of `tasks.scrape.child`."""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import IO, BinaryIO

from tasks.errors import (
    AccountNotFound,
    AccountPrivate,
    CrawlCrashed,
    CrawlStopped,
    LayoutChanged,
    SourceRefused,
    SourceUnreachable,
    StageError,
)
from tasks.scrape.messages import MESSAGE_JSON, ORDER_JSON, FailureKind, Message, Order
from tasks.scrape.pages import Page

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How often a waiting run looks whether it was cancelled."""
LIMIT_SECONDS = 12 * 3600.0
"""A crawl that takes longer is ended; what it read is kept, and the next run goes on."""

FAILURES: dict[FailureKind, tuple[type[StageError], str]] = {
    "not_found": (AccountNotFound, "Check the account's name and the url in the settings."),
    "private": (AccountPrivate, "Remove the source from the settings, or ask its owner for another way in."),
    "refused": (SourceRefused, "Wait, raise delay_seconds, or ask the site's owner before you run again."),
    "moved": (SourceRefused, "If the gallery has moved, set its new address as url in the settings."),
    "robots": (SourceRefused, "likelens obeys robots.txt; ask the site's owner for another way in."),
    "unreachable": (SourceUnreachable, "Check the url and the network; the next run tries again."),
    "layout": (LayoutChanged, ""),
    "crashed": (CrawlCrashed, "Run again; if it stays, please report it with this text."),
}
"""Which error each failure of a crawl becomes, and what a person can do."""


HALTED = threading.Event()
"""Set when the run is interrupted: its crawls, which wait in other threads, then end at once."""


def crawl(order: Order, limit_seconds: float = LIMIT_SECONDS) -> Iterator[Page]:
    """Crawl in a process of its own and yield the pages as they come.

    Ends the process when the caller stops early, is cancelled or raises. Raises the error of
    `FAILURES` when the crawl says why it failed, `CrawlStopped` when the run is interrupted, and `CrawlCrashed` when it ends without a word.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tasks.scrape.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(ORDER_JSON.dump_json(order) + b"\n")
            process.stdin.flush()
            yield from _pages(process.stdout, errors, time.monotonic() + limit_seconds)
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def _pages(out: IO[bytes], errors: BinaryIO | IO[bytes], until: float) -> Iterator[Page]:
    read_any = False
    for message in _messages(out, until):
        if message is None:
            errors.seek(0)
            logger.debug("crawl's standard error: %s", errors.read().decode(errors="replace"))
            raise _error("crashed", f"The crawl's process ended without a word. {_last_line(errors)}")
        if message.kind == "page" and message.page is not None:
            read_any = True
            yield message.page
        elif message.kind == "log":
            logger.log(message.level, "%s", message.text)
        elif message.kind == "failed":
            raise _error(message.failure or "crashed", message.text)
        elif not read_any:
            raise _error("crashed", "The crawl ended without a page and without a reason.")
        else:
            return


def _messages(out: IO[bytes], until: float) -> Iterator[Message | None]:
    """Messages as they come; None when the process is gone. Waits in short steps, so a cancel gets through.

    Its own clock, for Prefect can't interrupt a task in a worker thread.
    """
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(out, lines), daemon=True).start()
    while True:
        if HALTED.is_set():
            raise CrawlStopped("The run was stopped; the next one goes on after the last page that was read.")
        if time.monotonic() > until:
            raise SourceUnreachable(
                "The crawl took too long and was ended; the next run goes on where it was."
            )
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


def _error(kind: FailureKind, text: str) -> StageError:
    error, advice = FAILURES[kind]
    return error(f"{text} {advice}".strip())


def _last_line(errors: BinaryIO | IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
