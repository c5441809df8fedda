"""The live view of a run on a terminal."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from rich.console import Console, ConsoleDimensions, RenderableType
from rich.live import Live

from flows.environment import OWN_LOGGERS
from flows.terminal.rendering import clock, render
from flows.terminal.rows import StageRows

FRAMES_PER_SECOND = 8
_SHOW_CURSOR = b"\x1b[?25h\r\n"
DEFAULT_SIZE = ConsoleDimensions(80, 24)
"""Columns and lines of a terminal that does not know its own."""


class LiveView:
    """Draws rows on a terminal until it is closed; the last frame stays."""

    def __init__(self, title: str, rows: StageRows, terminal: TextIO) -> None:
        self._title = title
        self._rows = rows
        self._terminal = terminal
        self._console = Console(file=terminal)
        self._measure()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the view for the duration of the block; the cursor is visible again after it, however it ends."""
        live = Live(
            get_renderable=self._frame,
            console=self._console,
            refresh_per_second=FRAMES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with _last_lines(self._rows), _cursor_after_sigterm(self._terminal.fileno()), live:
            try:
                yield
            finally:
                self._rows.stop()
                self._rows.last_line = ""

    def _frame(self) -> RenderableType:
        self._measure()
        now = time.monotonic()
        title = f"{self._title}  {clock(now - self._rows.started_at)}"
        return render(
            title,
            self._rows.snapshot(),
            self._rows.last_line,
            now=now,
            width=self._console.width,
            ascii_only=self._console.options.ascii_only,
        )

    def _measure(self) -> None:
        # Rich measures the standard streams, and none of them needs to be this terminal. It may have been resized.
        columns, lines = os.get_terminal_size(self._terminal.fileno())
        self._console.size = ConsoleDimensions(columns or DEFAULT_SIZE.width, lines or DEFAULT_SIZE.height)


class _LastLine(logging.Handler):
    """Gives the last line of our own log to the view: it says what a run waits for."""

    def __init__(self, rows: StageRows) -> None:
        super().__init__(logging.INFO)
        self._rows = rows

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record's message."""
        self._rows.last_line = record.getMessage().partition("\n")[0]


@contextmanager
def _last_lines(rows: StageRows) -> Iterator[None]:
    handler = _LastLine(rows)
    loggers = [logging.getLogger(name) for name in OWN_LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


@contextmanager
def _cursor_after_sigterm(terminal: int) -> Iterator[None]:
    """Show the cursor before SIGTERM ends the process, as it would without a view.

    Prefect handles the signal while a flow runs, and raises it again when the flow has ended.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        os.write(terminal, _SHOW_CURSOR)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
