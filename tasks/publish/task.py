"""The task publish: small files merged, then the new database in place of the old."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.stage import HOUR, STAGE, Night, run_stage
from warehouse.publish import publish as publish_database
from warehouse.runs import Ended
from warehouse.waiting import count_posts


@task(name="publish", task_run_name="publish", timeout_seconds=HOUR, **STAGE)
def publish(night: Night) -> State[Any]:
    """Publish what the lake holds now."""

    def body() -> Ended:
        night.home.lake.tidy()
        publish_database(night.home)
        return Ended("done", count_posts(night.home.lake), message=str(night.home.database))

    return run_stage(night, "publish", "", body)
