"""Environment variables that other libraries read when they are imported.

In `flows` only this module, `start_up`, `home_settings` and `secrets` use `os.environ`. Nothing here overrides a variable that is set, but `no_proxy`
gets this machine.
"""

from __future__ import annotations

import logging
import os
import socket
import tomllib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from flows.home_settings import CACHE_VARIABLE, HOME_VARIABLE, home_variable

OWN_LOGGERS = ("flows", "tasks", "classifiers", "warehouse")
_DEFAULTS = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(OWN_LOGGERS),
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_OF_A_SERVER = {
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # A slot of the limit that a killed run held is released also if the server was restarted in between.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # Prefect sets the write-ahead log and a wait of 60 s for a lock; its own limits of 10 s and 5 s would come first.
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
}
ADDRESS_FILE = "server-address"
"""In the folder `prefect` of a home folder: the address of the server that `likelens serve` runs for it."""
_CONNECT_SECONDS = 1.0
_OWN_NAMES = ("127.0.0.1", "localhost")


def prepare(home: Path) -> None:
    """Set the defaults for a run. Call it before Prefect or TensorFlow is imported.

    Without a configured server (`PREFECT_API_URL`, in the environment or in the active profile) Prefect starts a
    temporary one for the run. Its database is then in the home folder. A run beside `likelens serve` for the same
    home folder uses that server.
    """
    defaults = dict(_DEFAULTS)
    if not has_server() and (server := running_server(home)):
        defaults["PREFECT_API_URL"] = server
    elif not has_server():
        defaults["PREFECT_HOME"] = str(home / "prefect")
        defaults["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    _reach_own_machine()
    enable_own_logs()
    # httpx logs each request to Prefect's server at INFO, the level of our own lines.
    for name in ("httpx", "httpcore", "absl", "docket"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _reach_own_machine() -> None:
    """Let no proxy stand before a server on this machine: a run's events go to Prefect's server, which is often one.

    Only where a proxy is set, and `no_proxy` does not leave these names out already.
    """
    proxies = getproxies()
    excepted = proxies.pop("no", "")
    missing = [name for name in _OWN_NAMES if not proxy_bypass(name)]
    if proxies and missing:
        os.environ["no_proxy"] = ",".join(filter(None, [excepted, *missing]))


def server_variables(home: Path, api_url: str, browser_url: str) -> dict[str, str]:
    """The environment of the processes of `likelens serve`: this one's, with the server's home, addresses and limits."""
    variables = {**_DEFAULTS, **_OF_A_SERVER, **os.environ}
    variables |= {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_UI_API_URL": f"{browser_url}/api",
        "PREFECT_UI_URL": browser_url,
    }
    # A profile of another server, and the password of the database, are not for the worker.
    for name in ("PREFECT_PROFILE", _DATABASE, _NOTIFY):
        variables.pop(name, None)
    return variables


_DATABASE = "LIKELENS_SERVER_DATABASE"
_NOTIFY = "LIKELENS_NOTIFY_URL"


def server_database() -> str | None:
    """Return the PostgreSQL database that `LIKELENS_SERVER_DATABASE` names for `likelens serve`; None when unset."""
    return os.environ.get(_DATABASE, "").strip() or None


def notify_url() -> str | None:
    """Return the address that `LIKELENS_NOTIFY_URL` names for notifications; None when unset."""
    return os.environ.get(_NOTIFY, "").strip() or None


def with_notify_url(variables: Mapping[str, str], url: str | None) -> dict[str, str]:
    """The variables with the address for notifications, for the program that registers them."""
    return {**variables, _NOTIFY: url} if url else dict(variables)


def home_for_unit() -> dict[str, str]:
    """The variables that a service needs to find the same home folder."""
    home, cache = home_variable(), os.environ.get(CACHE_VARIABLE)
    variables = {HOME_VARIABLE: home} if home else {}
    return variables | ({CACHE_VARIABLE: str(Path(cache).expanduser().absolute())} if cache else {})


def configured_server() -> str | None:
    """Return the server that `PREFECT_API_URL` names; None when unset."""
    return os.environ.get("PREFECT_API_URL", "").strip() or None


def server_password() -> str | None:
    """Return the `user:password` of `PREFECT_API_AUTH_STRING`, for the server; None when unset."""
    return os.environ.get("PREFECT_API_AUTH_STRING", "").strip() or None


def server_has_password() -> bool:
    """Return whether the server of `likelens serve` will have a password, by `PREFECT_SERVER_API_AUTH_STRING`."""
    return bool(os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "").strip())


def running_server(home: Path) -> str | None:
    """Return the address of the server that `likelens serve` runs for a home folder; None if none listens there.

    A killed `likelens serve` leaves its address, and another program may listen there now.
    """
    from flows.prefect_health import read_health  # for most commands there is no address

    try:
        address = (home / "prefect" / ADDRESS_FILE).read_text("utf-8").strip()
        parts = urlsplit(address)
        with closing(socket.create_connection((parts.hostname or "", parts.port or 0), _CONNECT_SECONDS)):
            pass
    except (OSError, ValueError):
        return None
    return None if read_health(address, _CONNECT_SECONDS) is False else address


def enable_own_logs() -> None:
    """Log our own lines from INFO on, and leave other libraries as they are."""
    for name in OWN_LOGGERS:
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


def sees_gpu() -> bool:
    """Return whether this process may use an NVIDIA GPU: the machine has one that `CUDA_VISIBLE_DEVICES` does not hide."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))


def wants_plain_text() -> bool:
    """Return whether tables are to have no colours and no bold letters, by `NO_COLOR` (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def terminal_is_dumb() -> bool:
    """Return whether the terminal can't move its cursor, by `TERM`."""
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown")
