"""The sources: their tokens, and the first page of posts of each, read with the code of a run."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from flows.docs_pages import GUEST, SOURCE_CHANGES, SOURCE_PAGES, TOKEN_PAGES, TROUBLE
from flows.preflight.findings import Finding
from flows.secrets import secret
from flows.settings import Settings, scrape_options
from tasks.errors import EXPECTED, BadToken, SourceChanged, SourceRefused, SourceUnreachable
from tasks.scrape.crawl.source import CrawledSource
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.probing import Probe, probe_seconds, probe_source

MAX_PROBLEMS = 3
"""Problems of a source's first page that are printed."""


def check_sources(settings: Settings) -> Iterator[Finding]:
    """Check the token and the first page of each source."""
    for source in settings.sources:
        if source.secret_name is not None and (source.needs_secret or _token(source)):
            yield _check_secret(source, source.secret_name)
        if not source.needs_secret or _token(source):
            yield check_source(settings, source)


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
        return Finding(False, f"source {source.name}: {error}", _page(source, error))
    if probe.waits_seconds:
        minutes = max(1.0, probe.waits_seconds / 60)
        return Finding(
            True,
            f"source {source.name}: nothing was read, because {source.host} accepts no request for"
            f" {minutes:.0f} minutes; a run waits that long",
        )
    good = not probe.problems and not (probe.is_empty and "posts" not in source.may_lack)
    return Finding(
        good, f"source {source.name}: {_summary(source, probe)}", SOURCE_PAGES.get(source.kind, TROUBLE)
    )


def _page(source: Source, error: Exception) -> str:
    """The page that explains an error of a source."""
    if isinstance(error, BadToken) and source.kind in TOKEN_PAGES:
        return TOKEN_PAGES[source.kind]
    if isinstance(error, SourceUnreachable):
        return TROUBLE
    if isinstance(error, SourceRefused):
        return GUEST
    if isinstance(error, SourceChanged):
        return SOURCE_CHANGES
    return SOURCE_PAGES.get(source.kind, TROUBLE)


def _limit(source: Source, options: ScrapeOptions) -> str:
    if not isinstance(source, CrawledSource):
        return ""
    return f", for at most {probe_seconds(options.politeness):.0f} s"


def _summary(source: Source, probe: Probe) -> str:
    posts = "1 post" if probe.posts == 1 else f"{probe.posts:,} posts"
    text = f"{posts} on the first page of {source.address}"
    if not probe.problems:
        if probe.is_empty and "posts" not in source.may_lack:
            text += '. Check the account; if it really has no posts, set may_lack = ["posts"] for the source'
        return text
    more = len(probe.problems) - MAX_PROBLEMS
    problems = "; ".join(probe.problems[:MAX_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    return f"{text}. A run is incomplete: {problems}"


def _token(source: Source) -> str | None:
    return secret(source.secret_name) if source.secret_name else None


def _check_secret(source: Source, name: str) -> Finding:
    if secret(name):
        return Finding(True, f"source {source.name}: {name} is set")
    assert isinstance(source, CrawledSource), "no other source needs a token"
    return Finding(
        False, f"source {source.name}: {source.token_advice}", TOKEN_PAGES.get(source.kind, TROUBLE)
    )
