"""Check settings, weights, keys, GPU and servers: what is missing, and how to fix it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from classifiers.backend import has_gpu_device, list_gpus
from flows.cluster_settings import choose_fetch_cluster
from flows.environment import prepare
from flows.options import with_config
from flows.preflight.classifiers import check_classifiers
from flows.preflight.cluster import check_cluster
from flows.preflight.comments import check_tone_model
from flows.preflight.findings import Finding
from flows.preflight.forecast import check_forecast
from flows.preflight.home import check_home
from flows.preflight.server import check_server
from flows.preflight.sources import check_sources
from flows.settings import Settings, read_settings

LIBRARIES = ("prefect", "scrapy", "aiohttp", "tensorflow", "keras", "duckdb", "polars", "deltalake", "altair")


@click.command(help=__doc__)
@with_config
def doctor(config: Path) -> int:
    settings = read_settings(config)
    prepare(settings.home.folder)
    good = True
    for finding in check_all(settings):
        print(f"{'ok     ' if finding.good else 'MISSING'}  {finding}", flush=True)
        good = good and finding.good
    return 0 if good else 3


def check_all(settings: Settings) -> Iterator[Finding]:
    """Check everything that a run needs."""
    yield Finding(True, f"settings {settings.file}, Python {sys.version.split()[0]}")
    yield Finding(True, ", ".join(f"{name} {version(name)}" for name in LIBRARIES))
    yield from check_home(settings.home)
    yield check_server()
    yield from check_sources(settings)
    labels, fetches = settings.classify.cluster(), choose_fetch_cluster(settings.fetch, settings.classify)
    yield from check_cluster(labels)
    if labels is None or fetches is None or labels.place != fetches.place:
        yield from check_cluster(fetches)
    yield from check_classifiers(settings.home, settings.classifiers)
    yield from check_tone_model(settings.comments.read_options(are_scraped=settings.scrape.comments))
    yield from check_forecast(settings)
    yield Finding(True, f"GPU: {_describe_gpus()}")


def _describe_gpus() -> str:
    if not has_gpu_device() and "keras" not in sys.modules:
        return "this machine has none, and models use the CPU"  # Keras takes ten seconds to say the same
    return ", ".join(list_gpus()) or "Keras finds none and uses the CPU"
