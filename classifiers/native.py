"""What native libraries print while they are loaded, kept from the terminal."""

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
"""How lines begin that TensorFlow and LiteRT write past every setting while they start."""


@contextmanager
def without_native_chatter() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, and give back all but TensorFlow's start-up lines.

    TensorFlow 2.21 prints them before it reads `TF_CPP_MIN_LOG_LEVEL`. Errors are given back as they came.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            written.seek(0)
            for line in written:
                if not _FOR_DEVELOPERS.match(line):
                    os.write(2, line)
