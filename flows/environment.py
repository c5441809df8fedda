"""Environment variables that other libraries read when they are imported.

In `flows` only this module, `settings` and `secrets` use `os.environ`. Nothing here overrides a variable that is set.
"""

from __future__ import annotations

import logging
import os
import tomllib
from pathlib import Path

_OWN_LOGGERS = "flows,tasks,classifiers,warehouse"


def prepare(home: Path) -> None:
    """Set the defaults for a run. Call it before Prefect or TensorFlow is imported.

    Without a configured server (`PREFECT_API_URL`, in the environment or in the active profile) Prefect starts a
    temporary one for the run. Its database is then in the home folder.
    """
    defaults = {
        "PREFECT_LOGGING_EXTRA_LOGGERS": _OWN_LOGGERS,
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
    enable_own_logs()
    # httpx logs each request to Prefect's server at INFO, the level of our own lines.
    for name in ("httpx", "httpcore", "absl", "docket"):
        logging.getLogger(name).setLevel(logging.WARNING)


def enable_own_logs() -> None:
    """Log our own lines from INFO on, and leave other libraries as they are."""
    for name in _OWN_LOGGERS.split(","):
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.INFO)


def has_server() -> bool:
    """Return whether a Prefect server is configured, in the environment or in Prefect's active profile."""
    return server_url() is not None


def server_url() -> str | None:
    """Return the address of the configured Prefect server; None when there is none."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    folder = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        profiles = tomllib.loads((folder / "profiles.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return str(url) if url else None


def clarifai_base() -> str | None:
    """Return the server that `CLARIFAI_GRPC_BASE` names in place of Clarifai's, for tests; None when unset."""
    return os.environ.get("CLARIFAI_GRPC_BASE", "").strip() or None
