"""What a fork server imports, and how its children run and end: see `fork_server.py`."""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import re
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
        *("tasks.scrape.files.source", "tasks.scrape.rows.source", "pyarrow.pandas_compat"),
        "clarifai_grpc.grpc.api.service_pb2",
        *("prefect.flow_engine", "prefect.task_engine", "fastapi", "graphviz", "pandas"),
        *("prefect.utilities.visualization", "anyio._backends._asyncio", "narwhals.dataframe"),
        *(f"{PREFECT}.{name}" for name in ("deploy", "deployment", "flow_run", "work_pool", "worker")),
        "prefect.workers.process",
    ),
    # What most programs of the tests use. One that needs gRPC or an object store imports its client itself.
    "programs": (
        *("deltalake", "pyarrow.pandas_compat", "pandas", "polars"),
        *("warehouse.home", "warehouse.database.publish", "warehouse.upkeep.forgetting"),
        *("warehouse.ranking.lift_rankings", "tasks.maintain.stage", "tasks.tag.stage"),
    ),
}
"""What a server imports, by what it starts."""
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")


def load(starts: str, folder: Path) -> None:
    """Import what the server's children need; for commands also load and draw what most of them do."""
    for module in IMPORTS[starts]:
        import_module(module)
    if starts == "commands":
        import_module("PIL.Image").init()  # all formats, which each child would import
        _load_languages_once()
        _compile_templates_once()
        _build_once()
        _draw_each_chart_once(Path(tempfile.mkdtemp(prefix="drawn-", dir=folder)))


def _load_languages_once() -> None:
    """Load the model that finds languages of comments, which each run of the gallery would decompress."""
    import_module("tasks.read_comments.language")._identifier()


def _compile_templates_once() -> None:
    """Compile the templates of the report, which takes a report a second."""
    environment = import_module("tasks.report.page")._environment()
    for name in environment.list_templates(extensions=["html", "css"]):
        environment.get_template(name)


BUILD = """
import pickle, sys
from pathlib import Path
from tasks.report.chart_html import _bundle
from warehouse.database.publish import _latest, publish
from warehouse.home import Home

home = Home(Path(sys.argv[1]))
home.prepare()
publish(home)
Path(sys.argv[1], "built.pickle").write_bytes(pickle.dumps((_bundle(), _latest)))
"""


def _build_once() -> None:
    """Build the charts' JavaScript and a database without a row, of which a publish replaces what differs.

    Another process does it, for it starts threads, which a fork loses.
    """
    with tempfile.TemporaryDirectory(prefix="built-") as folder:
        command = [sys.executable, "-c", BUILD, folder]
        subprocess.run(command, capture_output=True, check=True)
        built = Path(folder, "built.pickle").read_bytes()
    bundle, latest = pickle.loads(built)  # noqa: S301 - of our own process
    import_module("tasks.report.chart_html")._bundle = lambda: bundle
    import_module("warehouse.database.publish")._latest[:] = latest


def _draw_each_chart_once(folder: Path) -> None:
    """Let a child take a drawing that another one made from the same source: most runs read the same gallery."""
    charts = import_module("tasks.report.charts")
    draw_once = charts.draw_once

    def draw_in_one_child(source: str, kind: str, draw: Callable[[], bytes]) -> bytes:
        # A drawing with its texts has the id of its run; no test reads it from the dots of a picture.
        alike = RUN_ID.sub("", source).encode(errors="surrogatepass")
        file = folder / f"{hashlib.sha256(alike).hexdigest()}.{kind}"

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
        program = compile(sys.argv.pop(1), "<program>", "exec")
        exec(program, {"__name__": "__main__"})  # noqa: S102 - the tests' own
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
