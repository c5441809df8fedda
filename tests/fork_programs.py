"""What a fork server imports, and how its children run and end: see `fork_server.py`."""

from __future__ import annotations

import atexit
import hashlib
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import NoReturn

PREFECT = "prefect.cli"
ENGINE = "prefect.engine"
PROGRAM = "python -c"
CRAWLS = (
    "tasks.scrape.crawl.child",
    *(f"tasks.scrape.{kind}.adapter" for kind in ("gallery", "graph", "mastodon")),
    *(
        f"scrapy.downloadermiddlewares.{name}"
        for name in ("httpcompression", "httpproxy", "offsite", "stats")
    ),
    *(f"scrapy.{name}" for name in ("dupefilters", "squeues", "statscollectors", "spidermiddlewares.depth")),
    *(f"scrapy.core.downloader.handlers.{name}" for name in ("datauri", "file", "ftp", "s3")),
)
COMMENTS = (
    *("sklearn.decomposition", "sklearn.exceptions", "safetensors.numpy", "stopwordsiso"),
    *("vaderSentiment.vaderSentiment", "emosent"),
)
IMPORTS = {
    "crawls": CRAWLS,
    "commands": (
        *CRAWLS,
        *(f"flows.{name}" for name in ("nightly", "launch", "commands.run", "commands.relabel")),
        *("tasks.report.stage", "warehouse.ranking.lift_rankings", "classifiers.visual.classifier"),
        *("tasks.scrape.sources", "tasks.scrape.gallery.source", *COMMENTS),
        *(f"PIL.{name}ImagePlugin" for name in ("Png", "Bmp", "Gif", "Jpeg", "Ppm", "WebP")),
        *("prefect.flow_engine", "prefect.task_engine", "fastapi", "graphviz", "pandas"),
        *("prefect.utilities.visualization", "anyio._backends._asyncio", "narwhals.dataframe"),
        *(f"{PREFECT}.{name}" for name in ("deploy", "deployment", "flow_run", "work_pool", "worker")),
        "prefect.workers.process",
    ),
}
"""What a server imports, by what it starts."""


def load(starts: str, folder: Path) -> None:
    """Import what the server's children need; for commands also load and draw what most of them do."""
    for module in IMPORTS[starts]:
        import_module(module)
    if starts == "commands":
        _load_languages_once()
        _build_library_once()
        _draw_each_chart_once(Path(tempfile.mkdtemp(prefix="drawn-", dir=folder)))


def _load_languages_once() -> None:
    """Load the model that finds languages of comments, which each run of the gallery would decompress."""
    import_module("tasks.read_comments.language")._identifier()


def _build_library_once() -> None:
    """Build the charts' JavaScript in another process, for it starts threads, which a fork loses."""
    charts = import_module("tasks.report.chart_html")
    program = f"from {charts.__name__} import _bundle; import sys; sys.stdout.write(_bundle())"
    built = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    charts._bundle = lambda: built.stdout


def _draw_each_chart_once(folder: Path) -> None:
    """Let a child take a drawing that another one made from the same source: most runs read the same gallery."""
    charts = import_module("tasks.report.charts")
    draw_once = charts.draw_once

    def draw_in_one_child(source: str, kind: str, draw: Callable[[], bytes]) -> bytes:
        file = folder / f"{hashlib.sha256(source.encode(errors='surrogatepass')).hexdigest()}.{kind}"

        def take_or_draw() -> bytes:
            if not file.exists():
                temporary = file.with_suffix(f".{os.getpid()}")
                temporary.write_bytes(draw())
                os.replace(temporary, file)
            return file.read_bytes()

        return draw_once(source, kind, take_or_draw)

    charts.draw_once = draw_in_one_child


def run(module: str) -> None:
    """Run Prefect's `app`, the engine of a flow run as `python -m` does, a program, or a module's `main`."""
    if module in (PREFECT, ENGINE, PROGRAM) and "prefect.context" in sys.modules:
        # Prefect has read the variables of the fork server; a worker also sets some for each flow run.
        import_module("prefect.context").refresh_global_settings_context()
    if module == ENGINE:
        sys.modules.pop(ENGINE, None)
        runpy.run_module(ENGINE, run_name="__main__")
    elif module == PROGRAM:
        exec(compile(sys.argv[1], "<program>", "exec"), {"__name__": "__main__"})  # noqa: S102 - the tests' own
    elif module == PREFECT:
        import_module(module).app()
    else:
        import_module(module).main()


def end(code: object = None) -> NoReturn:
    """End as Python does, but leave the objects to the system: to free each one takes a second or two.

    The exit status is that of `sys.exit(code)`.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    status = code if isinstance(code, int) else int(code is not None)
    if not isinstance(code, (int, NoneType)):
        sys.stderr.write(f"{code}\n")
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status & 0xFF)
