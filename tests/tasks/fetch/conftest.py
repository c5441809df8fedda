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
from warehouse.runs import StageResult
from warehouse.tables import PostPicture

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class PictureServer:
    """Answers by path; keeps what it was asked, and how much of that at once."""

    port: int = 0
    pages: dict[str, Handler] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    now: int = 0
    most_at_once: int = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path, with the host written as wanted."""
        return f"http://{host}:{self.port}{path}"

    def serve(
        self, path: str, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None
    ) -> str:
        """Answer `path` so; returns its address."""

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers=headers)

        self.pages[path] = answer
        return self.url(path)

    def serve_raw(self, path: str, answer: bytes) -> str:
        """Answer `path` with these bytes, HTTP or not, and hang up; returns its address."""

        async def write(request: web.BaseRequest) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.write(answer)
            request.transport.close()
            raise asyncio.CancelledError

        self.pages[path] = write
        return self.url(path)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request comes here."""
        self.asked[request.path] += 1
        self.headers.append(dict(request.headers))
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            page = self.pages.get(request.path)
            return await page(request) if page else web.Response(status=404)
        finally:
            self.now -= 1


@pytest.fixture
def server() -> Iterator[PictureServer]:
    """A server of its own for a test."""
    yield from _running()


@pytest.fixture(scope="module")
def module_server() -> Iterator[PictureServer]:
    """One server for all tests of a file."""
    yield from _running()


def _running() -> Iterator[PictureServer]:
    made = PictureServer()
    loop = asyncio.new_event_loop()

    async def start() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(made.handle), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.port = runner.addresses[0][1]
        return runner

    async def end() -> None:
        await runner.cleanup()
        waiting = asyncio.all_tasks() - {asyncio.current_task()}  # answers that were to come late, or never
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def picture_bytes(number: int, kind: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    """A small picture that differs from every other number's."""
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

    def want(self, urls: Sequence[str], first_post: int = 0) -> None:
        """Let posts show these pictures, one each."""
        rows = [
            PostPicture(source="s", post_id=f"p{number:06d}", position=0, picture_url=url, sha256=None)
            for number, url in enumerate(urls, first_post)
        ]
        self.home.lake.append(rows)

    def run(self, **options: Any) -> StageResult:
        """Fetch what waits; by default 127.0.0.1 is allowed and a picture may have 200 kB."""
        options.setdefault("limits", Limits(most_bytes=200_000))
        options.setdefault("allow_private_hosts", frozenset({"127.0.0.1"}))
        return fetch_pictures(self.home, FetchOptions(**options), lambda done, total: None)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the lake answers."""
        with self.home.lake.reader() as reader:
            return reader.execute(query).fetchall()

    def tries(self, url: str) -> list[tuple[Any, ...]]:
        """Status, reason and HTTP status of every try of an address, in their order."""
        with self.home.lake.reader() as reader:
            query = (
                "select status, reason, http_status from fetches where picture_url = ? order by attempted_at"
            )
            return reader.execute(query, [url]).fetchall()

    def stored(self) -> dict[str, bytes]:
        """Every file in the store, by its path relative to the home folder."""
        files = [path for path in self.home.pictures.rglob("*") if path.is_file()]
        return {path.relative_to(self.home.folder).as_posix(): path.read_bytes() for path in files}

    def check_store(self) -> None:
        """Assert that the store has the files of the table `pictures`, whole, and nothing else."""
        found = {path: hashlib.sha256(data).hexdigest() for path, data in self.stored().items()}
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
    """Our own pauses last no time; those that a host asks for do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.fetch.hosts.pause_seconds", lambda tried, part: 0.01)
        patch.setattr("tasks.fetch.pipeline.pause_seconds", lambda tried, part: 0.01)
        yield
