"""Names and tags of flow runs in Prefect's pages: what runs, when, and of which sources and classifiers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.errors import SettingsError
from flows.settings import DEFAULT_FILE, Settings, read_settings
from tasks.report.names import shorten

logger = logging.getLogger(__name__)

MAX_TAGS = 10
"""Tags of one kind; more would hide the rest of a run's row."""
MAX_TAG_EMS = 20.0


def name_nightly() -> str:
    """For example 'nightly 2026-11-27, 2 sources'."""
    parameters = _parameters()
    try:
        count = len(read_settings(Path(parameters.get("config") or DEFAULT_FILE)).sources)
    except SettingsError:
        sources = ""  # the run itself reports what is wrong
    else:
        sources = f", {count} source{'' if count == 1 else 's'}"
    return f"nightly {_day()}{sources}{', full' if parameters.get('full') else ''}"


def name_relabel() -> str:
    """For example 'relabel 2026-11-27, objects'."""
    classifier = shorten(str(_parameters().get("classifier") or ""), MAX_TAG_EMS)
    return f"relabel {_day()}{f', {classifier}' if classifier else ''}"


def name_maintenance() -> str:
    """For example 'maintenance 2026-11-27'."""
    return f"maintenance {_day()}"


def name_train_forecast() -> str:
    """For example 'train_forecast 2026-11-27'."""
    return f"train_forecast {_day()}"


def name_part() -> str:
    """For example 'label 2026-11-27'."""
    from prefect.runtime import flow_run

    return f"{flow_run.flow_name} {_day()}"


def _parameters() -> dict[str, Any]:
    from prefect.runtime import flow_run

    return dict(flow_run.parameters or {})


def _day() -> str:
    """The day (UTC) when the run was due."""
    from prefect.runtime import flow_run

    due: datetime | None = flow_run.scheduled_start_time
    return f"{due or datetime.now(UTC):%Y-%m-%d}"


def tag_run(settings: Settings, classifiers: Sequence[str], accounts: Iterable[str] = ()) -> None:
    """Add tags to the running flow run: `source:…`, `classifier:…` and `account:…`, at most `MAX_TAGS` of each."""
    from prefect.client.orchestration import get_client
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    names = {
        "source": [source.name for source in settings.sources],
        "classifier": classifiers,
        "account": [shorten(account, MAX_TAG_EMS) for account in accounts],
    }
    tags = [f"{kind}:{name}" for kind, given in names.items() for name in list(given)[:MAX_TAGS] if name]
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(context.flow_run.id, tags={*context.flow_run.tags, *tags})
    except Exception as error:  # noqa: BLE001 - a run does not fail because of its tags
        logger.warning("The run has no tags: %s", type(error).__name__)
