"""The log of a command in a file of the home folder, while something else is on the terminal.

File descriptor 2 leads to the file meanwhile, so that it also has what native libraries, warnings and child processes
print. The lines are those that the terminal would show: they name sources, accounts and pages, and no token.
`likelens forget` removes the files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

MAX_FILES = 20
"""Files that stay in the folder: the oldest ones are removed when a command starts."""


def new_log_file(folder: Path, command: str) -> Path:
    """Create the file of a command, which only its owner can read, and remove the oldest ones."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"))[: 1 - MAX_FILES or None]:
        old.unlink(missing_ok=True)
    file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{command}.log"
    file.touch(mode=0o600)
    return file


@contextmanager
def redirect_log(file: Path) -> Iterator[TextIO]:
    """Append what is written to standard error to the file; yields a stream to the terminal instead."""
    sys.stderr.flush()
    original = os.dup(2)
    log = os.open(file, os.O_WRONLY | os.O_APPEND)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    try:
        os.dup2(log, 2)
        with os.fdopen(os.dup(original), "w", encoding=encoding, errors="replace") as terminal:
            yield terminal
    finally:
        with suppress(OSError):  # a full disk; what is left is printed on the terminal
            sys.stderr.flush()
        os.dup2(original, 2)
        os.close(original)
        os.close(log)
