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


def work_off(environment: dict[str, str], log_errors: Callable[[str], list[str]]) -> None:
    """Let a worker do what is due, and read its log."""
    log = command(environment, "worker", "start", "--pool", "likelens", "--run-once")
    assert log_errors(log) == []


def run_with(environment: dict[str, str], config: Path) -> Any:
    """The flow run with these settings."""
    (run,) = (
        run for run in ask(environment, "flow_runs/filter", {}) if run["parameters"]["config"] == str(config)
    )
    return run


def ask(environment: dict[str, str], path: str, question: dict[str, Any] | None = None) -> Any:
    """Ask the server's API."""
    request = urllib.request.Request(
        f"{environment['PREFECT_API_URL']}/{path}",
        data=None if question is None else json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_the_deployment_runs_every_night_and_never_twice_at_once(deployed):
    """The server knows the schedule with its time zone, the parameters and the limit of one run."""
    found = ask(deployed, "deployments/name/nightly/nightly")
    schedule = found["schedules"][0]["schedule"]
    assert (schedule["cron"], schedule["timezone"]) == ("0 3 * * *", "UTC")
    assert found["parameters"] == {"config": "likelens.toml"}
    assert found["global_concurrency_limit"]["limit"] == 1
    assert found["concurrency_options"]["collision_strategy"] == "ENQUEUE"


def test_the_next_three_nights_are_scheduled(deployed):
    """Soon after `prefect deploy` the server has a run at 03:00 UTC of each of the next three days."""
    deployment = ask(deployed, "deployments/name/nightly/nightly")["id"]
    only = {
        "flow_runs": {"deployment_id": {"any_": [deployment]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    }
    until = time.monotonic() + 600
    nights: list[str] = []
    while len(nights) < 3 and time.monotonic() < until:
        time.sleep(0.5)
        runs = ask(deployed, "flow_runs/filter", only)
        nights = sorted(run["expected_start_time"] for run in runs if run["auto_scheduled"])
    times = [datetime.fromisoformat(run) for run in nights[:3]]
    assert [time.strftime("%H:%M:%S %z") for time in times] == ["03:00:00 +0000"] * 3
    assert [time - times[0] for time in times] == [timedelta(days=day) for day in range(3)]


def test_a_worker_runs_it_to_its_end_and_the_server_shows_how(deployed, studio, log_errors):
    """The run is completed; its tasks, log lines, rankings and progress are there to look at."""
    command(deployed, "deployment", "run", "nightly/nightly", "--param", f"config={studio / 'likelens.toml'}")
    work_off(deployed, log_errors)
    run = run_with(deployed, studio / "likelens.toml")
    assert run["state"]["type"] == "COMPLETED", run["state"]
    only = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    tasks = ask(deployed, "task_runs/filter", only)
    assert {task["name"]: task["state"]["type"] for task in tasks} == dict.fromkeys(STAGES, "COMPLETED")
    artifacts = ask(deployed, "artifacts/filter", only)
    assert {"top-visual-likes-mean", "top-visual-comments-mean", "top-visual-count"} <= {
        artifact["key"] for artifact in artifacts
    }
    assert {artifact["data"] for artifact in artifacts if artifact["type"] == "progress"} == {100.0}
    lines = ask(deployed, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    told = "\n".join(line["message"] for line in lines)
    assert "12 posts" in told
    assert "pictures labelled" in told
    assert (studio / "data" / "likelens.duckdb").exists()


def test_a_run_that_fails_under_a_worker_has_its_reason_and_no_traceback(deployed, tmp_path, log_errors):
    """Without a settings file the run's state says so; neither the worker's log nor the run's has an error beside it."""
    missing = tmp_path / "likelens.toml"
    command(deployed, "deployment", "run", "nightly/nightly", "--param", f"config={missing}")
    work_off(deployed, log_errors)
    run = run_with(deployed, missing)
    assert run["state"]["type"] == "FAILED"
    assert f"There is no settings file {missing}" in run["state"]["message"]
    lines = ask(deployed, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})
    assert [line["message"] for line in lines if "Traceback" in line["message"]] == []
