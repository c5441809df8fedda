"""What other libraries must be told through the environment before they are imported.

With `settings` and `secrets` the only module that touches `os.environ`. Nothing here overrides what a person set.
"""

from __future__ import annotations

import logging
import os
import tomllib
from pathlib import Path

_LOGGED = "flows,tasks,classifiers,warehouse"


def prepare(home: Path) -> None:
    """Set defaults for a run that may have to bring its own Prefect server.

    Without a server (`PREFECT_API_URL`, in the environment or in the active profile) Prefect starts one
    for the run; it then keeps its database in the home folder, asks nothing of the network, and our
    log lines reach it.
    """
    defaults = {
        "PREFECT_LOGGING_EXTRA_LOGGERS": _LOGGED,
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if not has_server():
        defaults["PREFECT_HOME"] = str(home / "prefect")
        defaults["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    show_own_lines()
    # httpx tells each request to Prefect's server at the level that our own lines have.
    for noisy in ("httpx", "httpcore", "absl", "docket"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def show_own_lines() -> None:
    """Let our own lines through from INFO on, and leave those of other libraries as they are."""
    for name in _LOGGED.split(","):
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.INFO)


def has_server() -> bool:
    """Whether a Prefect server is set, in the environment or in Prefect's active profile."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    folder = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        profiles = tomllib.loads((folder / "profiles.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    return bool(profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL"))


def clarifai_base() -> str | None:
    """Where `CLARIFAI_GRPC_BASE` sends requests to Clarifai instead, a test server for one; None when unset."""
    return os.environ.get("CLARIFAI_GRPC_BASE", "").strip() or None
