"""Downloads in several processes, which use more than one core: the run's side of `tasks.fetch.worker`."""

from __future__ import annotations

import asyncio
import itertools
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing import Pipe

from classifiers.cores import cores
from tasks.errors import DownloadsCrashed
from tasks.fetch.attempt import Attempt, Reason
from tasks.fetch.download import Download, FetchOptions
from warehouse.pictures.files import PictureFiles

logger = logging.getLogger(__name__)

MAX_PROCESSES = 4
"""One process fetches more than 300 MB a second; few lines and disks take four times that."""
MAX_CRASHES = 10
"""Processes that may crash within a run."""


def process_count() -> int:
    """One process for each core that this process may use, within the limit."""
    return min(MAX_PROCESSES, cores())


@asynccontextmanager
async def downloading_in(number: int, files: PictureFiles, options: FetchOptions) -> AsyncIterator[Download]:
    """Start that many processes for the time of the block; the one with the fewest jobs gets the next.

    Another process replaces one that crashes. Each of its jobs ends as an attempt that was cut off.
    """
    workers = _Workers(files, options)
    try:
        workers.start(number)
        yield workers.download
    finally:
        workers.stop()


class _Worker:
    """One process, its connection, and its jobs."""

    def __init__(self) -> None:
        self.jobs: dict[int, asyncio.Future[Attempt | Exception]] = {}
        self.connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tasks.fetch.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=2,  # standard output is the command's
                pass_fds=[theirs.fileno()],
                # Ctrl-C in a terminal reaches the whole session; the run decides when its processes end.
                start_new_session=True,
            )

    def stop(self) -> int:
        """Stop the process, whatever its jobs; returns its exit status."""
        if not self.connection.closed:
            asyncio.get_running_loop().remove_reader(self.connection.fileno())
            self.connection.close()
        self._process.kill()
        return self._process.wait()


class _Workers:
    def __init__(self, files: PictureFiles, options: FetchOptions) -> None:
        self._files = files
        self._options = options
        self._names = itertools.count()
        self._numbers = itertools.count()
        self._workers: list[_Worker] = []
        self._crashes = 0

    async def download(self, url: str) -> Attempt:
        """Make one attempt. Raises `DiskFull`, `DownloadsCrashed`, `RuntimeError` with a traceback, or `OSError`.

        `OSError` means that no process could replace one that crashed.
        """
        worker = min(self._workers, key=lambda one: len(one.jobs))
        number = next(self._numbers)
        job: asyncio.Future[Attempt | Exception] = asyncio.get_running_loop().create_future()
        worker.jobs[number] = job
        self._send(worker, (number, url))
        result = await job
        if isinstance(result, Exception):
            raise result
        return result

    def start(self, number: int) -> None:
        """Start that many processes."""
        for _ in range(number):
            self._workers.append(worker := _Worker())
            asyncio.get_running_loop().add_reader(worker.connection.fileno(), self._receive, worker)
            self._send(worker, (self._files, self._options, f"{next(self._names)}-"))

    def stop(self) -> None:
        """Stop all processes."""
        for worker in self._workers:
            worker.stop()

    def _send(self, worker: _Worker, message: object) -> None:
        try:
            worker.connection.send(message)
        except OSError:
            self._replace(worker)

    def _receive(self, worker: _Worker) -> None:
        try:
            number, result = worker.connection.recv()
        except (EOFError, OSError):
            self._replace(worker)
            return
        job = worker.jobs.pop(number)
        if not job.done():
            job.set_result(result)

    def _replace(self, worker: _Worker) -> None:
        status = worker.stop()
        logger.warning("A download process crashed (exit status %d)", status)
        self._crashes += 1
        result: Attempt | Exception = Attempt(datetime.now(UTC), 0.0, reason=Reason.CUT_OFF)
        if self._crashes > MAX_CRASHES:
            result = DownloadsCrashed(
                f"{self._crashes} download processes crashed, the last with exit status {status}. Memory may be"
                " short, or a picture may crash the library that reads it. Run again: stored pictures are not"
                " fetched again."
            )
        else:
            self._workers.remove(worker)
            try:
                self.start(1)
            except OSError as error:  # a callback of the loop may be the caller, and nothing would raise it
                result = error
        for job in worker.jobs.values():
            if not job.done():
                job.set_result(result)
        worker.jobs.clear()
