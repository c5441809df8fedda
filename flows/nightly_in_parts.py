"""The flow `nightly` on several machines: it runs its parts one after the other, each on a work pool of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Failed

from flows.errors import EXPECTED_ERRORS
from flows.night_report import report_night
from flows.nightly import final_state
from flows.part_runs import check_deployments, run_part
from flows.pool_settings import PARTS
from flows.run_lifecycle import PART_STAGE, close_run, has_posts, join_run, open_run
from flows.run_names import name_nightly, tag_run
from flows.settings import DEFAULT_FILE, read_settings


@flow(name="nightly", flow_run_name=name_nightly)
def nightly_in_parts(config: str = DEFAULT_FILE, full: bool = False) -> State[Any]:
    """Run the deployments `collect`, `label` and `publish` on their work pools.

    The states are those of the flow `nightly` in one process. A part that failed is named in the message; the others
    run with what is stored.
    """
    try:
        settings = read_settings(Path(config))
        lanes = [lane.name for lane in settings.classifiers]
        tag_run(settings, lanes)
        check_deployments()
        with open_run(settings) as run:
            run_id = run.journal.run_id
        # Each part locks the home folder itself.
        for part in PARTS:
            if part == "collect" or has_posts(run):
                options = {"full": full} if part == "collect" else {}
                result = run_part(part, {"config": config, "run_id": run_id, **options})
                run.journal.finish(PART_STAGE, part, result)
        with join_run(settings, run_id):
            summary = close_run(run)
        report_night(run, settings, summary, "nightly", lanes)
        return final_state(summary)
    except EXPECTED_ERRORS as error:
        return Failed(message=str(error))
