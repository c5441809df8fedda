"""A downloading process: `python -m tasks.fetch.child`, started by `tasks.fetch.processes`.

It loads nothing of the lake, so it starts fast and stays small; and a picture that breaks the library that
reads its header ends this process, not the run.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from typing import BinaryIO

from tasks.fetch.attempt import Attempt
from tasks.fetch.download import Ask, downloading
from tasks.fetch.messages import Raised, end_line, job_of, order_of
from warehouse.errors import DiskFull

MAX_LINE = 64 * 1024 * 1024
"""Bytes: an address that a page names may have any length."""


def main() -> None:
    """Fetch what standard input asks for, until it ends."""
    # Whatever a library prints must not get between the messages.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    asyncio.run(_serve(out))


async def _serve(out: BinaryIO) -> None:
    lines = asyncio.StreamReader(limit=MAX_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = order_of(await lines.readline())
    async with downloading(order.home, order.options, order.name) as ask, asyncio.TaskGroup() as jobs:
        while line := await lines.readline():
            jobs.create_task(_work(ask, line, out))
        os._exit(0)  # the input's end is the run's, whatever is still on its way


async def _work(ask: Ask, line: bytes, out: BinaryIO) -> None:
    number, url = job_of(line)
    ended = await _asked(ask, url)
    out.write(end_line(number, ended))


async def _asked(ask: Ask, url: str) -> Attempt | Raised:
    try:
        return await ask(url)
    except DiskFull as error:
        return Raised(disk_full=True, text=str(error))
    except Exception:  # noqa: BLE001 - it is raised again where somebody sees it
        return Raised(disk_full=False, text=traceback.format_exc())


if __name__ == "__main__":
    main()
