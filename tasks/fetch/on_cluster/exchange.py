"""Downloads on a worker. Each call brings new addresses, and takes what has ended since the call before.

A thread downloads between the calls. It ends when the driver ends the session, or has not called for a while.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

from tasks.cluster.versions import differences, installed_versions
from tasks.errors import ClusterUnavailable
from tasks.fetch.download import Download, downloading
from tasks.fetch.on_cluster.values import DownloadSession, Reply, WorkerResult
from warehouse.errors import WarehouseError
from warehouse.pictures.files import PictureFiles
from warehouse.pictures.local import LocalPictures

WAIT_SECONDS = 0.1
"""How long a call waits for the first result: new addresses wait in the driver meanwhile."""
MAX_REPLY_BYTES = 32 * 1024 * 1024
"""A reply has no further picture above this size."""
IDLE_SECONDS = 300.0
"""A driver that has not called for so long is gone."""
START_SECONDS = 60.0


def exchange(session: DownloadSession, jobs: Sequence[tuple[int, str]]) -> Reply:
    """Start jobs, numbers with addresses, and return what has ended.

    Raises `ClusterUnavailable` on a worker with other packages than the driver's.
    """
    return _open_once(session).exchange(jobs)


def end_session(session_id: str) -> None:
    """End the downloads of a session, finished or not."""
    with _opening:
        if (downloads := _sessions.pop(session_id, None)) is not None:
            downloads.stop()


def can_store_beside(files: PictureFiles, probe: str) -> bool:
    """Whether this worker reads the driver's file `probe`, whose content is its path, and can write one beside it."""
    own = f"{probe}-{uuid4().hex}"
    try:
        if files.source(probe).read_bytes() != probe.encode():
            return False
        files.put(own, probe.encode())
        files.delete([own])
    except (OSError, WarehouseError):  # such as a store whose keys this worker does not have
        return False
    return True


class _Downloads:
    """The downloads of one session in this process."""

    def __init__(self, session: DownloadSession) -> None:
        self._session = session
        self._process = uuid4().hex
        self._ended: deque[WorkerResult] = deque()
        self._changed = threading.Condition()
        self._called_at = time.monotonic()
        self._ready = threading.Event()
        self._failed = ""
        threading.Thread(target=self._run, name="downloads", daemon=True).start()
        if not self._ready.wait(START_SECONDS) or self._failed:
            raise RuntimeError(f"The downloads of a worker could not start. {self._failed}")

    def exchange(self, jobs: Sequence[tuple[int, str]]) -> Reply:
        self._called_at = time.monotonic()
        for number, url in jobs:
            self._loop.call_soon_threadsafe(self._start, number, url)
        with self._changed:
            if not self._ended:
                self._changed.wait(WAIT_SECONDS)
        return Reply(self._process, self._take())

    def stop(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._stopped.set)

    @property
    def is_over(self) -> bool:
        return self._ready.is_set() and self._loop.is_closed()

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                if (files := self._session.files) is None:
                    self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likelens-")))
                    files = LocalPictures(self._folder)
                    files.open_incoming()
                asyncio.run(self._serve(files))
        except Exception:  # noqa: BLE001 - the driver raises it
            self._failed = traceback.format_exc()
            self._ready.set()

    async def _serve(self, files: PictureFiles) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        async with downloading(files, self._session.options, f"{self._process}-") as self._download:
            self._ready.set()
            while not self._stopped.is_set() and time.monotonic() - self._called_at < IDLE_SECONDS:
                with suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._stopped.wait()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, number: int, url: str) -> None:
        task = self._loop.create_task(self._work(self._download, number, url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, download: Download, number: int, url: str) -> None:
        try:
            fetched = WorkerResult(number, await download(url))
        except WarehouseError as error:  # the disk is full, or the object store fails
            fetched = WorkerResult(number, error)
        except Exception:  # noqa: BLE001 - the driver raises it
            fetched = WorkerResult(number, RuntimeError(traceback.format_exc()))
        with self._changed:
            self._ended.append(fetched)
            self._changed.notify()

    def _take(self) -> list[WorkerResult]:
        taken: list[WorkerResult] = []
        size = 0
        while self._ended and size < MAX_REPLY_BYTES:
            fetched = self._ended.popleft()
            if self._session.files is None:
                fetched = self._with_data(fetched)
                size += len(fetched.data or b"")
            taken.append(fetched)
        return taken

    def _with_data(self, fetched: WorkerResult) -> WorkerResult:
        picture = None if isinstance(fetched.result, Exception) else fetched.result.picture
        if picture is None:
            return fetched
        file = self._folder / picture.path
        try:
            data = file.read_bytes()
            file.unlink()
        except FileNotFoundError:
            return fetched  # two addresses had the same picture, and it was sent with the first
        return WorkerResult(fetched.number, fetched.result, data)


_sessions: dict[str, _Downloads] = {}
_opening = threading.Lock()


def _open_once(session: DownloadSession) -> _Downloads:
    with _opening:
        downloads = _sessions.get(session.id)
        if downloads is None or downloads.is_over:
            if different := differences(session.packages, installed_versions()):
                raise ClusterUnavailable(
                    f"A worker joined that has other packages than this machine: {'; '.join(different)}. Install the same"
                    " versions there, start it again, and then run again."
                )
            downloads = _sessions[session.id] = _Downloads(session)
        return downloads
