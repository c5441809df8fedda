"""The home folder, where everything is stored, and its locks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.authors import AuthorPolicy, Authors
from warehouse.disk_space import detect_full_disk, is_disk_full_error, require_free_space
from warehouse.errors import BadHome, HomeBusy
from warehouse.host_limits import HostLimits
from warehouse.object_store.client import ObjectStore
from warehouse.pictures.files import PICTURES, PictureFiles
from warehouse.pictures.local import LocalPictures
from warehouse.pictures.stored import StoredPictures
from warehouse.state.budget_lease import hold_budget
from warehouse.state.shared_files import SharedFiles
from warehouse.state.work_folder import check_once, check_owner

if TYPE_CHECKING:
    from filelock import FileLock

    from warehouse.storage.lake import Lake

_FORBIDDEN = frozenset("[]^|\\%*?")
"""Characters that break the libraries. deltalake 1.6 reads them as parts of an address and writes elsewhere or
panics; DuckDB 2.0 reads them as a pattern, and puts its log beside the part before a question mark."""


_RUNS = ".runs"
"""The file with the ids of the runs that this machine began."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one home folder. Creating the object creates no file.

    With a `store`, the folder is this machine's copy of what the object store has.
    """

    folder: Path
    store: ObjectStore | None = None

    @property
    def lake(self) -> Lake:
        """The lake of Parquet tables."""
        from warehouse.storage.lake import (
            Lake,
        )  # deltalake and pyarrow, which readers of the database do not need

        return Lake(self.lake_folder, self.store)

    @property
    def lake_folder(self) -> Path:
        """The folder of the lake."""
        return self.folder / "lake"

    @property
    def database(self) -> Path:
        """The published database."""
        return self.folder / "likelens.duckdb"

    @property
    def pictures(self) -> Path:
        """The folder of the stored pictures, by the hash of their bytes; `picture_files` reads and writes them."""
        return self.folder / PICTURES

    @property
    def picture_files(self) -> PictureFiles:
        """The files of the stored pictures."""
        return LocalPictures(self.folder) if self.store is None else StoredPictures(self.store, self.folder)

    @property
    def trained(self) -> Path:
        """The models of `likelens train`, each in a folder of its name."""
        return self.folder / "trained"

    @property
    def themes(self) -> Path:
        """The themes of each classifier of the kind `themes`, in a folder of its name."""
        return self.folder / "themes"

    @property
    def topics(self) -> Path:
        """The topics of comments, a file for each language; found again if one is missing."""
        return self.folder / "topics"

    @property
    def forecast(self) -> Path:
        """The forecast models, each in a folder of its measure."""
        return self.folder / "forecast"

    @property
    def litert_copies(self) -> Path:
        """LiteRT copies of Keras models, for lanes on a CPU and for forecasts of one picture; made again if they are missing."""
        return self.folder / "litert"

    def word_embeddings(self, classifier: str) -> Path:
        """The embeddings of the words of a classifier of the kind `zero_shot`; computed again if it is missing."""
        return self.folder / "words" / f"{classifier}.safetensors"

    @property
    def report(self) -> Path:
        """The charts and the HTML page."""
        return self.folder / "report"

    @property
    def thumbnails(self) -> Path:
        """Small copies of pictures for the report, by the hash of the picture's bytes; each can be made again."""
        return self.report / "thumbnails"

    @property
    def logs(self) -> Path:
        """The logs of the last commands that showed something else on the terminal."""
        return self.folder / "logs"

    def authors(self, keeping: AuthorPolicy = "hashed") -> Authors:
        """How this home folder stores the authors of comments, and which authors are forgotten."""
        return Authors(self.folder / "authors", keeping, self.store)

    @property
    def limits(self) -> HostLimits:
        """Limits that hosts announced."""
        return HostLimits(self.folder / "limits.json", self.authors())

    @property
    def answers(self) -> Path:
        """Paid responses that are not in the tables yet."""
        return self.folder / "answers"

    def spool(self, run_id: str) -> Path:
        """Pages that a run has read and not stored yet."""
        return self.folder / "spool" / run_id

    @property
    def location(self) -> str:
        """The folder or the URL, for messages."""
        return str(self.folder) if self.store is None else self.store.url

    def bring_state(self, *, only_models: bool = False) -> None:
        """Bring models, limits and authors from the store to this machine; with `only_models`, nothing but models."""
        if self.store is not None:
            SharedFiles(self.store, self.folder).bring(only_models=only_models)

    def share_state(self) -> None:
        """Put models and limits that changed on this machine into the store. Call it after they may have changed."""
        if self.store is not None:
            SharedFiles(self.store, self.folder).put_back()

    def own_runs(self) -> frozenset[str] | None:
        """Ids of the runs of this machine; None where no other machine shares the home."""
        if self.store is None:
            return None
        file = self.folder / _RUNS
        return frozenset(file.read_text("utf-8").split()) if file.exists() else frozenset()

    def note_run(self, run_id: str) -> None:
        """Remember that this machine began a run."""
        if self.store is not None and run_id not in (self.own_runs() or ()):
            with (self.folder / _RUNS).open("a", encoding="utf-8") as file:
                file.write(f"{run_id}\n")

    def check_path(self) -> None:
        """Raise `BadHome` for a path that the lake does not support."""
        if forbidden := sorted({c for c in str(self.folder) if c in _FORBIDDEN or not c.isprintable()}):
            raise BadHome(
                f"The home folder's path {str(self.folder)!r} contains {' '.join(map(repr, forbidden))}, which the"
                " lake does not support. Set home in the settings (or LIKELENS_HOME) to a folder without such"
                " characters."
            )

    def prepare(self) -> None:
        """Create the folder and its empty tables.

        Raises `DiskFull` when the disk is too full to begin, and `BadHome` when the folder can't be used.
        """
        self.check_path()
        existing = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        require_free_space(existing)
        with detect_full_disk(existing):
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if is_disk_full_error(error):
                    raise
                raise BadHome(
                    f"The home folder {self.folder} can't be created: {error.strerror}. Set home in the settings"
                    " (or LIKELENS_HOME) to a folder that you can write to."
                ) from error
            if self.store is not None:
                check_owner(self.folder, self.store.url)
                check_once(self.store, os.getpid())
                self.bring_state()
            self.lake.create()

    @contextmanager
    def held(self, wait_seconds: float, waiting: Callable[[], None]) -> Iterator[None]:
        """Lock the folder for one run; `waiting` is called once when another run holds the lock.

        The kernel releases the lock when the process ends, killed or not. Raises `HomeBusy` after `wait_seconds`.
        """
        with self._locked(".run.lock", wait_seconds, waiting):
            yield

    def is_held(self) -> bool:
        """Whether a run holds the folder now. A run that was killed holds nothing."""
        file = self.folder / ".run.lock"
        if not file.exists():
            return False
        from filelock import FileLock, Timeout  # readers of the database need no lock

        lock = FileLock(file)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    @contextmanager
    def lock_budget(self, wait_seconds: float) -> Iterator[None]:
        """Lock the budget: one process at a time sends pictures for money, with or without the folder's lock."""
        with self._locked(".purse.lock", wait_seconds, lambda: None):
            if self.store is None:
                yield
            else:
                with hold_budget(self.store, wait_seconds):
                    yield

    @contextmanager
    def _locked(self, name: str, wait_seconds: float, waiting: Callable[[], None]) -> Iterator[None]:
        from filelock import FileLock

        lock = FileLock(self.folder / name)
        _acquire(lock, time.monotonic() + wait_seconds, waiting)
        try:
            yield
        finally:
            lock.release()


def _acquire(lock: FileLock, until: float, waiting: Callable[[], None]) -> None:
    from filelock import Timeout

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
            f"Another run still uses {folder}. Wait until it ends, or stop it; then run again."
        ) from None
