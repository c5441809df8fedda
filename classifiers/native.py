"""Filter what native libraries print on the terminal while they load."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_FOR_DEVELOPERS = re.compile(
    rb"[IW]\d{4} |[IW]0000 |INFO: |WARNING: All log messages before absl::InitializeLog|WARNING: Attempting"
)
"""The start of the lines that TensorFlow and LiteRT print at start-up, whatever their settings are."""


@contextmanager
def filter_native_output() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, then write all of it but TensorFlow's start-up lines.

    TensorFlow 2.21 prints them before it reads `TF_CPP_MIN_LOG_LEVEL`. Errors pass unchanged.
    """
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            written.seek(0)
            for line in written:
                if not _FOR_DEVELOPERS.match(line):
                    os.write(2, line)
