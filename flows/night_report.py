"""What a run leaves at Prefect's server at its end: the summary, its tags, and events for automations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from flows.night_summary import describe_quiet, summarize_night
from flows.run_names import MAX_TAGS, tag_run
from flows.settings import Settings
from tasks.run import Run
from warehouse.overview.night import list_accounts, list_quiet_sources
from warehouse.records.runs import StageResult

logger = logging.getLogger(__name__)

QUIET_SOURCE = "likelens.source.quiet"
"""A source without a new post for `quiet_days`; docs/operations.md has its payload."""


def report_night(
    run: Run, settings: Settings, result: StageResult, flow: str, classifiers: Sequence[str] = ()
) -> None:
    """Show the summary of a run as an artifact, tag its accounts, and emit its events. A failure here fails no run.

    `classifiers` are those that ran.
    """
    _try("summary", lambda: _show_summary(run, settings, result, flow))
    _try("tags", lambda: tag_run(settings, classifiers, list_accounts(run.home.lake, MAX_TAGS)))
    if flow == "nightly":
        _try("events", lambda: _emit_quiet_sources(run, settings))


def _try(name: str, action: Callable[[], None]) -> None:
    try:
        action()
    except Exception as error:  # noqa: BLE001 - the run has ended, and what it stored is published
        logger.warning("The %s of the run could not be shown: %s: %s", name, type(error).__name__, error)


def _show_summary(run: Run, settings: Settings, result: StageResult, flow: str) -> None:
    from prefect.artifacts import create_markdown_artifact

    text = summarize_night(run, settings, result)
    create_markdown_artifact(text, key=f"{flow}-summary", description=f"Summary of the {flow} run")


def _emit_quiet_sources(run: Run, settings: Settings) -> None:
    from prefect.events import emit_event

    now = datetime.now(UTC)
    for source in list_quiet_sources(run.home.lake, settings.scrape.quiet_days, now):
        emit_event(
            QUIET_SOURCE,
            {
                "prefect.resource.id": f"likelens.source.{source.source}",
                "prefect.resource.name": source.source,
            },
            payload={
                "source": source.source,
                "days": (now - source.newest_at).days,
                "newest_post_at": source.newest_at.isoformat(),
                "posts": source.posts,
                "message": describe_quiet(source),
            },
        )
