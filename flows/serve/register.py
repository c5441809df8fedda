"""Register the work pool, the deployments and the automations at Prefect's server: `python -m flows.serve.register FILE`.

A program of its own, because it imports all stages, and its end frees their memory. What exists is updated: nothing is
registered twice, and a paused deployment or automation stays paused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.environment import notify_url
from flows.pool_settings import PARTS, WORK_POOL
from flows.serve.automations import BLOCK, crashed_runs, notifications
from flows.serve.deployments import CONCURRENT_RUNS, build_deployments
from flows.settings import read_settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.deployments.runner import RunnerDeployment


def register(config: Path, webhook: str | None) -> None:
    """Register all at the server of `PREFECT_API_URL`; with a webhook also the notifications."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        _register_work_pool(client)
        pools = read_settings(config, sources=False).pools
        for pool in {pools.pool_of(part) for part in PARTS} if pools else ():
            _register_pool_of_part(client, pool)
        for deployment in build_deployments(config, pools):
            _register_deployment(client, deployment)
        automations = crashed_runs()
        if webhook:
            automations += notifications(_save_webhook(webhook))
        for automation in automations:
            _register_automation(client, automation)


def _register_work_pool(client: SyncPrefectClient) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectNotFound

    try:
        pool = client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        made = WorkPoolCreate(name=WORK_POOL, type="process", concurrency_limit=CONCURRENT_RUNS)
        client.create_work_pool(made)
    else:
        if pool.concurrency_limit != CONCURRENT_RUNS:
            client.update_work_pool(WORK_POOL, WorkPoolUpdate(concurrency_limit=CONCURRENT_RUNS))


def _register_pool_of_part(client: SyncPrefectClient, name: str) -> None:
    """Create the work pool if there is none; what a person created, of another type or with a limit, stays."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    try:
        client.read_work_pool(name)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=name, type="process"))


def _register_deployment(client: SyncPrefectClient, deployment: RunnerDeployment) -> None:
    from prefect.exceptions import ObjectNotFound

    try:
        existing = client.read_deployment_by_name(deployment.full_name)
    except ObjectNotFound:
        existing = None
    if existing is not None:
        # An update would resume what a person paused.
        deployment.paused = existing.paused
        active = {one.slug: one.active for one in existing.schedules}
        for schedule in deployment.schedules or []:
            schedule.active = active.get(schedule.slug, True)
    deployment.apply(_sync=True)  # type: ignore[call-arg]


def _register_automation(client: SyncPrefectClient, values: dict[str, Any]) -> None:
    from prefect.events.schemas.automations import AutomationCore

    wanted = AutomationCore.model_validate(values)
    existing = client.read_automations_by_name(wanted.name)
    if not existing:
        client.create_automation(wanted)
        return
    wanted.enabled = existing[0].enabled
    # An update makes the server forget which runs it watches.
    if existing[0].model_dump(include=set(AutomationCore.model_fields)) != wanted.model_dump():
        client.update_automation(existing[0].id, wanted)


def _save_webhook(url: str) -> str:
    from prefect.blocks.webhook import Webhook
    from pydantic import SecretStr

    block = Webhook(url=SecretStr(url), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    Webhook.register_type_and_schema(_sync=True)  # type: ignore[call-arg]
    return str(block.save(BLOCK, overwrite=True, _sync=True))  # type: ignore[call-arg]


if __name__ == "__main__":
    register(Path(sys.argv[1]), notify_url())
