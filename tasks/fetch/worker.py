"""A download process: `python -m tasks.fetch.worker FD`, started by `tasks.fetch.processes`.

It loads nothing of the lake, so it starts fast and stays small. A picture that crashes the library that reads
its header ends this process, not the run.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import traceback
from multiprocessing.connection import Connection

from tasks.fetch.download import Download, downloading
from warehouse.errors import WarehouseError


def main() -> None:
    """Fetch what the run requests, until the run closes the connection or ends."""
    asyncio.run(_serve(Connection(int(sys.argv[1]))))


async def _serve(run: Connection) -> None:
    loop, (files, options, name) = asyncio.get_running_loop(), run.recv()
    async with downloading(files, options, name) as download, asyncio.TaskGroup() as tasks:

        def receive() -> None:
            # A thread reads, so the run never waits for a process that itself waits to send.
            try:
                while True:
                    loop.call_soon_threadsafe(start, *run.recv())
            except (EOFError, OSError):
                os._exit(0)  # the run has ended

        def start(number: int, url: str) -> None:
            tasks.create_task(_work(run, download, number, url))

        threading.Thread(target=receive, daemon=True).start()
        await loop.create_future()


async def _work(run: Connection, download: Download, number: int, url: str) -> None:
    try:
        run.send((number, await download(url)))
    except WarehouseError as error:  # the disk is full, or the object store fails
        run.send((number, error))
    except Exception:  # noqa: BLE001 - the run raises it
        run.send((number, RuntimeError(traceback.format_exc())))


if __name__ == "__main__":
    main()
