"""Flow runs that a stopped worker left: their states at Prefect's server."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from flows.environment import server_password
from flows.pool_settings import WORK_POOL
from flows.settings import Settings
from warehouse.errors import HomeBusy

MAX_RUNS = 200
REQUEST_SECONDS = 30.0
START_SECONDS = 30.0
"""A run that began later may not hold the home folder yet."""
_SAFE = "What the run stored is safe. The next run resumes it; start one on the page Deployments if you do not want to wait."
STOPPED = f"likelens serve was stopped during this run. {_SAFE}"
KILLED = f"The process of this run was killed, or its machine went down. {_SAFE}"


def report_stopped_runs(api_url: str) -> None:
    """After the end of the worker: mark its runs as crashed, and schedule those that had not begun.

    Raises `OSError` if the server does not respond.
    """
    for run in _runs(api_url, "RUNNING"):
        _set_state(api_url, run["id"], {"type": "CRASHED", "name": "Crashed", "message": STOPPED})
    for run in _runs(api_url, "CANCELLING"):
        _set_state(api_url, run["id"], {"type": "CANCELLED", "name": "Cancelled"})
    reschedule_pending_runs(api_url)


def report_killed_runs(api_url: str, settings: Settings) -> None:
    """Before the start of a worker: mark the runs of these settings as crashed, unless one still holds the home folder.

    Runs that had not begun are scheduled again. Runs with other settings are left to the automation that misses their
    heartbeat.
    """
    now = datetime.now(UTC)
    with suppress(HomeBusy), settings.home.held(0, waiting=lambda: None):
        for run in _runs(api_url, "RUNNING"):
            began = datetime.fromisoformat(run["start_time"] or run["expected_start_time"])
            # A run whose worker was killed goes on. It holds the home folder from its first seconds on.
            is_old = (now - began).total_seconds() > START_SECONDS
            if is_old and run["parameters"].get("config") == str(settings.file.absolute()):
                _set_state(api_url, run["id"], {"type": "CRASHED", "name": "Crashed", "message": KILLED})
    reschedule_pending_runs(api_url)


def reschedule_pending_runs(api_url: str) -> None:
    """Schedule the runs that a worker took and did not begin: they would hold the only slot of the work pool for ever."""
    for run in _runs(api_url, "PENDING"):
        details = {"scheduled_time": datetime.now(UTC).isoformat()}
        _set_state(api_url, run["id"], {"type": "SCHEDULED", "name": "Scheduled", "state_details": details})


def _runs(api_url: str, state: str) -> list[dict[str, Any]]:
    chosen = {
        "work_pools": {"name": {"any_": [WORK_POOL]}},
        "flow_runs": {"state": {"type": {"any_": [state]}}},
        "limit": MAX_RUNS,
    }
    runs: list[dict[str, Any]] = _post(f"{api_url}/flow_runs/filter", chosen)
    return runs


def _set_state(api_url: str, run: str, state: dict[str, Any]) -> None:
    # By force: the rules of the server are for a run that reports its own state.
    _post(f"{api_url}/flow_runs/{run}/set_state", {"state": state, "force": True})


def _post(url: str, body: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    if password := server_password():
        headers["Authorization"] = f"Basic {base64.b64encode(password.encode()).decode()}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own server
    for pause in (1.0, 2.0, 4.0, 8.0):
        try:
            return _read(request)
        except urllib.error.HTTPError as error:
            if error.code != 503:  # the status of a server whose SQLite database is locked
                raise
        time.sleep(pause)
    return _read(request)


def _read(request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:  # noqa: S310
        return json.load(response)
