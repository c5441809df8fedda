"""A worker that joins the cluster during a fetch: whether it may take part, and where it stores pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from tasks.cluster.pinned import PinnedWorker
from tasks.cluster.protocol import WorkerDied
from tasks.cluster.versions import RESPONSE_SECONDS, differences, worker_versions
from tasks.fetch.on_cluster.exchange import can_store_beside
from tasks.fetch.on_cluster.values import DownloadSession
from warehouse.pictures.files import INCOMING, PICTURES


class JoinRefused(Exception):
    """The worker takes no part; the others go on."""


async def prepare_session(pin: PinnedWorker, session: DownloadSession) -> DownloadSession:
    """The session for this worker: its pictures travel as bytes if it can't store them where the driver does.

    Raises `JoinRefused` on a worker with other packages than the driver's, and on one that does not respond.
    """
    versions = await _call(pin, worker_versions)
    if different := differences(session.packages, versions):
        raise JoinRefused(
            f"The worker {pin.name} has other packages than this machine: {'; '.join(different)}. Install the same"
            " versions there, and start it again."
        )
    if (files := session.files) is None:
        return session
    probe = f"{PICTURES}/{INCOMING}/probe-{uuid4().hex}"
    await asyncio.to_thread(files.put, probe, probe.encode())
    try:
        can_store = await _call(pin, can_store_beside, files, probe)
    finally:
        await asyncio.to_thread(files.delete, [probe])
    return session if can_store else replace(session, files=None)


async def _call(pin: PinnedWorker, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        async with asyncio.timeout(RESPONSE_SECONDS):
            return await asyncio.wrap_future(pin.call(function, *arguments))
    except TimeoutError:
        raise JoinRefused(
            f"The worker {pin.name} did not respond within {RESPONSE_SECONDS:.0f} seconds."
        ) from None
    except WorkerDied as error:
        raise JoinRefused(f"The worker {pin.name} died at its first piece of work ({error}).") from None
    except ModuleNotFoundError as error:
        raise JoinRefused(
            f"The worker {pin.name} can't import {error.name}. Install the same version of likelens there."
        ) from None
