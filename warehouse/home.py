"""The home folder: where everything is stored, and who may write there now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from warehouse.authors import Authors, Keeping
from warehouse.disk_space import full_disk_noticed, need_room, says_full
from warehouse.errors import BadHome, HomeBusy
from warehouse.host_limits import HostLimits
from warehouse.lake import Lake

_UNFIT = frozenset("[]^|\\%*?")
"""Characters that the libraries can't take: deltalake 1.6 reads addresses and writes elsewhere or panics,
DuckDB 2.0 reads patterns, and puts its log beside what stands before a question mark."""


@dataclass(frozen=True, slots=True)
class Home:
    """The places below one home folder. Making one touches nothing."""

    folder: Path

    @property
    def lake(self) -> Lake:
        """The lake of Parquet tables."""
        return Lake(self.folder / "lake")

    @property
    def database(self) -> Path:
        """The published database."""
        return self.folder / "likelens.duckdb"

    @property
    def pictures(self) -> Path:
        """The stored pictures, by the hash of their bytes."""
        return self.folder / "pictures"

    @property
    def report(self) -> Path:
        """The charts and the HTML page."""
        return self.folder / "report"

    def authors(self, keeping: Keeping = "hashed") -> Authors:
        """How those who comment are stored here, and who is to be forgotten."""
        return Authors(self.folder / "authors", keeping)

    @property
    def limits(self) -> HostLimits:
        """Limits that hosts announced."""
        return HostLimits(self.folder / "limits.json", self.authors())

    @property
    def answers(self) -> Path:
        """Answers that were paid for and are not in the tables yet."""
        return self.folder / "answers"

    def spool(self, run_id: str) -> Path:
        """What a run has read but not yet stored."""
        return self.folder / "spool" / run_id

    def prepare(self) -> None:
        """Make the folder and its empty tables.

        Raises `DiskFull` when there is no room to begin, and `BadHome` when the folder can't be used.
        """
        if unfit := sorted({c for c in str(self.folder) if c in _UNFIT or not c.isprintable()}):
            raise BadHome(
                f"The home folder's path {str(self.folder)!r} has {' '.join(map(repr, unfit))} in it, which the"
                " lake can't take."
                " Set home in the settings (or LIKELENS_HOME) to a folder without such characters."
            )
        existing = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        need_room(existing)
        with full_disk_noticed(existing):
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if says_full(error):
                    raise
                raise BadHome(
                    f"The home folder {self.folder} can't be made: {error.strerror}. Set home in the settings"
                    " (or LIKELENS_HOME) to a folder that you may write to."
                ) from error
            self.lake.create()

    @contextmanager
    def held(self, wait_seconds: float, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the folder for one run; `waiting` is called once when another run holds it.

        The kernel lets go of the lock when the process ends, killed or not. Raises `HomeBusy` after
        `wait_seconds`.
        """
        with self._locked(".run.lock", wait_seconds, waiting):
            yield

    @contextmanager
    def purse_held(self, wait_seconds: float) -> Iterator[None]:
        """Hold what is spent: one at a time sends pictures for money, also without holding the whole folder."""
        with self._locked(".purse.lock", wait_seconds, lambda: None):
            yield

    @contextmanager
    def _locked(self, name: str, wait_seconds: float, waiting: Callable[[], None]) -> Iterator[None]:
        lock = FileLock(self.folder / name)
        _acquire(lock, time.monotonic() + wait_seconds, waiting)
        try:
            yield
        finally:
            lock.release()


def _acquire(lock: FileLock, until: float, waiting: Callable[[], None]) -> None:
    try:
        lock.acquire(timeout=0)
        return
    except Timeout:
        waiting()
    try:
        lock.acquire(timeout=max(0.0, until - time.monotonic()), poll_interval=0.2)
    except Timeout:
        folder = Path(lock.lock_file).parent
        raise HomeBusy(
            f"Another run still works in {folder}. Wait until it has ended, or stop it; then run again."
        ) from None
