"""Prefect's server, if one is configured: whether something listens there, and whether it is one."""

from __future__ import annotations

import socket
import urllib.request
from urllib.parse import urlsplit

from flows.docs_pages import SERVER
from flows.environment import server_url
from flows.errors import SettingsError
from flows.prefect_health import read_health
from flows.preflight.findings import Finding

SECONDS = 10.0
_PORTS = {"http": 80, "https": 443}


def check_server() -> Finding:
    """Look for the configured server; without one, each run starts its own."""
    url = server_url()
    if url is None:
        return Finding(True, "Prefect: a temporary server for each run")
    problem = _find_problem(url)
    return (
        Finding(False, problem, SERVER)
        if problem
        else Finding(True, f"Prefect: the server {without_user(url)}")
    )


def require_server() -> None:
    """Raise `SettingsError` where the configured server does not respond: Prefect's own error is a long traceback."""
    finding = check_server()
    if not finding.good:
        raise SettingsError(str(finding))


def _find_problem(url: str) -> str:
    """What is wrong with the server; empty where nothing is found."""
    shown = without_user(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or port is None:
        return f"PREFECT_API_URL is {shown!r}, which is no http or https address. Set it as http://127.0.0.1:4200/api"
    if urllib.request.getproxies().get(parts.scheme) and not urllib.request.proxy_bypass(host):
        return ""  # only the proxy reaches it
    try:
        socket.create_connection((host, port), SECONDS).close()
    except OSError as error:
        return (
            f"Prefect's server {shown} does not respond ({error.strerror or error}). Start it (prefect server start),"
            " correct PREFECT_API_URL, or unset it: then each run starts a temporary server"
        )
    if parts.scheme == "http" and read_health(url, SECONDS) is False:
        return f"{shown} responds, but not as Prefect's server does. PREFECT_API_URL ends in /api; check its port too"
    return ""


def without_user(url: str) -> str:
    """The address without a name and a password."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
