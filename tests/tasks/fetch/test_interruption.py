"""A fetch that is killed: no incomplete file becomes a picture, and the next run completes the work."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tasks.fetch.body import BLOCK_BYTES
from tasks.fetch.download import Limits

BATCH_ROWS = 50
ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import sys
from pathlib import Path
from tasks.fetch import results, stage
from tasks.fetch.download import FetchOptions
from warehouse.home import Home
allowed = frozenset({"127.0.0.1"})
results.BATCH_ROWS, stage.MIN_FOR_PROCESSES = int(sys.argv[2]), 1
stage.fetch_pictures(Home(Path(sys.argv[1])), FetchOptions(allow_private_hosts=allowed), lambda done, total: None)
"""


@pytest.mark.slow
def test_a_killed_run_is_completed_by_the_next(
    server: Any, server_loop: asyncio.AbstractEventLoop, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A run that is killed during downloads has stored a batch; the next one fetches exactly the rest."""
    total, released = BATCH_ROWS + 40, asyncio.Event()
    padding = bytes(BLOCK_BYTES)

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.path[1:])
        body = picture(number) + padding * (number >= BATCH_ROWS)
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[:-30])
        if number >= BATCH_ROWS:
            await released.wait()
        await response.write(body[-30:])
        return response

    paths = [f"/{number:05}" for number in range(total)]
    server.pages = dict.fromkeys(paths, respond)
    fetching.add_pictures([server.url(path) for path in paths])

    incoming = fetching.home.pictures / ".incoming"
    command = [sys.executable, "-c", CHILD, str(fetching.home.folder), str(BATCH_ROWS)]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        while not fetching.rows("select count(*) from fetches")[0][0] or not any(incoming.iterdir()):
            assert child.poll() is None
            time.sleep(0.1)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=600)  # standard error ends with the last process that holds it

    assert list(incoming.iterdir()), "the kill came during downloads"
    (stored,) = fetching.rows("select count(*) from pictures")[0]
    assert fetching.rows("select count(*) from fetches where status = 'ok'") == [(stored,)] != [(0,)]
    server_loop.call_soon_threadsafe(released.set)
    server.requests.clear()
    assert fetching.run(limits=Limits()).items == total - stored
    assert set(server.requests) <= set(paths) and len(server.requests) == total - stored
    assert not list(incoming.iterdir())
    assert len(fetching.stored_files()) == total
    fetching.check_store()
    counted = "select count(*), count(distinct sha256), count(*) filter (status = 'ok') from fetches"
    assert fetching.rows(counted) == [(total, total, total)]
    assert fetching.rows("select count(distinct sha256) from post_pictures") == [(total,)]


def test_incomplete_files_of_a_killed_run_are_removed(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The incomplete files of a killed run are removed; other files are not touched."""
    incoming = fetching.home.pictures / ".incoming"
    incoming.mkdir(parents=True)
    (incoming / "half").write_bytes(picture(1)[:20])
    (fetching.home.folder / "notes.txt").write_text("mine")
    fetching.add_pictures([server.serve("/a", picture(1))])
    fetching.run()
    assert list(fetching.stored_files().values()) == [picture(1)]
    assert (fetching.home.folder / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_a_stored_file_without_a_row_is_fetched_again(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A picture that a killed run stored without a row is fetched again, and counts once."""
    fetching.add_pictures([server.serve("/a", picture(1))])
    fetching.run()
    (path,) = fetching.stored_files()
    for table in ("pictures", "fetches"):
        fetching.home.lake.delete(table, "sha256", [path.split("/")[-1].split(".")[0]])
    fetching.add_pictures([server.serve("/b", picture(1))], first_post=1)
    fetching.run()
    assert fetching.stored_files() == {path: picture(1)}
    fetching.check_store()
