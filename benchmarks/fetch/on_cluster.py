"""What a picture costs on a cluster of this machine, beside the download processes.

    python -m benchmarks.fetch.on_cluster [--pictures 1000] [--only "Dask, bytes"]

A server of this benchmark serves pictures of 100 to 300 KB on four local hosts. CPU seconds are those of the driver and of
all its processes while the stage runs, without their start.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from benchmarks.fetch.ours import prepare
from benchmarks.fetch.server import write_pictures
from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.fetch import stage
from tasks.fetch.download import FetchOptions
from tasks.fetch.on_cluster import driver
from warehouse.home import Home

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
WAYS = ("processes", "Dask, shared folder", "Dask, bytes", "Ray, shared folder", "Ray, bytes")


def serve(folder: Path, started: Connection) -> None:
    """Serve the files of a folder on all local hosts, until the process is ended."""
    import socket

    from aiohttp import web

    async def respond(request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / request.match_info["name"])

    async def make() -> web.Application:
        app = web.Application()
        app.router.add_get("/{name}", respond)

        async def announce(_: web.Application) -> None:
            started.send(port)

        app.on_startup.append(announce)
        return app

    listening = socket.create_server(("0.0.0.0", 0), backlog=512)  # noqa: S104 - for all local hosts
    port = listening.getsockname()[1]
    web.run_app(make(), sock=listening, print=None, access_log=None)


def measure(way: str, folder: Path, port: int, names: list[str]) -> tuple[float, float, float]:
    """CPU seconds of all processes, those of the driver alone, and seconds, for fetching all pictures in that way."""
    home = Home(folder)
    prepare(folder, tuple(f"http://{HOSTS[n % 4]}:{port}/{name}" for n, name in enumerate(names)))
    options = FetchOptions(allow_private_hosts=frozenset(HOSTS))
    if way == "processes":
        return _fetch(home, options, None)
    driver._workers_see = lambda *_: way.endswith("folder")  # noqa: SLF001
    runner = "dask" if way.startswith("Dask") else "ray"
    with ClusterSession(ClusterOptions(runner, workers=2, table="fetch")) as session:  # type: ignore[arg-type]
        session.open()
        return _fetch(home, options, session)


def _fetch(home: Home, options: FetchOptions, session: ClusterSession | None) -> tuple[float, float, float]:
    before, own, began = _tree_seconds(), time.process_time(), time.perf_counter()
    result = stage.fetch_pictures(home, options, lambda *_: None, session)
    after = _tree_seconds()
    assert result.status == "done", result.message
    return after - before, time.process_time() - own, time.perf_counter() - began


def _tree_seconds() -> float:
    """CPU seconds of this process and of those below it, the server's too; of download processes, which have ended, their parent has them."""
    used = os.times()
    total = used.user + used.system + used.children_user + used.children_system
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fetch.on_cluster")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--only", default="", help="the way to measure")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        write_pictures(folder / "pictures", chosen.pictures)
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("fork").Process(
            target=serve, args=(folder / "pictures", theirs), daemon=True
        )
        server.start()
        port = ours.recv()
        print("| way | CPU ms per picture | of the driver | pictures/s |\n|---|---|---|---|")
        names = sorted(file.name for file in (folder / "pictures").iterdir())
        for way in [one for one in WAYS if one.startswith(chosen.only)]:
            spent = psutil.Process(server.pid).cpu_times()
            cpu, own, seconds = measure(way, folder / way, port, names)
            now = psutil.Process(server.pid).cpu_times()
            cpu -= now.user + now.system - spent.user - spent.system
            each = 1000 / len(names)
            print(f"| {way} | {cpu * each:.1f} | {own * each:.1f} | {len(names) / seconds:.0f} |", flush=True)
        server.terminate()


if __name__ == "__main__":
    main()
