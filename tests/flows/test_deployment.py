"""The deployment of prefect.yaml on a real server, run by a real worker."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
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
    return ran.stdout


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


def test_a_worker_runs_it_to_its_end_and_the_server_shows_how(deployed, studio):
    """The run is completed; its tasks, log lines, rankings and progress are there to look at."""
    command(deployed, "deployment", "run", "nightly/nightly", "--param", f"config={studio / 'likelens.toml'}")
    command(deployed, "worker", "start", "--pool", "likelens", "--run-once")
    deployment = ask(deployed, "deployments/name/nightly/nightly")["id"]
    ended = {"any_": ["COMPLETED", "FAILED", "CRASHED"]}
    (run,) = ask(
        deployed,
        "flow_runs/filter",
        {"flow_runs": {"deployment_id": {"any_": [deployment]}, "state": {"type": ended}}},
    )
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
