"""Files that appear complete."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.file_writing import replace_file


def test_a_file_and_its_folder_are_written(tmp_path: Path) -> None:
    """Text is UTF-8, and nothing else is left in the folder."""
    file = tmp_path / "new" / "file"
    replace_file(file, "caffè")
    assert file.read_bytes() == "caffè".encode()
    replace_file(file, b"\x00", durable=True)
    assert file.read_bytes() == b"\x00"
    assert list(file.parent.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails, the disk or the encoding of the text."""
    file = tmp_path / "file"
    replace_file(file, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(UnicodeEncodeError):
        replace_file(file, "\ud800")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, "new", durable=True)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_only_the_owner_reads_a_private_file(tmp_path: Path) -> None:
    """Also when it replaces one that others could read."""
    file = tmp_path / "key"
    replace_file(file, b"1")
    replace_file(file, b"2", private=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_writers_at_once_leave_the_content_of_one(tmp_path: Path) -> None:
    """No content is mixed with another, and no writer fails."""
    file = tmp_path / "file"
    contents = [bytes([number]) * 100_000 for number in range(20)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: replace_file(file, content), contents))
    assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]
