"""`likelens doctor`: settings, weights, keys, GPU, servers: what is missing, and what to do."""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from classifiers.backend import gpus
from classifiers.errors import LaneUnavailable
from classifiers.registry import load
from flows.environment import has_server, prepare
from flows.lanes import as_tagging
from flows.secrets import block_name, secret
from flows.settings import ClassifierSettings, Settings, read_settings
from tasks.scrape.crawl.source import CrawledSource
from tasks.scrape.crawl.walk import Answer
from tasks.scrape.politeness import USER_AGENT
from tasks.scrape.sources import Source
from tasks.tag.tagging import Tagging, probed
from warehouse.errors import WarehouseError

SECONDS = 10.0
MOST_TOLD_BYTES = 100_000
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
        yield _source(source)
        if source.secret_name is not None and (source.needs_secret or secret(source.secret_name)):
            yield _secret(source.name, source.secret_name)
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


def _source(source: Source) -> Finding:
    if not isinstance(source, CrawledSource):
        there = Path(source.address).exists()
        return Finding(
            there,
            f"source {source.name}: {source.address} is {'there' if there else 'not there; mend its path'}",
        )
    token = secret(source.secret_name) if source.secret_name else None
    signed = source.walk.signed(source.address, token)
    headers = {"User-Agent": USER_AGENT, **signed.headers}
    request = urllib.request.Request(signed.url, headers=headers)  # noqa: S310 - settings take http(s) only
    return _tried(
        f"source {source.name}: {source.address} answers",
        lambda: _ask(source, request),
        f"source {source.name}: {source.address} can't be read; check the url and the network",
    )


def _ask(source: CrawledSource, request: urllib.request.Request) -> None:
    """Raise what a refusal means, in words; never an address with a token."""
    try:
        urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310 - the same
    except urllib.error.HTTPError as error:
        text = error.read(MOST_TOLD_BYTES).decode("utf-8", "replace")
        answer = Answer(source.address, text, datetime.now(UTC), error.code)
        told = source.walk.refusal(answer) or f"HTTP {error.code}"
        raise ValueError(str(told)) from None


def _secret(source: str, name: str) -> Finding:
    if secret(name):
        return Finding(True, f"source {source}: {name} is set")
    return Finding(
        False,
        f"source {source}: set its token as {name} in the environment, or as Prefect Secret {block_name(name)}",
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
        True, f"GPU: {', '.join(found)}" if found else "GPU: none that Keras can use; the CPU works"
    )


def _tried(good: str, attempt: Callable[[], None], bad: str) -> Finding:
    try:
        attempt()
    except (urllib.error.URLError, OSError, ValueError) as error:
        return Finding(False, f"{bad} ({error})")
    return Finding(True, good)
