"""The published database in the object store: the same views and macros, over the files in the store.

An analyst attaches it with DuckDB's extension for the store (httpfs, azure), which is not needed to make it.

As `publish` does, it begins with a database that this process built before, and replaces the views whose files changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import duckdb
from fsspec import AbstractFileSystem

from warehouse.database.definitions import READABLE_FROM, Built, define_all
from warehouse.object_store.client import ObjectStore

NAME = "likelens.duckdb"


_latest: list[Built] = []
"""The database that this process uploaded last."""


def upload_database(
    store: ObjectStore, home: Path, files: Mapping[str, Sequence[str]], published: Built
) -> None:
    """Put a database over these files of the home folder's lake into the store.

    `published` is a complete database: where this process has uploaded none, its views of tables are replaced.
    """
    built = _latest[-1] if _latest else published
    url = store.url.rstrip("/")
    addresses = {
        name: [f"{url}/{Path(path).relative_to(home).as_posix()}" for path in paths]
        for name, paths in files.items()
    }
    with TemporaryDirectory(prefix="likelens-") as folder:
        database = Path(folder) / NAME
        database.write_bytes(built.content)
        with duckdb.connect(
            str(database),
            config={
                "storage_compatibility_version": READABLE_FROM,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        ) as connection:
            connection.register_filesystem(_CopiedFiles(url, home))
            connection.begin()
            queries = define_all(connection, addresses, built.queries)
            connection.commit()
        _latest[:] = [Built(database.read_bytes(), queries)]
        store.put(NAME, database)


class _CopiedFiles(AbstractFileSystem):  # type: ignore[misc]
    """The files of the store as DuckDB reads them to define views: from the copy, by their addresses in the store."""

    cachable = False

    def __init__(self, url: str, home: Path) -> None:
        super().__init__()
        self.protocol = urlsplit(url).scheme
        self._url = url
        self._home = home

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def _local(self, path: str) -> Path:
        return self._home / path.removeprefix(f"{self._url}/")

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name and bytes of a file."""
        return {"name": path, "size": self._local(path).stat().st_size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """When the file was changed."""
        return datetime.fromtimestamp(self._local(path).stat().st_mtime, UTC)

    def glob(self, path: str, **_: Any) -> list[str]:
        """The file itself: no path is a pattern."""
        return [path]

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        """Open a file for reading."""
        return self._local(path).open("rb")
