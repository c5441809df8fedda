"""Check settings, weights, keys, GPU and servers: what is missing, and how to fix it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

from classifiers.backend import list_gpus
from classifiers.errors import ClassifierUnavailable
from classifiers.registry import VECTOR_KINDS, load
from classifiers.themes import ThemesOptions
from flows.backbones import describe_mismatch, embedding_version
from flows.environment import has_server, prepare
from flows.lanes import remote_lane
from flows.options import with_config
from flows.output import printable
from flows.secrets import block_name, secret
from flows.settings import ClassifierSettings, Settings, read_settings, scrape_options
from tasks.classify.themes.stage import describe_themes
from tasks.errors import EXPECTED
from tasks.scrape.crawl.source import CrawledSource
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.probing import Probe, probe_seconds, probe_source
from tasks.tag.stage import probe_models
from warehouse.errors import WarehouseError
from warehouse.home import Home

MAX_PROBLEMS = 3
"""Problems of a source's first page that are printed."""
LIBRARIES = ("prefect", "scrapy", "aiohttp", "tensorflow", "keras", "duckdb", "polars", "deltalake", "altair")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    good: bool
    text: str


@click.command(help=__doc__)
@with_config
def doctor(config: Path) -> int:
    settings = read_settings(config)
    prepare(settings.home.folder)
    good = True
    for finding in check_all(settings):
        print(f"{'ok     ' if finding.good else 'MISSING'}  {finding.text}", flush=True)
        good = good and finding.good
    return 0 if good else 3


def check_all(settings: Settings) -> Iterator[Finding]:
    """Check everything that a run needs."""
    yield Finding(True, f"settings {settings.file}, Python {sys.version.split()[0]}")
    yield Finding(True, ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    yield _check_home(settings)
    server = "the configured server" if has_server() else "a temporary server for each run"
    yield Finding(True, f"Prefect: {server}")
    for source in settings.sources:
        if source.secret_name is not None and (source.needs_secret or _token(source)):
            yield _check_secret(source.name, source.secret_name)
        if not source.needs_secret or _token(source):
            yield check_source(settings, source)
    versions: dict[str, str | None] = {}
    for lane in sorted(settings.classifiers, key=lambda one: one.kind in VECTOR_KINDS):
        yield _check_classifier(settings.home, lane, versions)
    devices = list_gpus()
    yield Finding(True, f"GPU: {', '.join(devices)}" if devices else "GPU: Keras finds none and uses the CPU")


def check_source(settings: Settings, source: Source) -> Finding:
    """Read a source's first page of posts as a run does, or find the error that a run would fail with."""
    options = scrape_options(settings)
    print(
        f"reading source {source.name}: {source.address}{_limit(source, options)}",
        file=sys.stderr,
        flush=True,
    )
    try:
        probe = probe_source(settings.home, source, options, _token(source))
    except EXPECTED as error:
        return Finding(False, f"source {source.name}: {printable(str(error))}")
    if probe.waits_seconds:
        minutes = max(1.0, probe.waits_seconds / 60)
        return Finding(
            True,
            f"source {source.name}: nothing was read, because {source.host} accepts no request for"
            f" {minutes:.0f} minutes; a run waits that long",
        )
    good = not probe.problems and not (probe.is_empty and "posts" not in source.may_lack)
    return Finding(good, f"source {source.name}: {_summary(source, probe)}")


def _limit(source: Source, options: ScrapeOptions) -> str:
    if not isinstance(source, CrawledSource):
        return ""
    return f", for at most {probe_seconds(options.politeness):.0f} s"


def _summary(source: Source, probe: Probe) -> str:
    posts = "1 post" if probe.posts == 1 else f"{probe.posts:,} posts"
    text = f"{posts} on the first page of {source.address}"
    if not probe.problems:
        return text
    more = len(probe.problems) - MAX_PROBLEMS
    problems = printable("; ".join(probe.problems[:MAX_PROBLEMS])) + (
        f"; and {more} more" if more > 0 else ""
    )
    return f"{text}. A run is incomplete: {problems}"


def _token(source: Source) -> str | None:
    return secret(source.secret_name) if source.secret_name else None


def _check_secret(source: str, name: str) -> Finding:
    if secret(name):
        return Finding(True, f"source {source}: {name} is set")
    return Finding(
        False,
        f"source {source}: set its token as {name} in the environment, or as Prefect Secret {block_name(name)}",
    )


def _check_home(settings: Settings) -> Finding:
    home = settings.home
    try:
        home.prepare()
    except WarehouseError as error:
        return Finding(False, str(error))
    return Finding(True, f"home {home.folder}, {shutil.disk_usage(home.folder).free / 1e9:,.1f} GB free")


def _check_classifier(home: Home, lane: ClassifierSettings, versions: dict[str, str | None]) -> Finding:
    """Load a classifier; of one on a server only check the key and the models, which costs nothing.

    `versions` has the embeddings' versions of those before it, and gets its own; a trained one must fit its backbone's.
    """
    versions[lane.name] = None
    try:
        if (remote := remote_lane(lane)) is not None:
            return Finding(True, f"classifier {lane.name}: {', '.join(probe_models(remote))}")
        if isinstance(lane.options, ThemesOptions):
            return Finding(True, f"classifier {lane.name}: {describe_themes(home, lane.name, lane.options)}")
        classifier = load(lane.kind, lane.name, lane.options)
    except ClassifierUnavailable as error:
        return Finding(False, f"classifier {lane.name}: {error}")
    versions[lane.name] = embedding_version(classifier)
    if mismatch := describe_mismatch(classifier, versions):
        return Finding(False, f"classifier {lane.name}: {mismatch}")
    stored = f", embeddings {versions[lane.name]}" if versions[lane.name] else ""
    return Finding(True, f"classifier {lane.name}: {classifier.version}{stored}")
