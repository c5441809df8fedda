"""The lock of a table, which every write holds, and what errors of a write mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake.exceptions import CommitFailedError, DeltaError
from filelock import FileLock, Timeout

from warehouse.disk_space import detect_full_disk, existing_parent
from warehouse.errors import LakeBusy
from warehouse.storage.damage import damage_error

LOCK_SECONDS = 300.0


@contextmanager
def lock_table(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock file of a table of the lake in `folder`.

    Raises `LakeBusy` when the table stays locked or another writer changed it, `DiskFull` when the disk is full, and
    `LakeDamaged` when the block can't read or write the table.
    """
    with detect_full_disk(existing_parent(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / f".{name}.lock", timeout=LOCK_SECONDS):
                yield
        except Timeout as error:
            raise LakeBusy(f"The table {name} stayed locked for {LOCK_SECONDS:.0f} s.") from error
        except CommitFailedError as error:
            raise LakeBusy(f"Another writer changed the table {name}: {error}") from error
        except DeltaError as error:
            raise damage_error(folder, error, name) from error
