"""`likelens doctor`: settings, weights, keys, GPU, servers: what is missing, and what to do."""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from classifiers.errors import LaneUnavailable
from classifiers.keras import gpus
from classifiers.registry import load
from flows.environment import has_server, prepare
from flows.lanes import as_tagging
from flows.settings import ClassifierSettings, Settings, read_settings
from tasks.scrape.politeness import USER_AGENT
from tasks.tag.tagging import Tagging, probed
from warehouse.errors import WarehouseError

SECONDS = 10.0
_LIBRARIES = (
    "prefect",
    "scrapy",
    "aiohttp",
    "tensorflow",
    "keras",
    "duckdb",
    "polars",
    "deltalake",
    "altair",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    what: str


def doctor(config: Path) -> int:
    """Look at everything that a run needs. Status 0 when nothing is missing, 3 when something is."""
    settings = read_settings(config)
    prepare(settings.home.folder)
    good = True
    for finding in _findings(settings):
        print(f"{'ok     ' if finding.good else 'MISSING'}  {finding.what}", flush=True)
        good = good and finding.good
    return 0 if good else 3


def _findings(settings: Settings) -> Iterator[Finding]:
    yield Finding(True, f"settings {settings.file}, Python {sys.version.split()[0]}")
    yield Finding(True, ", ".join(f"{name} {version(name)}" for name in _LIBRARIES))
    yield _home(settings)
    yield Finding(
        True, "Prefect: the server that is set" if has_server() else "Prefect: one of its own for each run"
    )
    for source in settings.sources:
        yield _source(source.name, getattr(source, "url", ""))
    for lane in settings.classifiers:
        yield _lane(lane)
    yield _gpu()


def _home(settings: Settings) -> Finding:
    home = settings.home
    try:
        home.prepare()
    except WarehouseError as error:
        return Finding(False, str(error))
    return Finding(True, f"home {home.folder}, {shutil.disk_usage(home.folder).free / 1e9:,.1f} GB free")


def _source(name: str, url: str) -> Finding:
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})  # noqa: S310 - settings take http(s) only
    return _tried(
        f"source {name}: {url} answers",
        lambda: urllib.request.urlopen(request, timeout=SECONDS).close(),  # noqa: S310 - settings take http(s) only
        f"source {name}: {url} does not answer; check the url and the network",
    )


def _lane(lane: ClassifierSettings) -> Finding:
    if (tagging := as_tagging(lane)) is not None:
        return _paid_lane(tagging)
    try:
        return Finding(True, f"classifier {lane.name}: {load(lane.kind, lane.name, lane.options).version}")
    except LaneUnavailable as error:
        return Finding(False, f"classifier {lane.name}: {error}")


def _paid_lane(tagging: Tagging) -> Finding:
    """Whether the key and the models are good; asking costs nothing, for no picture is sent."""
    try:
        return Finding(True, f"classifier {tagging.name}: {', '.join(probed(tagging))}")
    except LaneUnavailable as error:
        return Finding(False, f"classifier {tagging.name}: {error}")


def _gpu() -> Finding:
    found = gpus()
    return Finding(
        True, f"GPU: {', '.join(found)}" if found else "GPU: none that TensorFlow can use; the CPU works"
    )


def _tried(good: str, attempt: Callable[[], None], bad: str) -> Finding:
    try:
        attempt()
    except (urllib.error.URLError, OSError, ValueError) as error:
        return Finding(False, f"{bad} ({error})")
    return Finding(True, good)
