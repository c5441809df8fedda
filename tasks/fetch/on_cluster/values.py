"""What travels between the driver and a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.fetch.attempt import Attempt
from tasks.fetch.download import FetchOptions
from warehouse.pictures.files import PictureFiles


@dataclass(frozen=True, slots=True)
class DownloadSession:
    """The downloads of one stage on a worker.

    `files` are the stored pictures where the worker can store some, else None: pictures then travel as bytes. `packages` are those of
    the driver.
    """

    id: str
    files: PictureFiles | None
    options: FetchOptions
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """An attempt that has ended, or the error of the worker.

    `data` are the picture's bytes where the worker does not see the home folder; None if this worker sent them before.
    """

    number: int
    result: Attempt | Exception
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What has ended since the reply before. `process` differs from that one's if the worker's downloads were lost."""

    process: str
    fetched: list[WorkerResult]
