"""A full disk is reported before or while it fills, and damages no stored data."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warehouse.database.publish import publish
from warehouse.disk_space import RESERVE_BYTES, detect_full_disk, require_free_space
from warehouse.errors import BadHome, DiskFull
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.tables import Observation

MB = 1024 * 1024
ADVICE = r"is full \(.* MB free, 67 MB are reserved\)\. Free some space, or set home"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A separate file system of 80 MB; it requires root and mount."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("a small file system requires root and mount")
    command = [mount, "-t", "tmpfs", "-o", "size=80m", "tmpfs", folder]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"a small file system can't be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run([umount, folder], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Fill the file system until `leave` bytes are free."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        while (free := shutil.disk_usage(folder).free) > leave:
            file.write(b"\0" * min(MB, free - leave))
            file.flush()
    return ballast


def likes(home: Home) -> list[tuple[int, int]]:
    with home.lake.reader() as reader:
        return reader.execute("select count(*), sum(likes)::bigint from observations").fetchall()


@pytest.mark.slow
def test_a_full_disk_stops_a_batch_and_damages_nothing(
    small: Path, observation_row: Callable[..., Observation]
) -> None:
    """On a full disk, appends and upserts raise DiskFull; the stored data is intact, and later writes succeed."""
    home = Home(small / "home")
    home.prepare()
    first = [observation_row(f"a{i}", i) for i in range(1000)]
    more = [observation_row(f"b{os.urandom(40).hex()}", i) for i in range(5000)]
    home.lake.append(first)
    publish(home)
    before = home.database.read_bytes()
    ballast = fill(small, leave=64 * 1024)
    for write in (home.lake.append, home.lake.upsert):
        with pytest.raises(DiskFull, match=ADVICE):
            write(more)
        assert likes(home) == [(1000, 499500)]
    with pytest.raises(DiskFull, match=ADVICE):
        publish(home)
    with pytest.raises(DiskFull, match=ADVICE):
        home.lake.upsert([observation_row("a0", 77), *more])
    assert home.database.read_bytes() == before
    with published(home) as database:
        assert database.execute("select count(*) from observations").fetchall() == [(1000,)]
    ballast.unlink()
    assert (home.lake.append(first), home.lake.append(more), home.lake.append(more)) == (0, 5000, 0)
    publish(home)
    with published(home) as database:
        assert database.execute("select count(*) from observations").fetchall() == [(6000,)]


def test_a_home_on_a_full_disk_is_rejected_at_the_start(small: Path) -> None:
    """With less free space than the reserve, not even the folder is created."""
    fill(small, leave=RESERVE_BYTES - MB)
    with pytest.raises(DiskFull, match=ADVICE):
        Home(small / "new" / "home").prepare()
    assert not (small / "new").exists()


def test_a_home_on_a_read_only_disk_is_rejected(small: Path) -> None:
    """A disk that is mounted read-only is reported as a bad home, not as a full disk."""
    mount = shutil.which("mount") or "mount"
    subprocess.run([mount, "-o", "remount,ro", small], check=True)
    with pytest.raises(BadHome, match="Read-only file system"):
        Home(small / "home").prepare()


def test_a_batch_may_not_use_the_reserve(small: Path) -> None:
    """The free space must be enough for the batch and the reserve, which lets a run end in order."""
    free = shutil.disk_usage(small).free
    require_free_space(small, upcoming_bytes=free - RESERVE_BYTES)
    with pytest.raises(DiskFull, match="small disk"):
        require_free_space(small, upcoming_bytes=free - RESERVE_BYTES + 4096)


WRITE_BEYOND_THE_LIMIT = """
import os, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.errors import DiskFull
from warehouse.storage.lake import Lake
from warehouse.schema.tables import Observation

lake = Lake(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
now = datetime.now(UTC)
rows = [Observation(source="demo", post_id=os.urandom(40).hex(), observed_at=now, likes=1, comments=1,
                    likes_hidden=False) for _ in range(5000)]
try:
    lake.append(rows)
except DiskFull as error:
    print(error)
"""


@pytest.mark.slow
def test_a_limit_on_file_sizes_counts_as_a_full_disk(
    home: Home,
    observation_row: Callable[..., Observation],
    start_process: Callable[..., subprocess.Popen[str]],
) -> None:
    """A process that reaches a limit or a quota raises DiskFull, and the table stays intact."""
    home.lake.append([observation_row("a", 1)])
    out, errors = start_process(WRITE_BEYOND_THE_LIMIT, home.lake.folder).communicate(timeout=600)
    assert "is full" in out and "run again" in out, errors
    assert likes(home) == [(1, 1)]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "any message"),
        OSError(errno.EDQUOT, "any message"),
        RuntimeError("Generic LocalFileSystem error: No space left on device (os error 28)"),
    ],
)
def test_a_library_error_about_a_full_disk_becomes_disk_full(tmp_path: Path, error: Exception) -> None:
    """An errno and a message alone give the same advice, with the library's error as the cause."""
    with pytest.raises(DiskFull, match="is full") as raised, detect_full_disk(tmp_path):
        raise error
    assert raised.value.__cause__ is error


def test_an_unrelated_error_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    """An error without a relation to disk space passes unchanged."""
    with pytest.raises(PermissionError), detect_full_disk(tmp_path):
        raise PermissionError(errno.EACCES, "not permitted")
