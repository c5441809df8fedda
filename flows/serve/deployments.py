"""The deployments of `likelens serve`; `prefect.yaml` has the same ones for a server that runs already."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.environment import OWN_LOGGERS
from flows.pool_settings import PARTS, WORK_POOL, PoolSettings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

CONCURRENT_RUNS = 1
"""Runs of the work pool at one time: nights, full readings, relabelling and maintenance never overlap."""
TIME_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment: `schedule` is a cron expression, empty for one that only people start."""

    flow: str
    name: str
    description: str
    schedule: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


DEPLOYMENTS = (
    Deployment("nightly", "nightly", "Every account from its posts to charts", "0 3 * * *"),
    Deployment(
        "nightly",
        "weekly",
        "The same, and every source is read until its last page",
        "0 6 * * 0",
        {"full": True},
    ),
    Deployment(
        "relabel", "relabel", "One classifier over the stored pictures; start it with the classifier's name"
    ),
    Deployment(
        "maintenance",
        "maintenance",
        "Smaller copies, tidy tables, and checks of all that is stored",
        "0 12 * * 0",
    ),
    Deployment(
        "train_forecast",
        "train_forecast",
        "The forecast models, trained on all published posts",
        "0 14 * * 0",
    ),
)


PART_VARIABLES = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(OWN_LOGGERS),
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
"""The environment of a part's run: the workers of other machines do not have that of `likelens serve`."""


def build_deployments(config: Path, pools: PoolSettings | None = None) -> list[RunnerDeployment]:
    """The deployments for a settings file, as Prefect's objects. They run in the folder of the file.

    With `pools` a night runs in parts, which are deployments too.
    """
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.deployments.runner import EntrypointType  # type: ignore[attr-defined]
    from prefect.runner.storage import LocalStorage
    from prefect.schedules import Cron

    from flows.maintenance import maintenance
    from flows.nightly import nightly, relabel
    from flows.nightly_in_parts import nightly_in_parts
    from flows.train_forecast import train_forecast

    flows: dict[str, Any] = {
        "nightly": nightly_in_parts if pools else nightly,
        "relabel": relabel,
        "maintenance": maintenance,
        "train_forecast": train_forecast,
    }
    limit = ConcurrencyLimitConfig(limit=CONCURRENT_RUNS, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
    deployments = [
        flows[one.flow].to_deployment(
            one.name,
            description=one.description,
            schedules=[Cron(one.schedule, timezone=TIME_ZONE, slug=one.name)] if one.schedule else [],
            parameters={"config": str(config), **one.parameters},
            concurrency_limit=limit,
            work_pool_name=WORK_POOL,
            entrypoint_type=EntrypointType.MODULE_PATH,
            _sync=True,
        )
        for one in DEPLOYMENTS
    ]
    deployments += _build_parts(config, pools) if pools else []
    for deployment in deployments:
        # Without a step that sets the folder, Prefect 3.8.8 copies all of it, with the home folder, for each run.
        deployment.storage = LocalStorage(str(config.parent))
    return deployments


def _build_parts(config: Path, pools: PoolSettings) -> list[RunnerDeployment]:
    from prefect.deployments.runner import EntrypointType  # type: ignore[attr-defined]

    from flows import parts

    return [
        getattr(parts, part).to_deployment(
            part,
            description=f"A part of the night, which nightly starts: {part}",
            parameters={"config": str(config)},
            work_pool_name=pools.pool_of(part),
            job_variables={"env": PART_VARIABLES},
            entrypoint_type=EntrypointType.MODULE_PATH,
            _sync=True,
        )
        for part in PARTS
    ]
