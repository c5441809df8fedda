"""The flow `maintenance`: what a home folder needs from time to time, and a publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.errors import EXPECTED_ERRORS
from flows.night_report import report_night
from flows.nightly import final_state, publish_all
from flows.run_lifecycle import close_run, open_run
from flows.run_names import name_maintenance
from flows.settings import DEFAULT_FILE, maintain_options, read_settings
from tasks.maintain.task import maintain


@flow(name="maintenance", flow_run_name=name_maintenance)
def maintenance(config: str = DEFAULT_FILE, all_pictures: bool = False) -> State[Any]:
    """Reduce old pictures, tidy and check the tables, check the pictures, and publish.

    With `all_pictures` every picture's bytes are compared with their hash, without it those of a sample. The state is
    Incomplete if pictures are missing or damaged, and Failed, without a publish, if rows are wrong.
    """
    try:
        settings = read_settings(Path(config))
        with open_run(settings, resume=False) as run:
            options = maintain_options(settings, all_pictures=all_pictures)
            if maintain(run, options, return_state=True).is_completed():
                publish_all(run, settings)
            result = close_run(run)
            report_night(run, settings, result, "maintenance")
            return Completed(message="Maintained") if result.status == "done" else final_state(result)
    except EXPECTED_ERRORS as error:
        return Failed(message=str(error))
