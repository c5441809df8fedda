"""A fetch that is killed in the middle: nothing half-written is taken for a picture, and the next run completes it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from tasks.fetch.body import BLOCK_BYTES
from tasks.fetch.download import Limits
from tasks.fetch.results import BATCH_ROWS

ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import sys
from pathlib import Path
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from warehouse.home import Home
allowed = frozenset({"127.0.0.1"})
fetch_pictures(Home(Path(sys.argv[1])), FetchOptions(allow_private_hosts=allowed), lambda done, total: None)
"""


def test_killed(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """Killed while pictures are on their way, a run has stored a batch; the next one asks for the rest, and all is whole."""
    total, held = BATCH_ROWS + 40, asyncio.Event()
    padding = bytes(BLOCK_BYTES)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.path[1:])
        body = picture(number) + padding * (number >= BATCH_ROWS)
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[:-30])
        if number >= BATCH_ROWS and not held.is_set():
            await asyncio.sleep(60)
        await response.write(body[-30:])
        return response

    paths = [f"/{number:05}" for number in range(total)]
    server.pages = dict.fromkeys(paths, answer)
    fetching.want([server.url(path) for path in paths])

    incoming = fetching.home.pictures / ".incoming"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(fetching.home.folder)], cwd=ROOT)
    try:
        while not fetching.rows("select count(*) from fetches")[0][0] or not any(incoming.iterdir()):
            assert child.poll() is None
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(60)

    assert list(incoming.iterdir()), "the kill came while pictures were on their way"
    (stored,) = fetching.rows("select count(*) from pictures")[0]
    assert fetching.rows("select count(*) from fetches where status = 'ok'") == [(stored,)] != [(0,)]
    held.set()
    server.asked.clear()
    assert fetching.run(limits=Limits()).items == total - stored
    assert set(server.asked) <= set(paths) and len(server.asked) == total - stored
    assert not list(incoming.iterdir())
    assert len(fetching.stored()) == total
    fetching.check_store()
    counted = "select count(*), count(distinct sha256), count(*) filter (status = 'ok') from fetches"
    assert fetching.rows(counted) == [(total, total, total)]
    assert fetching.rows("select count(distinct sha256) from post_pictures") == [(total,)]


def test_leftovers(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """What a killed run left half-downloaded is removed, and a file of another's is not touched."""
    incoming = fetching.home.pictures / ".incoming"
    incoming.mkdir(parents=True)
    (incoming / "half").write_bytes(picture(1)[:20])
    (fetching.home.folder / "notes.txt").write_text("mine")
    fetching.want([server.serve("/a", picture(1))])
    fetching.run()
    assert list(fetching.stored().values()) == [picture(1)]
    assert (fetching.home.folder / "notes.txt").read_text() == "mine"


def test_kept_but_not_noted(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A picture that a killed run moved to its place but did not note is fetched again, and counts once."""
    fetching.want([server.serve("/a", picture(1))])
    fetching.run()
    (path,) = fetching.stored()
    for table in ("pictures", "fetches"):
        fetching.home.lake.delete(table, "sha256", [path.split("/")[-1].split(".")[0]])
    fetching.want([server.serve("/b", picture(1))], first_post=1)
    fetching.run()
    assert fetching.stored() == {path: picture(1)}
    fetching.check_store()
