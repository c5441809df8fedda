"""The deployment of prefect.yaml on a real server, run by a real worker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flows.settings import read_settings
from tests import prefect_api
from warehouse.records.runs import stage_runs

pytestmark = pytest.mark.slow

STAGES = {
    "scrape demo",
    "read_comments",
    "find_topics",
    "fetch",
    "classify visual",
    "publish",
    "rank",
    "report",
}


@pytest.fixture(scope="module")
def deployed(prefect: dict[str, str], prefect_command: Callable[..., str]) -> dict[str, str]:
    """The server with the work pool and the deployment, made as the documentation says."""
    prefect_command("work-pool", "create", "likelens", "--type", "process")
    prefect_command("--no-prompt", "deploy", "--all")
    return prefect


def run_deployment(
    prefect_command: Callable[..., str],
    config: Path,
    log_errors: Callable[[str], list[str]],
    deployment: str = "nightly/nightly",
    *parameters: str,
    command: str | None = None,
) -> None:
    """Start a run with these settings and parameters, and a worker until no run is due; check the worker's log.

    The worker starts the run as it always does, or with `command`.
    """
    given = [part for parameter in (f"config={config}", *parameters) for part in ("--param", parameter)]
    given += ["--job-variable", f"command={command}"] if command else []
    prefect_command("deployment", "run", deployment, *given)
    assert log_errors(prefect_command("worker", "start", "--pool", "likelens", "--run-once")) == []


@pytest.fixture(scope="module")
def forked(forking: ModuleType, fork_server: str) -> str:
    """The command of a flow run that is forked, which saves it the imports; the test of a night does without."""
    return str(forking.engine_command(fork_server))


def run_with(environment: dict[str, str], config: Path) -> Any:
    """Return the flow run with these settings."""
    (run,) = (
        run for run in call(environment, "flow_runs/filter", {}) if run["parameters"]["config"] == str(config)
    )
    return run


def call(environment: dict[str, str], path: str, body: dict[str, Any] | None = None) -> Any:
    """Send a request to the server's API; with a body it is a POST."""
    return prefect_api.call(f"{environment['PREFECT_API_URL']}/{path}", body)


def test_the_deployment_has_its_schedule_and_its_limit(deployed):
    """The server knows the schedule with its time zone, the parameters and the limit of one run."""
    deployment = call(deployed, "deployments/name/nightly/nightly")
    schedule = deployment["schedules"][0]["schedule"]
    assert (schedule["cron"], schedule["timezone"]) == ("0 3 * * *", "UTC")
    assert deployment["parameters"] == {"config": "likelens.toml"}
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "ENQUEUE"


def test_the_next_three_runs_are_scheduled(deployed):
    """Soon after `prefect deploy` the server has a run at 03:00 UTC of each of the next three days."""
    deployment = call(deployed, "deployments/name/nightly/nightly")["id"]
    only = {
        "flow_runs": {"deployment_id": {"any_": [deployment]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    }
    until = time.monotonic() + 600
    starts: list[str] = []
    while len(starts) < 3 and time.monotonic() < until:
        time.sleep(2)
        runs = call(deployed, "flow_runs/filter", only)
        starts = sorted(run["expected_start_time"] for run in runs if run["auto_scheduled"])
    times = [datetime.fromisoformat(run) for run in starts[:3]]
    assert [time.strftime("%H:%M:%S %z") for time in times] == ["03:00:00 +0000"] * 3
    assert [time - times[0] for time in times] == [timedelta(days=day) for day in range(3)]


def test_a_worker_completes_the_run_and_the_server_shows_it(deployed, prefect_command, studio, log_errors):
    """The server has the run's tasks, log lines, rankings and progress."""
    run_deployment(prefect_command, studio / "likelens.toml", log_errors)
    run = run_with(deployed, studio / "likelens.toml")
    assert run["state"]["type"] == "COMPLETED", run["state"]
    only = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    tasks = call(deployed, "task_runs/filter", only)
    assert {task["name"]: task["state"]["type"] for task in tasks} == dict.fromkeys(STAGES, "COMPLETED")
    artifacts = call(deployed, "artifacts/filter", only)
    assert {"top-visual-likes-lift", "top-visual-comments-lift", "top-visual-count"} <= {
        artifact["key"] for artifact in artifacts
    }
    (summary,) = [artifact["data"] for artifact in artifacts if artifact["key"] == "nightly-summary"]
    assert "30 new posts" in summary
    assert "## Findings" in summary
    assert str(studio / "data" / "likelens.duckdb") in summary
    (chart,) = [artifact["data"] for artifact in artifacts if artifact["key"] == "chart-visual-likes-lift"]
    assert "](data:image/png;base64," in chart
    assert len(chart) < 300_000
    ranking = next(artifact for artifact in artifacts if artifact["key"] == "top-visual-likes-lift")
    assert list(json.loads(ranking["data"])[0]) == [
        "rank",
        "label",
        "posts",
        "lift",
        "95% interval",
        "median likes",
    ]
    assert {"source:demo", "classifier:visual"} <= set(run["tags"])
    assert f"nightly {datetime.now(UTC):%Y-}" in run["name"]
    assert run["name"].endswith(", 1 source")
    assert {artifact["data"] for artifact in artifacts if artifact["type"] == "progress"} == {100.0}
    lines = call(deployed, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    log = "\n".join(line["message"] for line in lines)
    assert "12 posts" in log
    assert "pictures labelled" in log
    assert (studio / "data" / "likelens.duckdb").exists()


def test_a_worker_completes_the_maintenance(deployed, prefect_command, unlabelled, log_errors, forked):
    """Once a week, and by hand with a parameter: it is a deployment of its own, with its tasks on the server."""
    deployment = call(deployed, "deployments/name/maintenance/maintenance")
    assert deployment["schedules"][0]["schedule"]["cron"] == "0 12 * * 0"
    config = unlabelled / "likelens.toml"
    run_deployment(
        prefect_command, config, log_errors, "maintenance/maintenance", "all_pictures=true", command=forked
    )
    run = run_with(deployed, config)
    assert run["state"]["type"] == "COMPLETED", run["state"]
    tasks = call(deployed, "task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    assert {task["name"] for task in tasks} == {"maintain", "publish", "rank", "report"}
    (row,) = stage_runs(read_settings(config).home.lake, "stage = 'maintain'")
    assert "pictures were compared with their hash" in (row.message or "")


def test_a_worker_trains_the_forecast_models(deployed, prefect_command, unlabelled, log_errors, forked):
    """Once a week: the home folder then has both models, and `runs` has what they found."""
    deployment = call(deployed, "deployments/name/train_forecast/train_forecast")
    assert deployment["schedules"][0]["schedule"]["cron"] == "0 14 * * 0"
    config = unlabelled / "likelens.toml"
    run_deployment(prefect_command, config, log_errors, "train_forecast/train_forecast", command=forked)
    home = read_settings(config).home
    rows = stage_runs(home.lake, "stage = 'train_forecast'")
    assert [(row.lane, row.status, (row.message or "").split(",")[0]) for row in rows] == [
        ("likes", "done", "too few posts"),
        ("comments", "done", "too few posts"),
    ]
    assert all((home.forecast / one / "model.json").is_file() for one in ("likes", "comments"))


def test_a_run_that_fails_under_a_worker_has_its_reason_and_no_traceback(
    deployed, prefect_command, tmp_path, log_errors, forked
):
    """Without a settings file the run's state says so; neither the worker's log nor the run's has an error beside it."""
    missing = tmp_path / "likelens.toml"
    run_deployment(prefect_command, missing, log_errors, command=forked)
    run = run_with(deployed, missing)
    assert run["state"]["type"] == "FAILED"
    assert f"There is no settings file {missing}" in run["state"]["message"]
    lines = call(deployed, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    assert [line["message"] for line in lines if "Traceback" in line["message"]] == []
