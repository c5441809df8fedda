"""`likelens serve` as its user knows it: a process, its pages, and what is left after a stop or a kill."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.demo.pages import older_path
from flows.demo.server import Response
from tests import prefect_api

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
LIMIT_SECONDS = 1200.0
"""The limit of each wait, for a busy machine."""
POLL_SECONDS = 2.0
"""Each question costs the server time that the run needs."""
REGISTER = """
from pathlib import Path
from flows.environment import notify_url
from flows.serve.register import register

register(Path("likelens.toml").absolute(), notify_url())
"""
"""What `python -m flows.serve.register` does, in a process that has imported it."""
WITHIN_SECONDS = 40
"""Seconds without a heartbeat in this test; heartbeats come every 30 seconds."""


class Webhook(http.server.ThreadingHTTPServer):
    """A server on loopback that remembers the messages that it gets."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def has(self, part: str) -> bool:
        return any(part in text for text in self.texts)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["text"] == body["content"]
        self.server.texts.append(body["text"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class Served:
    """A folder in which `likelens serve` runs."""

    def __init__(self, folder: Path, port: int, webhook: Webhook) -> None:
        self.folder, self.port, self.webhook = folder, port, webhook
        self.log = folder / "serve.log"
        self.start()

    def start(self) -> None:
        names = ("PREFECT_", "PYTEST_", "LIKELENS_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(names)}
        environment["LIKELENS_NOTIFY_URL"] = f"http://127.0.0.1:{self.webhook.server_port}/hook"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [BIN / "likelens", "serve"], cwd=self.folder, env=environment, stdout=out, stderr=out
            )
        wait_until(lambda: "Prefect runs at" in self.text() or self.process.poll() is not None)
        assert f"Prefect runs at http://127.0.0.1:{self.port}\n" in self.text(), self.text()

    def text(self) -> str:
        return self.log.read_text("utf-8")

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(LIMIT_SECONDS)

    def call(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        return prefect_api.call(f"http://127.0.0.1:{self.port}/api/{path}", body, method)

    def run(self, **parameters: str) -> str:
        """Start a night; returns its id."""
        deployment = self.call("deployments/name/nightly/nightly")["id"]
        return str(self.call(f"deployments/{deployment}/create_flow_run", {"parameters": parameters})["id"])

    def state(self, run: str) -> str:
        return str(self.call(f"flow_runs/{run}")["state_type"])


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < until, "timed out"
        time.sleep(POLL_SECONDS)


def children(pid: int) -> list[int]:
    """The processes that a process has started, on Linux."""
    table = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(number) for number in table.read_text().split()] if table.exists() else []


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
    without_classifiers: str,
    free_port: Callable[[], int],
    new_prefect_database: Path,
) -> Iterator[Served]:
    """`likelens serve` with notifications, and a second settings file beside the first.

    The database of its server is there, because to make it takes as long as a run; the wheel's demo makes its own.
    """
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    database = folder / "data" / "prefect" / "prefect.db"
    database.parent.mkdir(parents=True)
    shutil.copy(new_prefect_database, database)
    (folder / "likelens.toml").write_text(f"{without_classifiers}\n[server]\nport = {port}\n")
    (folder / "other.toml").write_text(f'home = "other"\n{without_classifiers}')
    webhook = Webhook()
    running = Served(folder, port, webhook)
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGTERM)
    webhook.shutdown()


def test_one_command_gives_pages_a_work_pool_and_the_deployments_of_the_project(served):
    """The pages name their server, the pool runs one at a time, and the deployments are those of prefect.yaml."""
    with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/ui-settings", timeout=60) as response:
        assert json.load(response)["api_url"] == f"http://127.0.0.1:{served.port}/api"
    assert served.call("work_pools/likelens")["concurrency_limit"] == 1
    assert describe_registered(served) == describe_file()


def describe_registered(served: Served) -> dict[str, Any]:
    """Schedule, parameters and limit of each deployment on the server."""
    return {
        one["name"]: (
            [(each["schedule"]["cron"], each["schedule"]["timezone"]) for each in one["schedules"]],
            {**one["parameters"], "config": Path(one["parameters"]["config"]).name},
            one["global_concurrency_limit"]["limit"],
            one["description"],
        )
        for one in served.call("deployments/filter", {})
    }


def describe_file() -> dict[str, Any]:
    """The same of prefect.yaml."""
    project = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
    return {
        one["name"]: (
            [(each["cron"], each["timezone"]) for each in one.get("schedules", [])],
            one["parameters"],
            one["concurrency_limit"]["limit"],
            one["description"],
        )
        for one in project["deployments"]
    }


def test_a_killed_run_is_noticed_notified_and_resumed(served, site):
    """After a SIGKILL of worker and run the run is crashed for want of heartbeats; the next one resumes it."""
    expect_heartbeats(served, WITHIN_SECONDS)
    gallery, shown = site
    gallery.script[older_path(shown, shown.posts[11].post_id)] = [Response(200, delay=LIMIT_SECONDS)] * 100
    config = str(served.folder / "other.toml")
    killed = served.run(config=config)
    wait_until(lambda: "12 posts, 12 so far" in served.text())
    for worker in [pid for pid in children(served.process.pid) if children(pid)]:
        for process in (*children(worker), worker):
            os.killpg(process, signal.SIGKILL)
    gallery.script.clear()
    wait_until(lambda: served.state(killed) == "CRASHED")
    assert "The worker has ended (signal 9); starting it again." in served.text()
    shown_run = served.call(f"flow_runs/{killed}")
    assert "No heartbeat" in shown_run["state"]["message"]
    assert shown_run["name"].startswith("nightly 2") and shown_run["name"].endswith(", 1 source")
    assert {"source:demo"} <= set(shown_run["tags"])
    wait_until(lambda: served.webhook.has("is Crashed. No heartbeat"))
    resumed = served.run(config=config)
    wait_until(lambda: served.state(resumed) == "COMPLETED")
    assert "resuming after the 12 posts" in served.text()
    wait_until(lambda: served.webhook.has("demo: no new post for"))


def expect_heartbeats(served: Served, seconds: int) -> None:
    """Shorten the time without a heartbeat after which a run is crashed."""
    (automation,) = [
        one for one in served.call("automations/filter", {}) if "without a heartbeat" in one["name"]
    ]
    automation["trigger"]["within"] = seconds
    body = {name: automation[name] for name in ("name", "description", "enabled", "trigger", "actions")}
    served.call(f"automations/{automation['id']}", body, method="PUT")


def test_a_second_registration_doubles_nothing(served, forking, fork_server):
    """What a second start registers again has the same ids, schedules and pauses; automations are not touched."""
    paused = served.call("deployments/name/nightly/weekly")["id"]
    served.call(f"deployments/{paused}/pause_deployment", {})
    maintained = served.call("deployments/name/maintenance/maintenance")
    switched = f"deployments/{maintained['id']}/schedules/{maintained['schedules'][0]['id']}"
    served.call(switched, {"active": False}, method="PATCH")
    before = served.call("deployments/filter", {}), served.call("automations/filter", {})
    environment = {
        **os.environ,
        "PREFECT_API_URL": f"http://127.0.0.1:{served.port}/api",
        "PREFECT_HOME": str(served.folder / "data" / "prefect"),
        "LIKELENS_NOTIFY_URL": f"http://127.0.0.1:{served.webhook.server_port}/hook",
    }
    start = {"cwd": served.folder, "env": environment, "timeout": LIMIT_SECONDS}
    registered = forking.run_forked(fork_server, forking.PROGRAM, [REGISTER], **start)
    assert registered.returncode == 0, registered.stderr
    after = served.call("deployments/filter", {}), served.call("automations/filter", {})
    assert [names_and_schedules(one) for one in after[0]] == [names_and_schedules(one) for one in before[0]]
    assert {one["id"] for one in after[1]} == {one["id"] for one in before[1]}
    assert len(after[1]) == 3


def names_and_schedules(deployment: dict[str, Any]) -> tuple[Any, ...]:
    schedules = [(one["slug"], one["schedule"]["cron"], one["active"]) for one in deployment["schedules"]]
    return deployment["id"], deployment["name"], deployment["paused"], schedules


def test_a_stop_in_a_run_is_reported(served, site):
    """SIGTERM ends all processes with status 0; the run that was stopped is crashed, with what to do."""
    gallery, shown = site
    gallery.script[older_path(shown, shown.posts[11].post_id)] = [Response(200, delay=LIMIT_SECONDS)] * 100
    stopped = served.run()
    wait_until(lambda: served.text().count("12 posts, 12 so far") >= 2)
    assert served.stop(signal.SIGTERM) == 0
    gallery.script.clear()
    assert served.text().endswith("Stopped.\n")
    with sqlite3.connect(served.folder / "data" / "prefect" / "prefect.db") as database:
        query = """select flow_run_state.type, message from flow_run join flow_run_state
                   on flow_run_state.id = flow_run.state_id where flow_run.id = ?"""
        [(state, message)] = database.execute(query, [stopped]).fetchall()
    assert state == "CRASHED"
    assert "likelens serve was stopped during this run" in message
