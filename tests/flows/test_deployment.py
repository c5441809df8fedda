"""The deployment of prefect.yaml on a real server, run by a real worker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.settings import read_settings
from warehouse.runs import stage_runs

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"scrape-demo", "fetch", "classify-visual", "publish", "rank", "report"}


@pytest.fixture(scope="module")
def deployed(prefect: dict[str, str]) -> dict[str, str]:
    """The server with the work pool and the deployment, made as the documentation says."""
    command(prefect, "work-pool", "create", "likelens", "--type", "process")
    command(prefect, "--no-prompt", "deploy", "--all")
    return prefect


def command(environment: dict[str, str], *arguments: str) -> str:
    """Run `prefect` in the repository."""
    ran = subprocess.run(
        [Path(sys.executable).with_name("prefect"), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout + ran.stderr


def run_worker(environment: dict[str, str], log_errors: Callable[[str], list[str]]) -> None:
    """Run a worker until no run is due, and check its log."""
    log = command(environment, "worker", "start", "--pool", "likelens", "--run-once")
    assert log_errors(log) == []


def run_with(environment: dict[str, str], config: Path) -> Any:
    """Return the flow run with these settings."""
    (run,) = (
        run for run in call(environment, "flow_runs/filter", {}) if run["parameters"]["config"] == str(config)
    )
    return run


def call(environment: dict[str, str], path: str, body: dict[str, Any] | None = None) -> Any:
    """Send a request to the server's API; with a body it is a POST."""
    request = urllib.request.Request(
        f"{environment['PREFECT_API_URL']}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


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
        time.sleep(0.5)
        runs = call(deployed, "flow_runs/filter", only)
        starts = sorted(run["expected_start_time"] for run in runs if run["auto_scheduled"])
    times = [datetime.fromisoformat(run) for run in starts[:3]]
    assert [time.strftime("%H:%M:%S %z") for time in times] == ["03:00:00 +0000"] * 3
    assert [time - times[0] for time in times] == [timedelta(days=day) for day in range(3)]


def test_a_worker_completes_the_run_and_the_server_shows_it(deployed, studio, log_errors):
    """The server has the run's tasks, log lines, rankings and progress."""
    command(deployed, "deployment", "run", "nightly/nightly", "--param", f"config={studio / 'likelens.toml'}")
    run_worker(deployed, log_errors)
    run = run_with(deployed, studio / "likelens.toml")
    assert run["state"]["type"] == "COMPLETED", run["state"]
    only = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    tasks = call(deployed, "task_runs/filter", only)
    assert {task["name"]: task["state"]["type"] for task in tasks} == dict.fromkeys(STAGES, "COMPLETED")
    artifacts = call(deployed, "artifacts/filter", only)
    assert {"top-visual-likes-lift", "top-visual-comments-lift", "top-visual-count"} <= {
        artifact["key"] for artifact in artifacts
    }
    assert {artifact["data"] for artifact in artifacts if artifact["type"] == "progress"} == {100.0}
    lines = call(deployed, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    log = "\n".join(line["message"] for line in lines)
    assert "12 posts" in log
    assert "pictures labelled" in log
    assert (studio / "data" / "likelens.duckdb").exists()


def test_a_worker_completes_the_maintenance(deployed, unlabelled, log_errors):
    """Once a week, and by hand with a parameter: it is a deployment of its own, with its tasks on the server."""
    deployment = call(deployed, "deployments/name/maintenance/maintenance")
    assert deployment["schedules"][0]["schedule"]["cron"] == "0 12 * * 0"
    config = unlabelled / "likelens.toml"
    parameters = ("--param", f"config={config}", "--param", "all_pictures=true")
    command(deployed, "deployment", "run", "maintenance/maintenance", *parameters)
    run_worker(deployed, log_errors)
    run = run_with(deployed, config)
    assert run["state"]["type"] == "COMPLETED", run["state"]
    tasks = call(deployed, "task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    assert {task["name"] for task in tasks} == {"maintain", "publish", "rank", "report"}
    (row,) = stage_runs(read_settings(config).home.lake, "stage = 'maintain'")
    assert "pictures were compared with their hash" in (row.message or "")


def test_a_run_that_fails_under_a_worker_has_its_reason_and_no_traceback(deployed, tmp_path, log_errors):
    """Without a settings file the run's state says so; neither the worker's log nor the run's has an error beside it."""
    missing = tmp_path / "likelens.toml"
    command(deployed, "deployment", "run", "nightly/nightly", "--param", f"config={missing}")
    run_worker(deployed, log_errors)
    run = run_with(deployed, missing)
    assert run["state"]["type"] == "FAILED"
    assert f"There is no settings file {missing}" in run["state"]["message"]
    lines = call(deployed, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    assert [line["message"] for line in lines if "Traceback" in line["message"]] == []
