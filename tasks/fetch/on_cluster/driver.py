"""Downloads on a cluster, from the driver's side: each host's pictures go to one worker at a time.

download an address:
    the worker that has requests of its host, else the one with the fewest jobs, gets it
for each worker, while it has jobs:
    call it with the new addresses; store the pictures that come back as bytes, and end their jobs
    if it died, its jobs end as cut off, so the pipeline tries them again
every few seconds:
    take in workers that joined the cluster, if they have the same packages; each takes over some hosts
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from tasks.cluster.pinned import PinnedWorker, pin_worker
from tasks.cluster.protocol import Cluster, WorkerDied
from tasks.cluster.versions import RESPONSE_SECONDS, installed_versions, run_on_each
from tasks.errors import ClusterUnavailable, DownloadsCrashed
from tasks.fetch.attempt import Attempt, Reason
from tasks.fetch.download import Download, FetchOptions, downloading
from tasks.fetch.hosts import host_name
from tasks.fetch.local import is_local
from tasks.fetch.on_cluster.exchange import can_store_beside, end_session, exchange
from tasks.fetch.on_cluster.host_owners import HostOwners
from tasks.fetch.on_cluster.joining import JoinRefused, prepare_session
from tasks.fetch.on_cluster.values import DownloadSession, Reply, WorkerResult
from tasks.fetch.processes import MAX_CRASHES
from tasks.fetch.store import PictureStore, RejectedPicture
from warehouse.pictures.files import INCOMING, PICTURES, PictureFiles

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""How often the driver looks whether a worker that does not reply is still there."""
JOIN_SECONDS = 10.0
"""How often the driver looks for workers that joined."""
ALONE_SECONDS = 300.0
"""How long a run waits for a worker when all are gone; a killed one is often started again."""


@asynccontextmanager
async def downloading_on(
    cluster: Cluster, files: PictureFiles, options: FetchOptions
) -> AsyncIterator[Download]:
    """Download on the workers of the cluster for the time of the block; files of this machine are copied here.

    The folder of incoming files must exist. Raises `ClusterUnavailable`.
    """
    can_store = await asyncio.to_thread(_workers_can_store, cluster, files)
    if not can_store:
        logger.info("The workers can't store pictures where this machine does, so pictures travel as bytes.")
    session = DownloadSession(uuid4().hex, files if can_store else None, options, installed_versions())
    async with downloading(files, options, "driver-") as local:
        downloads = _ClusterDownloads(cluster, files, session, local)
        try:
            await downloads.start()
            yield downloads.download
        finally:
            await downloads.stop()


def _workers_can_store(cluster: Cluster, files: PictureFiles) -> bool:
    """Whether every worker can store pictures where this machine does."""
    probe = f"{PICTURES}/{INCOMING}/probe-{uuid4().hex}"
    files.put(probe, probe.encode())
    try:
        return all(run_on_each(cluster, can_store_beside, (files, probe), RESPONSE_SECONDS).values())
    finally:
        files.delete([probe])


class _Worker:
    """One process of the cluster: its jobs, and which of them it does not know yet."""

    def __init__(self, pin: PinnedWorker, session: DownloadSession) -> None:
        self.pin = pin
        self.session = session
        self.jobs: dict[int, asyncio.Future[Attempt]] = {}
        self.new: list[tuple[int, str]] = []
        self.wake = asyncio.Event()
        self.process = ""
        self.task: asyncio.Task[None] | None = None

    def check_process(self, reply: Reply) -> None:
        """Raise `WorkerDied` if the reply is of other downloads than those that have the jobs."""
        if self.process and reply.process != self.process:
            raise WorkerDied("its downloads were lost")
        self.process = reply.process

    def end_jobs(self, error: BaseException | None) -> None:
        """End all jobs: with an error, or as cut off."""
        for job in self.jobs.values():
            if not job.done() and error is not None:
                job.set_exception(error)
            elif not job.done():
                job.set_result(Attempt(datetime.now(UTC), 0.0, reason=Reason.CUT_OFF))
        self.jobs.clear()
        self.new.clear()


class _ClusterDownloads:
    def __init__(
        self, cluster: Cluster, files: PictureFiles, session: DownloadSession, local: Download
    ) -> None:
        self._cluster = cluster
        self._session = session
        self._local = local
        self._store = PictureStore(files, "cluster-")
        self._workers: list[_Worker] = []
        self._owners: HostOwners[_Worker] = HostOwners()
        self._refused: dict[str, str] = {}
        self._numbers = itertools.count()
        self._finding = asyncio.Lock()
        self._deaths = 0
        self._watching: asyncio.Task[None] | None = None

    async def download(self, url: str) -> Attempt:
        """Make one attempt. Raises `DiskFull`, `ClusterUnavailable`, `DownloadsCrashed`, or `RuntimeError` with a traceback."""
        if is_local(url):
            return await self._local(url)
        host = host_name(url)
        await self._owners.wait_for_move(host)
        while not self._workers:
            await self._find_workers()
            await self._owners.wait_for_move(host)
        worker = self._owners.begin(host, self._workers)
        number = next(self._numbers)
        job: asyncio.Future[Attempt] = asyncio.get_running_loop().create_future()
        worker.jobs[number] = job
        worker.new.append((number, url))
        worker.wake.set()
        try:
            return await job
        finally:
            self._owners.end(host)

    async def start(self) -> None:
        """Take in the workers that are there, whose packages were compared before; later ones as they join."""
        for name in await asyncio.to_thread(self._cluster.workers):
            for pin in await asyncio.to_thread(pin_worker, self._cluster, name):
                self._add(pin, self._session)
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(JOIN_SECONDS)
            with suppress(ClusterUnavailable):  # the next call of a worker raises it
                async with self._finding:
                    await self._take_in()

    async def _take_in(self) -> None:
        known = {worker.pin.name for worker in self._workers} | self._refused.keys()
        for name in await asyncio.to_thread(self._cluster.workers):
            if name in known:
                continue
            for pin in await asyncio.to_thread(pin_worker, self._cluster, name):
                try:
                    session = await prepare_session(pin, self._session)
                except JoinRefused as error:
                    logger.warning("A worker joined that can't fetch: %s", error)
                    self._refused[name] = str(error)
                    pin.release()
                else:
                    self._owners.share_with(self._add(pin, session), self._workers)
                    logger.info("The worker %s of %s joined", name, self._cluster.options.place)

    async def _find_workers(self) -> None:
        """Take in workers that joined. Waits for one; raises `ClusterUnavailable` if none comes."""
        async with self._finding:
            began = time.monotonic()
            while not self._workers:
                await self._take_in()
                if self._workers:
                    return
                if time.monotonic() - began > ALONE_SECONDS:
                    raise ClusterUnavailable(
                        f"{self._cluster.options.place} has had no worker for {ALONE_SECONDS / 60:.0f} minutes. Start"
                        " workers, and then run again: stored pictures are not fetched again."
                        + "".join(f" {why}" for why in list(self._refused.values())[-1:])
                    )
                await asyncio.sleep(POLL_SECONDS / 4)

    async def stop(self) -> None:
        """End the downloads on all workers, finished or not."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        workers, self._workers = self._workers, []
        for worker in workers:
            if worker.task is not None:
                worker.task.cancel()
        await asyncio.gather(
            *(worker.task for worker in workers if worker.task is not None), return_exceptions=True
        )
        for worker in workers:
            with suppress(Exception):  # it may be gone, and ends its downloads by itself
                await asyncio.wait_for(
                    asyncio.wrap_future(worker.pin.call(end_session, self._session.id)), POLL_SECONDS
                )
                worker.pin.release()
        self._store.close()

    def _add(self, pin: PinnedWorker, session: DownloadSession) -> _Worker:
        worker = _Worker(pin, session)
        self._workers.append(worker)
        worker.task = asyncio.create_task(self._talk(worker))
        return worker

    async def _talk(self, worker: _Worker) -> None:
        """Call the worker while it has jobs."""
        try:
            while True:
                if not worker.jobs:
                    worker.wake.clear()
                    await worker.wake.wait()
                new, worker.new = worker.new, []
                reply = await self._call(worker, worker.pin.call(exchange, worker.session, new))
                worker.check_process(reply)
                for fetched in reply.fetched:
                    await self._end_job(worker, fetched)
        except WorkerDied as death:
            await self._replace(worker, death)
        except Exception as error:  # noqa: BLE001 - the pipeline raises it
            self._workers.remove(worker)
            worker.end_jobs(error)

    async def _call(self, worker: _Worker, call: Future[Reply]) -> Reply:
        """The worker's reply. Raises `WorkerDied` if it is gone: the cluster would keep the call for its return."""
        reply = asyncio.ensure_future(asyncio.wrap_future(call))
        while True:
            done, _ = await asyncio.wait({reply}, timeout=POLL_SECONDS)
            if done:
                return reply.result()
            if worker.pin.name not in await asyncio.to_thread(self._cluster.workers) and not reply.done():
                self._cluster.cancel(call)
                reply.cancel()
                raise WorkerDied("it is not in the cluster any more")

    async def _end_job(self, worker: _Worker, fetched: WorkerResult) -> None:
        job = worker.jobs.pop(fetched.number, None)
        if job is None or job.done():
            return
        result = fetched.result
        try:
            if isinstance(result, Attempt) and fetched.data is not None:
                result = await self._store_bytes(result, fetched.data)
        except Exception as error:  # noqa: BLE001 - such as a full disk; the pipeline raises it
            result = error
        if isinstance(result, Exception):
            job.set_exception(result)
        else:
            job.set_result(result)

    async def _store_bytes(self, attempt: Attempt, data: bytes) -> Attempt:
        """Check and store a picture that a worker has checked before."""
        loop = asyncio.get_running_loop()
        try:
            stored = await loop.run_in_executor(
                self._store.threads, lambda: self._store.add_bytes(data, may_decode=True)
            )
        except RejectedPicture as error:
            return replace(attempt, picture=None, reason=error.reason, message=error.message)
        return replace(attempt, picture=stored)

    async def _replace(self, worker: _Worker, death: WorkerDied) -> None:
        logger.warning(
            "The worker %s of %s died (%s). Its pictures are tried again.",
            worker.pin.name,
            self._cluster.options.place,
            death,
        )
        self._deaths += 1
        self._workers.remove(worker)
        worker.end_jobs(
            DownloadsCrashed(
                f"{self._deaths} workers of {self._cluster.options.place} died while they fetched. Memory may be short, or"
                " a picture may crash the library that reads it: look at their logs. Run again: stored pictures are not"
                " fetched again."
            )
            if self._deaths > MAX_CRASHES
            else None
        )
        with suppress(ClusterUnavailable):  # the next download raises it
            async with self._finding:
                await self._take_in()
