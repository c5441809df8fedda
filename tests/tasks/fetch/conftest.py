"""A real picture server on loopback, and a home folder with pictures to fetch."""

from __future__ import annotations

import asyncio
import hashlib
import io
import shutil
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.stage import fetch_pictures
from warehouse.home import Home
from warehouse.records.runs import StageResult
from warehouse.schema.tables import PostPicture

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class PictureServer:
    """A server that responds by path. It records the requests, and how many it had at once."""

    port: int = 0
    pages: dict[str, Handler] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    active: int = 0
    max_active: int = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path, with the host as given."""
        return f"http://{host}:{self.port}{path}"

    def serve(
        self, path: str, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None
    ) -> str:
        """Respond to `path` with this; returns its address."""

        async def respond(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers=headers)

        self.pages[path] = respond
        return self.url(path)

    def serve_raw(self, path: str, response: bytes) -> str:
        """Respond to `path` with these bytes, HTTP or not, and hang up; returns its address."""

        async def write(request: web.BaseRequest) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.write(response)
            request.transport.close()
            raise asyncio.CancelledError

        self.pages[path] = write
        return self.url(path)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Handle every request."""
        self.requests[request.path] += 1
        self.headers.append(dict(request.headers))
        self.active += 1
        self.max_active = max(self.max_active, self.active)
        try:
            page = self.pages.get(request.path)
            return await page(request) if page else web.Response(status=404)
        finally:
            self.active -= 1


@pytest.fixture(scope="session")
def server_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop, in a thread, in which all servers of the session run."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def cancel_all() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(cancel_all(), loop).result(600)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(600)
        loop.close()


@pytest.fixture
def server(server_loop: asyncio.AbstractEventLoop) -> Iterator[PictureServer]:
    """A server for one test."""
    yield from _running(server_loop)


@pytest.fixture(scope="module")
def module_server(server_loop: asyncio.AbstractEventLoop) -> Iterator[PictureServer]:
    """One server for all tests of a file."""
    yield from _running(server_loop)


def _running(loop: asyncio.AbstractEventLoop) -> Iterator[PictureServer]:
    created = PictureServer()

    async def start() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(created.handle), shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        created.port = runner.addresses[0][1]
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(600)
    try:
        yield created
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(600)


def picture_bytes(number: int, kind: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    """A small picture, another one for each number."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (number % 256, number // 256 % 256, 7)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """Make a picture's bytes."""
    return picture_bytes


@dataclass(frozen=True)
class Fetching:
    """A home folder, and the stage run on it."""

    home: Home

    def add_pictures(self, urls: Sequence[str], first_post: int = 0) -> None:
        """Add a post for each of these pictures."""
        rows = [
            PostPicture(source="s", post_id=f"p{number:06d}", position=0, picture_url=url, sha256=None)
            for number, url in enumerate(urls, first_post)
        ]
        self.home.lake.append(rows)

    def run(self, **options: Any) -> StageResult:
        """Fetch the pending pictures; by default 127.0.0.1 is allowed and a picture may have 200 kB."""
        options.setdefault("limits", Limits(max_bytes=200_000))
        options.setdefault("allow_private_hosts", frozenset({"127.0.0.1"}))
        return fetch_pictures(self.home, FetchOptions(**options), lambda done, total: None)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query to the lake."""
        return self.home.lake.query(query)

    def attempts(self, url: str) -> list[tuple[Any, ...]]:
        """Status, reason and HTTP status of each attempt at an address, in order."""
        query = "select status, reason, http_status from fetches where picture_url = ? order by attempted_at"
        return self.home.lake.query(query, [url])

    def stored_files(self) -> dict[str, bytes]:
        """Every file in the store, by its path relative to the home folder."""
        files = [path for path in self.home.pictures.rglob("*") if path.is_file()]
        return {path.relative_to(self.home.folder).as_posix(): path.read_bytes() for path in files}

    def check_store(self) -> None:
        """Assert that the store holds the complete files of the table `pictures`, and nothing else."""
        found = {path: hashlib.sha256(data).hexdigest() for path, data in self.stored_files().items()}
        assert found == dict(self.rows("select path, sha256 from pictures"))


@pytest.fixture
def fetching(empty_home: Home, tmp_path: Path) -> Fetching:
    """A new home folder for a test."""
    return Fetching(Home(shutil.copytree(empty_home.folder, tmp_path / "home")))


@pytest.fixture(scope="module")
def module_fetching(empty_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Fetching:
    """One home folder for all tests of a file."""
    return Fetching(Home(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("fetch") / "home")))


@pytest.fixture(scope="module")
def short_pauses() -> Iterator[None]:
    """Shorten our own pauses, not those that a host requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.fetch.hosts.pause_seconds", lambda tried, part: 0.01)
        patch.setattr("tasks.fetch.pipeline.pause_seconds", lambda tried, part: 0.01)
        yield
