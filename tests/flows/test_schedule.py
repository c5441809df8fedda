"""Scheduled runs: a server as in the guide, and a worker, without further commands.

The deployment and its work pool have names of their own, because other tests use the same server.
"""

from __future__ import annotations

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from flows.demo.pages import older_path
from flows.demo.server import Response
from tests import prefect_api

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NAME = "scheduled"
"""The name of the deployment and of its work pool."""
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
LIMIT_SECONDS = 1200.0
"""The limit of each wait, for a busy machine; a quiet one needs a minute for the longest."""
POLL_SECONDS = 2.0
"""Each question costs the server time that the runs need."""


@dataclass(frozen=True)
class Server:
    """A Prefect server: its port, and the environment of a client."""

    port: int
    environment: dict[str, str]

    def read(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request to the API; with a body it is a POST."""
        return prefect_api.call(f"http://127.0.0.1:{self.port}/api/{path}", body)

    def start(self, config: Path) -> str:
        """Start a run of the deployment with these settings; returns its id."""
        body = {"parameters": {"config": str(config)}}
        return str(self.read(f"deployments/{self.deployment()}/create_flow_run", body)["id"])

    def deployment(self) -> str:
        """The id of the deployment."""
        return str(self.read(f"deployments/name/nightly/{NAME}")["id"])

    def state(self, run: str) -> str:
        """The type of a run's state."""
        return str(self.read(f"flow_runs/{run}")["state_type"])


@dataclass(frozen=True)
class ScheduledRuns:
    """The flow runs of a worker, its log until the first two have ended, and the file of the log; it runs on."""

    runs: list[dict[str, Any]]
    log: str
    file: Path

    def ended(self) -> list[dict[str, Any]]:
        """The runs that ended, by their starts."""
        ended = [run for run in self.runs if run["state_type"] in ENDED]
        return sorted(ended, key=lambda run: moment(run["start_time"]))

    def pair(self) -> list[dict[str, Any]]:
        """The first two runs that were due at one time, when both have ended."""
        for run in self.ended():
            due = [one for one in self.ended() if one["expected_start_time"] == run["expected_start_time"]]
            if len(due) == 2:
                return due
        return []


def moment(text: str) -> datetime:
    """A time of the API."""
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def server(prefect: dict[str, str]) -> Server:
    """The server on another port than 4200, started as the guide says."""
    port = urlsplit(prefect["PREFECT_API_URL"]).port
    assert port is not None
    return Server(port, prefect)


@pytest.fixture(scope="module")
def scheduled(
    server: Server,
    prefect_command: Callable[..., str],
    forking: ModuleType,
    fork_server: str,
    tmp_path_factory: pytest.TempPathFactory,
    without_classifiers: str,
) -> Iterator[ScheduledRuns]:
    """Two accounts' runs, due at the same time, that have ended, and a worker until the last test."""
    folder = tmp_path_factory.mktemp("scheduled")
    prefect_command("work-pool", "create", NAME, "--type", "process")
    write_deployment(folder, without_classifiers, forking.engine_command(fork_server))
    prefect_command("--no-prompt", "deploy", "--all", "--prefect-file", folder / "prefect.yaml")
    log = folder / "worker.log"
    with working(server, log, forking, fork_server) as worker:
        wait_until(lambda: ScheduledRuns(all_runs(server), "", log).pair() or worker.poll() is not None)
        stop_schedule(server)
        yield ScheduledRuns(all_runs(server), log.read_text("utf-8"), log)


@contextmanager
def working(server: Server, log: Path, forking: ModuleType, fork_server: str) -> Iterator[Any]:
    """A worker for the work pool, until the block ends."""
    command = ["worker", "start", "--pool", NAME]
    with log.open("wb") as out:
        streams = {"stdout": out, "stderr": out, "start_new_session": True}
        worker = forking.ForkedProcess(
            fork_server, forking.PREFECT, command, cwd=ROOT, env=server.environment, **streams
        )
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(120)
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)


def write_deployment(folder: Path, settings: str, command: str) -> None:
    """The project's prefect.yaml with two schedules, one for each account, that are due within the minute.

    The worker starts each flow run with `command`, which saves it the imports; test_deployment.py has one without.
    They are due again five minutes later, should this machine be too busy to deploy them in time.
    """
    project = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
    (deployment,) = project["deployments"] = [
        one for one in project["deployments"] if one["name"] == "nightly"
    ]
    deployment["name"] = deployment["work_pool"]["name"] = NAME
    soon = datetime.now(UTC) + timedelta(seconds=30)
    due = {"interval": 300, "anchor_date": soon.isoformat(), "timezone": "UTC"}
    deployment["work_pool"]["job_variables"] = {"command": command}
    deployment["schedules"] = []
    for account in ("ann", "bob"):
        (folder / account).mkdir()
        config = folder / account / "likelens.toml"
        config.write_text(settings)
        own = {"slug": account, "parameters": {"config": str(config)}}
        deployment["schedules"].append({**due, **own})
    (folder / "prefect.yaml").write_text(yaml.safe_dump(project))


def all_runs(server: Server) -> list[dict[str, Any]]:
    """Every flow run of the deployment."""
    only = {"deployments": {"name": {"any_": [NAME]}}}
    return server.read("flow_runs/filter", {**only, "sort": "EXPECTED_START_TIME_ASC"})


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the limit is for a busy machine."""
    until = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < until, "timed out"
        time.sleep(POLL_SECONDS)


def stop_schedule(server: Server) -> None:
    """Pause the schedule, and wait until no run is pending or running."""
    server.read(f"deployments/{server.deployment()}/pause_deployment", {})
    wait_until(lambda: not {"PENDING", "RUNNING"} & {run["state_type"] for run in all_runs(server)})


def test_the_web_page_calls_the_port_of_its_own_server(server):
    """A server on another port, started as the guide says, serves a page whose settings name that very server."""
    shown = prefect_api.call(f"http://127.0.0.1:{server.port}/ui-settings")
    assert shown["api_url"] == f"http://127.0.0.1:{server.port}/api"
    assert prefect_api.call(f"{shown['api_url']}/health") is True
    page = urllib.request.Request(f"http://127.0.0.1:{server.port}/", headers={"Accept": "text/html"})
    with urllib.request.urlopen(page, timeout=300) as response:
        assert b"<script" in response.read()


def test_a_run_that_is_due_starts_by_itself(scheduled, log_errors):
    """The scheduler makes the runs of the schedule, and the worker runs them; its log has no error."""
    assert log_errors(scheduled.log) == []
    pair = scheduled.pair()
    assert [run["state_type"] for run in pair] == ["COMPLETED", "COMPLETED"], pair
    assert all(run["auto_scheduled"] and run["created_by"]["type"] == "SCHEDULE" for run in pair)
    for run in pair:
        home = Path(run["parameters"]["config"]).parent / "data"
        assert (home / "likelens.duckdb").exists()


def test_a_cancelled_run_ends_its_crawl_and_the_next_run_resumes(
    server, prefect_command, scheduled, studio, without_classifiers, site
):
    """`prefect flow-run cancel` ends a run that waits for a page; the next run resumes after the pages it read."""
    config = studio / "likelens.toml"
    config.write_text(without_classifiers)

    def new_log() -> str:
        return scheduled.file.read_text("utf-8")[len(scheduled.log) :]

    gallery, shown = site
    gallery.script[older_path(shown, shown.posts[11].post_id)] = [Response(200, delay=LIMIT_SECONDS)] * 100
    run = server.start(config)
    wait_until(lambda: "12 posts" in new_log())
    prefect_command("flow-run", "cancel", run)
    wait_until(lambda: server.state(run) in ENDED)
    gallery.script.clear()
    assert server.state(run) == "CANCELLED"
    again = server.start(config)
    wait_until(lambda: server.state(again) in ENDED)
    assert server.state(again) == "COMPLETED"
    assert "resuming after the 12 posts" in new_log()


def test_two_runs_due_at_the_same_time_run_one_after_the_other(scheduled):
    """Each of two accounts has its run at the same time; the second begins when the first has ended."""
    first, second = scheduled.pair()
    assert first["expected_start_time"] == second["expected_start_time"]
    assert {Path(run["parameters"]["config"]).parent.name for run in (first, second)} == {"ann", "bob"}
    assert all(moment(a["end_time"]) <= moment(b["start_time"]) for a, b in pairwise(scheduled.ended()))
