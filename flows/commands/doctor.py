"""`likelens doctor`: settings, weights, keys, GPU, servers: what is missing, and what to do."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from classifiers.backend import gpus
from classifiers.errors import ClassifierUnavailable
from classifiers.registry import load
from flows.commands.output import printable
from flows.environment import has_server, prepare
from flows.lanes import as_tagging
from flows.secrets import block_name, secret
from flows.settings import ClassifierSettings, Settings, read_settings, scrape_options
from tasks.errors import EXPECTED
from tasks.scrape.crawl.source import CrawledSource
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.probing import probe_seconds, probe_source
from tasks.tag.stage import Tagging, probed
from warehouse.errors import WarehouseError

MAX_PROBLEMS = 3
"""So many problems of a source's first page are listed."""
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
        if source.secret_name is not None and (source.needs_secret or _token(source)):
            yield _secret(source.name, source.secret_name)
        if not source.needs_secret or _token(source):
            yield _source(settings, source)
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


def _source(settings: Settings, source: Source) -> Finding:
    """What a run meets at the source: its first page of posts, or the error that ends it."""
    options = scrape_options(settings)
    print(_trying(source, options), file=sys.stderr, flush=True)
    try:
        probe = probe_source(settings.home, source, options, _token(source))
    except EXPECTED as error:
        return Finding(False, f"source {source.name}: {printable(str(error))}")
    if probe.waits_seconds:
        minutes = max(1.0, probe.waits_seconds / 60)
        waits = f"{source.host} wants no request for {minutes:.0f} minutes, which a run waits for; nothing was read"
        return Finding(True, f"source {source.name}: {waits}")
    what = f"source {source.name}: {_posts(probe.posts)} on the first page of {source.address}"
    if probe.problems:
        told = printable("; ".join(probe.problems[:MAX_PROBLEMS]))
        more = len(probe.problems) - MAX_PROBLEMS
        what += f". A run is incomplete: {told}" + (f"; and {more} more" if more > 0 else "")
    return Finding(not probe.problems and not (probe.is_empty and "posts" not in source.may_lack), what)


def _trying(source: Source, options: ScrapeOptions) -> str:
    limit = (
        f", for {probe_seconds(options.politeness):.0f} s at most"
        if isinstance(source, CrawledSource)
        else ""
    )
    return f"trying source {source.name}: {source.address}{limit}"


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number:,} posts"


def _token(source: Source) -> str | None:
    return secret(source.secret_name) if source.secret_name else None


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
    except ClassifierUnavailable as error:
        return Finding(False, f"classifier {lane.name}: {error}")


def _paid_lane(tagging: Tagging) -> Finding:
    """Whether the key and the models are good; asking costs nothing, for no picture is sent."""
    try:
        return Finding(True, f"classifier {tagging.name}: {', '.join(probed(tagging))}")
    except ClassifierUnavailable as error:
        return Finding(False, f"classifier {tagging.name}: {error}")


def _gpu() -> Finding:
    found = gpus()
    return Finding(
        True, f"GPU: {', '.join(found)}" if found else "GPU: none that Keras can use; the CPU works"
    )
