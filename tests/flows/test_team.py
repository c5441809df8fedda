"""A night in parts on several workers, and PostgreSQL as the server's database where this machine has it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flows.errors import SettingsError
from flows.prefect_health import read_health
from flows.serve.database import check_database
from flows.settings import read_settings
from tests import prefect_api
from warehouse.records.runs import stage_runs

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
LIMIT_SECONDS = 1200.0
POLL_SECONDS = 2.0
"""Each question costs the server time that the runs need."""
POOLS = {"collect": "small", "label": "gpu", "publish": "small"}


class Team:
    """`likelens serve` in a folder, and workers of other work pools."""

    def __init__(self, folder: Path, port: int, database: str | None, processes: ExitStack) -> None:
        self.folder, self.port, self.database, self._processes = folder, port, database, processes
        own = ("PREFECT_", "PYTEST_", "LIKELENS_")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        self._environment |= {"PREFECT_WORKER_QUERY_SECONDS": "4", "PATH": f"{BIN}:{os.environ['PATH']}"}

    def serve(self) -> None:
        variables = {"LIKELENS_SERVER_DATABASE": self.database} if self.database else {}
        self.process = self._start("serve", [BIN / "likelens", "serve"], variables)
        wait_until(lambda: "Prefect runs at" in self.log("serve") or self.process.poll() is not None)
        assert self.process.poll() is None, self.log("serve")

    def start_server(self) -> None:
        """Start Prefect's server alone, on the database."""
        database = str(self.database).replace("postgresql", "postgresql+asyncpg")
        variables = {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            "PREFECT_HOME": str(self.folder / "prefect-of-server"),
        }
        command = [BIN / "prefect", "server", "start", "--port", str(self.port), "--analytics-off"]
        self._start("server", command, variables)
        api = f"http://127.0.0.1:{self.port}/api"
        wait_until(lambda: read_health(api, 60.0))

    def start_worker(self, pool: str, forking: ModuleType, fork_server: str) -> None:
        """Start a worker as a process of the fork server, which saves it the imports."""
        environment = {
            **self._environment,
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_HOME": str(self.folder / f"prefect-of-{pool}"),
        }
        command = ["worker", "start", "--pool", pool, "--name", f"{pool}-1"]
        with (self.folder / f"{pool}.log").open("ab") as out:
            streams = {"stdout": out, "stderr": out, "start_new_session": True}
            worker = forking.ForkedProcess(
                fork_server, forking.PREFECT, command, cwd=self.folder, env=environment, **streams
            )
        self._processes.callback(end, worker)

    def start_runs_with(self, command: str) -> None:
        """Let the workers start the runs of all deployments with a command."""
        for deployment in self.call("deployments/filter", {}):
            changed = {"job_variables": {**deployment["job_variables"], "command": command}}
            self.call(f"deployments/{deployment['id']}", changed, "PATCH")

    def _start(self, name: str, command: list[Any], variables: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {**self._environment, **variables}
        with (self.folder / f"{name}.log").open("ab") as out:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=out, stderr=out, start_new_session=True
            )
        self._processes.callback(end, process)
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8")

    def call(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        return prefect_api.call(f"http://127.0.0.1:{self.port}/api/{path}", body, method)

    def start_night(self) -> str:
        deployment = self.call("deployments/name/nightly/nightly")["id"]
        return str(self.call(f"deployments/{deployment}/create_flow_run", {})["id"])

    def wait_for(self, run: str) -> dict[str, Any]:
        wait_until(lambda: self.call(f"flow_runs/{run}")["state_type"] in ENDED)
        return dict(self.call(f"flow_runs/{run}"))

    def runs_of(self, part: str, night: str) -> list[dict[str, Any]]:
        """The flow runs of a part that a night has started."""
        tasks = self.call("task_runs/filter", {"task_runs": {"flow_run_id": {"any_": [night]}}})
        chosen = {"parent_task_run_id": {"any_": [task["id"] for task in tasks]}}
        runs = self.call("flow_runs/filter", {"flow_runs": chosen, "flows": {"name": {"any_": [part]}}})
        return list(runs)


def end(process: Any) -> None:
    """End a process and what it has started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT_SECONDS)


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < until, "timed out"
        time.sleep(POLL_SECONDS)


@pytest.fixture(scope="module")
def postgres(postgres_server: ModuleType, free_port: Callable[[], int]) -> Iterator[Any]:
    """A PostgreSQL server; None where its programs are not installed."""
    programs = postgres_server.find_programs()
    if programs is None:
        yield None
        return
    with postgres_server.running_postgres(programs, free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def team(
    postgres: Any,
    tmp_path_factory: pytest.TempPathFactory,
    few: Path,
    free_port: Callable[[], int],
    forking: ModuleType,
    fork_server: str,
) -> Iterator[Team]:
    """A served folder with work pools, and a worker for each; the runs are forked."""
    folder, port = tmp_path_factory.mktemp("team"), free_port()
    shutil.copytree(few, folder, dirs_exist_ok=True)
    settings = (folder / "likelens.toml").read_text("utf-8")
    pools = "".join(f'{part} = "{pool}"\n' for part, pool in POOLS.items())
    (folder / "likelens.toml").write_text(f"{settings}\n[server]\nport = {port}\n\n[pools]\n{pools}")
    if postgres:
        postgres.run("create database prefect")
    with ExitStack() as processes:
        made = Team(folder, port, postgres.url("prefect") if postgres else None, processes)
        made.serve()
        made.start_runs_with(forking.engine_command(fork_server))
        for pool in ("small", "gpu"):
            made.start_worker(pool, forking, fork_server)
        yield made


def test_the_parts_of_a_night_run_on_the_workers_of_their_pools(team):
    """With a worker for each pool the night is complete; each part ran where the settings say."""
    night = team.start_night()
    ended = team.wait_for(night)
    assert (ended["state_name"], ended["work_pool_name"]) == ("Completed", "likelens"), ended["state"]
    for part, pool in POOLS.items():
        (run,) = team.runs_of(part, night)
        assert (run["state_name"], run["work_pool_name"]) == ("Completed", pool), run["state"]
        assert run["name"].startswith(f"{part} 2") and "source:few" in run["tags"]
        assert run["id"] in team.log(pool)
    rows = stage_runs(read_settings(team.folder / "likelens.toml").home.lake)
    assert {row.run_id for row in rows} == {rows[0].run_id} and {row.status for row in rows} == {"done"}
    assert {(row.stage, row.lane) for row in rows} >= {("classify", "visual"), ("part", "label"), ("run", "")}
    artifacts = team.call("artifacts/filter", {"flow_runs": {"id": {"any_": [night]}}})
    (summary,) = [one["data"] for one in artifacts if one["key"] == "nightly-summary"]
    assert "20 new pictures" in summary


def test_runs_in_postgresql_survive_a_restart_of_the_server(team):
    """Another server on the same database has the night of the first one; no SQLite file was made."""
    if not team.database:
        pytest.skip("there are no programs of PostgreSQL (initdb, pg_ctl)")
    before = ended_runs(team)
    assert list(before.values()) == ["COMPLETED"] * 4
    team.process.send_signal(signal.SIGTERM)
    assert team.process.wait(LIMIT_SECONDS) == 0
    assert not (team.folder / "data" / "prefect" / "prefect.db").exists()
    assert "a-password" not in team.log("serve")
    team.start_server()
    assert ended_runs(team) == before


def ended_runs(team: Team) -> dict[str, str]:
    """The states of the runs that have ended."""
    runs = team.call("flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": sorted(ENDED)}}}})
    return {run["id"]: run["state_type"] for run in runs}


def test_postgresql_that_can_not_be_used_is_refused_with_the_reason(postgres, monkeypatch):
    """A wrong password, no such database, no rights, and no driver: each has a sentence, and none has the password."""
    if not postgres:
        pytest.skip("there are no programs of PostgreSQL (initdb, pg_ctl)")
    postgres.run("create database empty")
    postgres.run("create user ann password 'a-password'")
    refused = {
        postgres.url("empty", password="wrong-secret"): "password authentication failed for user",
        postgres.url("missing"): 'database "missing" does not exist',
        postgres.url("empty", "ann"): 'alter database "empty" owner to "ann"',
    }
    for url, part in refused.items():
        with pytest.raises(SettingsError, match="LIKELENS_SERVER_DATABASE") as caught:
            check_database(url.replace("postgresql", "postgresql+asyncpg"))
        assert part in str(caught.value)
        assert "secret" not in str(caught.value) and "a-password" not in str(caught.value)
    check_database(postgres.url("empty"))
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(SettingsError, match="pip install asyncpg"):
        check_database(postgres.url("empty"))
