"""Run a part of a night through its deployment, and wait for its end on another machine."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from flows.errors import SettingsError
from flows.pool_settings import PARTS
from warehouse.records.runs import StageResult

logger = logging.getLogger(__name__)

POLL_SECONDS = 5.0
NOTE_SECONDS = 60.0
"""A part that no worker took by then is mentioned in the log."""
MAX_START_SECONDS = 6 * 3600.0
MAX_SILENCE_SECONDS = 1800.0
"""Prefect's server may be gone for so long, as when it is started again."""


def check_deployments() -> None:
    """Raise `SettingsError` if a part has no deployment, or one that would wait for the slot of this very run."""
    context = FlowRunContext.get()
    own = context.flow_run.work_pool_name if context and context.flow_run else None
    with get_client(sync_client=True) as client:
        for part in PARTS:
            try:
                pool = client.read_deployment_by_name(f"{part}/{part}").work_pool_name
            except ObjectNotFound:
                raise SettingsError(
                    f"Prefect's server has no deployment {part}/{part}. Start `likelens serve` with [pools] in the"
                    " settings, which registers it."
                ) from None
            if pool is None or pool == own:
                raise SettingsError(
                    f"The deployment {part}/{part} has the work pool {pool or 'of no name'}, which can't run it while"
                    f" this night uses it. Set {part} under [pools] to another one."
                )


def run_part(part: str, parameters: dict[str, Any]) -> StageResult:
    """Run a part, and return its result: failed when its flow run did not complete, with the reason.

    An interrupt of this process cancels the part.
    """
    # The flow names its own run when it begins; a run that never begins needs a name too.
    name = f"{part} {datetime.now(UTC):%Y-%m-%d}"
    started = run_deployment(f"{part}/{part}", parameters=parameters, timeout=0, flow_run_name=name)
    assert isinstance(started, FlowRun)
    try:
        run = _wait(started.id, part)
    except BaseException:
        _cancel(started.id)
        raise
    pool = run.work_pool_name
    if run.state is None or not run.state.is_final():
        _cancel(started.id)
        hours = round(MAX_START_SECONDS / 3600)
        return StageResult(
            "failed",
            message=f"No worker of the work pool {pool} took it within {hours} hours. Start one:"
            f" prefect worker start --pool {pool}",
        )
    if run.state.is_completed():
        return StageResult("done")
    return StageResult(
        "failed",
        message=f"Its run {run.name!r} on the work pool {pool} is {run.state.name}. {run.state.message or ''}".strip(),
    )


def _wait(run_id: UUID, part: str) -> FlowRun:
    """Wait until a flow run has ended, or has not begun within `MAX_START_SECONDS`."""
    began = time.monotonic()
    is_noted = False
    while True:
        run = _read(run_id)
        waits = run.state is None or run.state.is_scheduled()
        seconds = time.monotonic() - began
        if (run.state and run.state.is_final()) or (waits and seconds > MAX_START_SECONDS):
            return run
        if waits and seconds > NOTE_SECONDS and not is_noted:
            logger.warning("The part %s waits for a worker of the work pool %s", part, run.work_pool_name)
            is_noted = True
        time.sleep(POLL_SECONDS)


def _read(run_id: UUID) -> FlowRun:
    until = time.monotonic() + MAX_SILENCE_SECONDS
    while True:
        try:
            with get_client(sync_client=True) as client:
                return client.read_flow_run(run_id)
        except ObjectNotFound:
            raise
        except Exception as error:
            if time.monotonic() > until:
                raise
            logger.warning("Prefect's server does not respond (%s); waiting", type(error).__name__)
        time.sleep(POLL_SECONDS)


def _cancel(run_id: UUID) -> None:
    with suppress(Exception), get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, State(type=StateType.CANCELLING), force=False)
