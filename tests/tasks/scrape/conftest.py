"""A small web site, pages for it in imgrum's layout, and a crawl of them."""

from __future__ import annotations

import http.server
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tasks.scrape.gallery.profile import Profile, load_profile
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.model import Source, SourceModel
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.home import Home
from warehouse.records.runs import Journal, StageResult

ACCOUNT = "/user/ann/7"


@dataclass(frozen=True)
class Reply:
    """One response; an `endless` one repeats its body until the client closes the connection."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    endless: bool = False


@dataclass(frozen=True)
class ReceivedRequest:
    """One request to the site."""

    path: str
    at: float
    user_agent: str
    authorization: str | None = None
    accept: str | None = None


class Site:
    """A web site with `replies` by path; of a list, each request uses one, and the last one stays.

    `service`, where there is one, responds to a path without a reply. `requests` has all of them.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.account = base + ACCOUNT
        self.replies: dict[str, Reply | list[Reply]] = {}
        self.requests: list[ReceivedRequest] = []
        self.service: Callable[[ReceivedRequest], Reply] | None = None
        self.closing = threading.Event()

    def reply(self, request: ReceivedRequest) -> Reply:
        self.requests.append(request)
        if request.path not in self.replies and request.path != "/robots.txt" and self.service is not None:
            return self.service(request)
        found = self.replies.get(request.path, Reply("<h1>Not found</h1>", 404))
        if isinstance(found, Reply):
            return found
        return found.pop(0) if len(found) > 1 else found[0]

    @property
    def paths(self) -> list[str]:
        """The requested paths, in order, without robots.txt."""
        return [request.path for request in self.requests if request.path != "/robots.txt"]


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    site: Site

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients are killed here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = cast(_Server, self.server).site
        head = self.headers
        reply = site.reply(
            ReceivedRequest(
                self.path,
                time.monotonic(),
                head.get("User-Agent", ""),
                head.get("Authorization"),
                head.get("Accept"),
            )
        )
        site.closing.wait(reply.delay)
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        headers = {"Content-Type": "text/html; charset=utf-8", **reply.headers}
        if reply.endless:
            headers["Connection"] = "close"
        else:
            headers.setdefault("Content-Length", str(len(body)))
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        while reply.endless and not site.closing.is_set():
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: `Site.requests` has it."""


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on this machine; the test sets its pages."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.site
    server.site.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def reply() -> type[Reply]:
    """Make a response of the site."""
    return Reply


@pytest.fixture
def unused_port() -> int:
    """A port without a server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


POST = """<div class="fw_preview_wrapper">
<div class="blogpreview_top"><div class="box_date"><a href="/user/ann/7">2017-05-25 02:31:09</a></div></div>
<div class="pf_output_container image"><a href="/media/{id}_7"><img src="/p/{id}.jpg"></a></div>
<div class="block_likes"><div class="post-views"><i class="stand_icon icon-eye"></i> <span>0</span></div></div>
<div class="gallery_likes gallery_likes_add "><i class="stand_icon icon-heart-o"></i> <span>1{id}</span></div>
</div>"""


def _gallery_page(posts: Sequence[int], older: str | None = None, count: str | None = None) -> str:
    head = (
        "" if count is None else f'<ul class="user_counts"><li class="posts"><span>{count}</span></li></ul>'
    )
    pager = (
        "" if older is None else f'<ul class="pagerblock type_columns1"><li><a href="{older}">o</a></li></ul>'
    )
    shown = "\n".join(POST.format(id=post) for post in posts)
    return f"""<!DOCTYPE html><html><body><div class="user_info"><h1 class="user_name">ann</h1>{head}</div>
        <div class="fs_blog_module is_masonry this_is_blog"><div class="blogpost_preview_fw">{shown}</div></div>
        {pager}</body></html>"""


@pytest.fixture
def gallery_page() -> Callable[..., str]:
    """Make a page of posts with these ids; `older` is its pager's link, `count` the account's number of posts."""
    return _gallery_page


@pytest.fixture
def three_pages(site: Site) -> list[int]:
    """The site shows five posts on three pages; returned are their ids, newest first."""
    site.replies[ACCOUNT] = Reply(_gallery_page([9, 8], f"{ACCOUNT}/8_7", "5"))
    site.replies[f"{ACCOUNT}/8_7"] = Reply(_gallery_page([7, 6], f"{site.account}/6_7"))
    site.replies[f"{ACCOUNT}/6_7"] = Reply(_gallery_page([5]))
    return [9, 8, 7, 6, 5]


@pytest.fixture(scope="session")
def imgrum() -> Profile:
    """The built-in profile."""
    return load_profile("imgrum")


@pytest.fixture
def open_source() -> Callable[..., Source]:
    """Open a source of the kind gallery, as the settings would."""

    def open_it(url: str, profile: str = "imgrum") -> Source:
        settings = GallerySettings(name="ann", kind="gallery", profile=profile, url=url)
        return settings.open(Path())

    return open_it


@pytest.fixture
def crawl(open_source: Callable[..., Source], tmp_path: Path) -> Callable[..., list[Page]]:
    """Crawl all pages of an account, in a process of its own, without a delay."""

    def crawl_it(
        url: str, delay_seconds: float = 0.0, *, comments: bool = True, profile: str = "imgrum"
    ) -> list[Page]:
        spool = Spool(tmp_path / "none.jsonl")
        context = ReadContext(spool, Politeness(delay_seconds), comments=comments)
        return list(open_source(url, profile).pages(context))

    return crawl_it


@pytest.fixture
def ids() -> Callable[[Sequence[Page]], list[int]]:
    """The ids of the pages' posts, in order."""
    return lambda pages: [int(post.post_id) for page in pages for post in page.posts]


@pytest.fixture
def home(tmp_path: Path, empty_home: Home) -> Home:
    """A home folder with empty tables."""
    return Home(Path(shutil.copytree(empty_home.folder, tmp_path / "home")))


@pytest.fixture
def rows(home: Home) -> Callable[[str], list[tuple[object, ...]]]:
    """Query the home folder's lake."""

    def run_query(query: str) -> list[tuple[object, ...]]:
        return home.lake.query(query)

    return run_query


@dataclass
class Importing:
    """A home folder, and sources of files that are read into it, one after the other."""

    home: Home
    folder: Path
    readings: int = 0

    def run(self, settings: SourceModel, **options: Any) -> StageResult:
        """Read and store a source, as a run does; paths in its settings are relative to `folder`."""
        return self.read(settings.open(self.folder), **options)

    def read(self, source: Source, **options: Any) -> StageResult:
        """Read and store an open source, as a run does, with its row in `runs`."""
        self.readings += 1
        journal = Journal(self.home.lake, f"run{self.readings}", resumed=False)
        journal.start("scrape", source.name)
        spool = Spool(self.home.folder / f"{self.readings}.jsonl")
        result = scrape_source(ScrapeJob(self.home, source, spool, ScrapeOptions(**options)), lambda *_: None)
        journal.finish("scrape", source.name, result)
        return result

    def pages(self, settings: SourceModel, comments: bool = True) -> list[Page]:
        """The source's pages, not stored."""
        spool = Spool(self.home.folder / "none.jsonl")
        return list(settings.open(self.folder).pages(ReadContext(spool, comments=comments)))

    def posts(self, settings: SourceModel) -> dict[str, ScrapedPost]:
        """The posts of its pages by their ids."""
        return {post.post_id: post for page in self.pages(settings) for post in page.posts}

    def problems(self, settings: SourceModel) -> list[str]:
        """The problems of its pages."""
        return [problem for page in self.pages(settings) for problem in page.problems]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query of the lake."""
        return self.home.lake.query(query)

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the tables that a run writes."""
        names = ("posts", "post_pictures", "observations", "accounts", "comments", "threads")
        return {name: self.rows(f"from {name} order by all") for name in names}


@pytest.fixture
def importing(home: Home, tmp_path: Path) -> Importing:
    """An empty home folder, and a folder `files` for the sources."""
    folder = tmp_path / "files"
    folder.mkdir()
    return Importing(home, folder)
