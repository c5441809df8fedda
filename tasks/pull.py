"""Copy what a home in an object store has for analysts to this machine: the tables and the models, but no picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.database.publish import publish_copy
from warehouse.home import Home
from warehouse.schema.tables import TABLES
from warehouse.state.work_folder import check_owner
from warehouse.upkeep.picture_files import remove_old_thumbnails


@dataclass(frozen=True, slots=True)
class PulledFiles:
    """Files of the tables on this machine now, and their bytes."""

    files: int
    bytes: int


def pull_home(home: Home) -> PulledFiles:
    """Bring this machine's copy up to date, and build its published database. It only reads the store.

    Thumbnails of pictures that are forgotten since are removed. Raises `BadStore`, `StoreUnavailable` and `BadHome`.
    """
    assert home.store is not None, "the caller has checked it"
    home.check_path()
    home.folder.mkdir(parents=True, exist_ok=True)
    check_owner(home.folder, home.store.url)
    with home.held(WAIT_SECONDS, waiting=lambda: None):
        home.bring_state(only_models=True)
        publish_copy(home)
        remove_old_thumbnails(home)
    files = [Path(file) for name in TABLES for file in home.lake.files(name)]
    return PulledFiles(len(files), sum(file.stat().st_size for file in files))


WAIT_SECONDS = 600.0
