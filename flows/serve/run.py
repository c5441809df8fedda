"""`likelens serve` from its checks to the end of its processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from flows.environment import (
    ADDRESS_FILE,
    configured_server,
    home_for_unit,
    server_has_password,
    server_variables,
    with_notify_url,
)
from flows.errors import SettingsError
from flows.pool_settings import PARTS
from flows.preflight.server import without_user
from flows.serve.database import check_database, database_url
from flows.serve.interrupted import report_killed_runs, report_stopped_runs
from flows.serve.processes import (
    POLL_SECONDS,
    ProcessEnded,
    Stopping,
    Worker,
    start,
    start_server,
    wait_until_ready,
)
from flows.serve.server import ServerSettings, check_port
from flows.serve.unit import unit_text
from flows.settings import Settings
from warehouse.errors import BadHome
from warehouse.home import Home

LOCK = "server.lock"
LOG = "server.log"


def print_unit(config: Path) -> int:
    """Print the unit file for systemd."""
    command = Path(sys.argv[0]).absolute()
    print(unit_text(command, config, home_for_unit()), end="")
    return 0


def serve_until_stopped(settings: Settings, webhook: str | None) -> int:
    """Run the server and the worker until Ctrl-C or SIGTERM.

    Raises `SettingsError` and `BadHome` before anything starts, and `ProcessEnded`.
    """
    server, home = settings.server, settings.home
    _check_webhook(webhook)
    database = database_url()
    home.prepare()
    with _sole_server(home):
        check_port(server)
        if database:
            check_database(database)
        _warn(server)
        environment = server_variables(home.folder, server.api_url, server.browser_url)
        _serve(settings, environment, database, webhook)
    return 0


def _serve(
    settings: Settings, environment: Mapping[str, str], database: str | None, webhook: str | None
) -> None:
    server, folder = settings.server, settings.home.folder / "prefect"
    log, address = folder / LOG, folder / ADDRESS_FILE
    stopping = Stopping()
    stopping.install()
    _note("Starting Prefect's server (about 15 s; longer the first time) …")
    only_server = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database} if database else {}
    process = start_server(server, {**environment, **only_server}, log)
    worker = None
    try:
        if not wait_until_ready(process, server, log, stopping):
            return
        _register(settings.file, with_notify_url(environment, webhook), stopping)
        if stopping:
            return
        _report_killed_runs(settings)
        address.write_text(server.api_url, "utf-8")
        worker = Worker(environment)
        _print_address(settings, server, database)
        while not stopping.wait(POLL_SECONDS):
            if process.status() is not None:
                raise ProcessEnded(f"Prefect's server has ended by itself; its log is {log}.")
            worker.restart_if_ended(stopping, lambda: _report_killed_runs(settings))
    finally:
        _note("Stopping the worker, then the server …")
        try:
            address.unlink(missing_ok=True)
            if worker is not None:
                worker.child.end()
                with suppress(OSError):  # the server may be what has ended
                    report_stopped_runs(server.api_url)
        finally:
            process.end()
        _note("Stopped.")


def _note(text: str) -> None:
    """Print on standard error, if somebody reads it: a closed terminal must not keep the processes from their end."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _report_killed_runs(settings: Settings) -> None:
    with suppress(OSError):  # the server is busy; then the automation reports them
        report_killed_runs(settings.server.api_url, settings)


def _register(config: Path, environment: Mapping[str, str], stopping: Stopping) -> None:
    process = start(["-m", "flows.serve.register", str(config.absolute())], environment)
    while process.status() is None and not stopping:
        stopping.wait(POLL_SECONDS)
    status = process.status()
    process.end()
    if status:
        raise ProcessEnded("The deployments could not be registered; the messages are above.")


@contextmanager
def _sole_server(home: Home) -> Iterator[None]:
    """Let one `likelens serve` run for a home folder. The kernel releases the lock when the process ends."""
    folder = home.folder / "prefect"
    try:
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        address = folder / ADDRESS_FILE
        where = f" at {address.read_text('utf-8').removesuffix('/api')}" if address.exists() else ""
        raise SettingsError(
            f"likelens serve already runs for {home.folder}{where}. Stop it first; a home folder has one server."
        ) from None
    except OSError as error:
        raise BadHome(
            f"{folder} can't be written: {error.strerror or error}. Make the home folder writable, or set home in"
            " the settings to another one."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _check_webhook(webhook: str | None) -> None:
    if webhook and not _is_web_address(webhook):
        # The message does not repeat the address, which may have a token.
        raise SettingsError("The address for notifications has to begin with http:// or https:// and a host.")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _warn(server: ServerSettings) -> None:
    if server.host not in ("127.0.0.1", "localhost", "::1") and not server_has_password():
        print(
            f"Warning: {server.host} can be reached from other machines. Everybody who reaches it can read and change"
            " all runs, and start programs here. Put a password or a private network before it:"
            " docs/operations.md, 'A server at home'.",
            file=sys.stderr,
        )
    other = configured_server()
    if other and other.rstrip("/") != server.api_url:
        print(
            f"Note: PREFECT_API_URL names another server ({without_user(other)}). This one ignores it; `likelens run` does not.",
            file=sys.stderr,
        )


def _print_address(settings: Settings, server: ServerSettings, database: str | None) -> None:
    store = "PostgreSQL" if database else settings.home.folder / "prefect" / "prefect.db"
    print(f"\nPrefect runs at {server.browser_url}", flush=True)
    print(f"  database     {store}")
    print(
        "  schedule     nightly at 03:00 UTC, a full reading on Sundays at 06:00, maintenance at 12:00, train_forecast at 14:00"
    )
    if settings.pools:
        pools = dict.fromkeys(settings.pools.pool_of(part) for part in PARTS)
        print(f"  in parts     on the work pools {', '.join(pools)}; start a worker for each:")
        print(f"               prefect worker start --pool {next(iter(pools))}")
    print("  start a run  on the page Deployments, or with `likelens run` in another terminal")
    print("  stop         Ctrl-C\n", flush=True)
