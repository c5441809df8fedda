"""Files that appear complete: another program, or a reader after a kill, finds the old content or the new.

Writers that wait for free space, stream their content or must not replace a file have their own way.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

UNFINISHED_ENDING = ".tmp"
"""How the names of unfinished files end; a killed writer leaves one."""


def replace_file(file: Path, content: bytes | str, *, durable: bool = False, private: bool = False) -> None:
    """Write the file in one step, and its folder if that does not exist. Text is written as UTF-8.

    Several writers may do so at once, also on several machines; the last one counts. A `durable` file is on the disk
    when this returns. Only its owner can read a `private` one. Raises `OSError`.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}{UNFINISHED_ENDING}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
            if durable:
                out.flush()
                os.fsync(out.fileno())
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
