"""Ctrl-C ends a command, also where a library turns the interrupt into an error of its own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click


@contextmanager
def abort_on_interrupt() -> Iterator[None]:
    """Raise `click.Abort` for any error that follows an interrupt: pydantic raises its own for one in its callbacks.

    Leaves the signal alone where it is ignored, as in a process that a shell started in the background.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except Exception as error:
        if interrupted:
            raise click.Abort from error
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
