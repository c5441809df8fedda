"""What `likelens serve` refuses, and the unit file; without a server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows.environment import ADDRESS_FILE, running_server
from flows.serve.server import ServerSettings


@pytest.fixture
def folder(tmp_path: Path, without_classifiers: str, free_port: Callable[[], int]) -> Path:
    (tmp_path / "likelens.toml").write_text(f"{without_classifiers}\n[server]\nport = {free_port()}\n")
    return tmp_path


@pytest.mark.slow
def test_a_port_in_use_is_named_with_what_to_do(folder, command, without_classifiers):
    """Another program on the port: one line names the port and the setting, and nothing starts."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (folder / "likelens.toml").write_text(f"{without_classifiers}\n[server]\nport = {port}\n")
        ended = command(folder, "serve")
    assert ended.returncode == 2
    assert f"Another program uses port {port} of 127.0.0.1." in ended.stderr
    assert "port = 4300 under [server]" in ended.stderr


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("mysql://ann:secret@db/prefect", "has to be like postgresql://"),
        ("postgresql://ann:secret@db", "with the name of a database"),
        ("postgresql://ann:secret@127.0.0.1:1/prefect", "can't be used"),
    ],
)
def test_a_database_that_can_not_be_used_is_refused_without_its_password(folder, command, address, part):
    """The message says what is wrong with the variable, and never has the password."""
    ended = command(folder, "serve", LIKELENS_SERVER_DATABASE=address)
    assert ended.returncode == 2
    assert part in ended.stderr and "LIKELENS_SERVER_DATABASE" in ended.stderr
    assert "secret" not in ended.stderr


@pytest.mark.slow
def test_forget_does_not_remove_the_database_of_a_running_server(folder, command):
    """While the server of the home folder runs, forget refuses and names it."""
    (folder / "data" / "prefect").mkdir(parents=True)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        (folder / "data" / "prefect" / "server-address").write_text(f"{address}/api")
        ended = command(folder, "forget", "--account", "ann", "--yes")
    assert ended.returncode == 2
    assert f"({address})" in ended.stderr and "Stop it first" in ended.stderr
    assert (folder / "data" / "prefect" / "server-address").exists()


@pytest.mark.parametrize("address", ["hooks.example/t0ken", "http://[t0ken", "http://hooks.example:t0ken/"])
def test_an_address_for_notifications_has_to_be_one(folder, command, address):
    """The command ends with a sentence, which does not repeat the address: it may have a token."""
    ended = command(folder, "serve", "--notify", address)
    assert (ended.returncode, "begin with http:// or https://" in ended.stderr) == (2, True)
    assert "t0ken" not in ended.stderr


@pytest.mark.parametrize("host", ["a..b", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_refused(folder, command, host):
    """The message names the table of the settings."""
    with (folder / "likelens.toml").open("a") as settings:
        settings.write(f'host = "{host}"\n')
    ended = command(folder, "serve")
    assert ended.returncode == 2 and "under [server]" in ended.stderr


def test_programs_of_this_machine_reach_a_server_on_all_addresses():
    """A server at :: listens on IPv6 alone."""
    found = {host: ServerSettings(host=host).api_url for host in ("0.0.0.0", "::", "::1", "nas.local")}
    assert found == {
        "0.0.0.0": "http://127.0.0.1:4200/api",
        "::": "http://[::1]:4200/api",
        "::1": "http://[::1]:4200/api",
        "nas.local": "http://nas.local:4200/api",
    }


def test_another_program_is_not_taken_for_a_server_that_was_killed(folder):
    """A killed `likelens serve` leaves its address; a run uses what listens there only if it may be Prefect's server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        (folder / "prefect").mkdir()
        (folder / "prefect" / ADDRESS_FILE).write_text(f"http://127.0.0.1:{other.server_port}/api")
        assert running_server(folder) is None
        other.shutdown()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_can_not_be_written_is_named(folder, command):
    """The message names the folder."""
    (folder / "data").mkdir(mode=0o500)
    ended = command(folder, "serve")
    assert ended.returncode == 1 and str(folder / "data") in ended.stderr


def test_a_home_whose_folder_for_prefect_is_a_file_is_refused(folder, command):
    """The message names the path and the setting."""
    (folder / "data").mkdir()
    (folder / "data" / "prefect").write_text("")
    ended = command(folder, "serve")
    assert ended.returncode == 1
    assert f"{folder / 'data' / 'prefect'} can't be written" in ended.stderr


def test_the_unit_is_valid_and_has_absolute_paths(folder, command):
    """Systemd accepts the unit, also for a folder with a blank, a percent sign and a quotation mark."""
    odd = folder / 'my 100% "x" $HOME'
    odd.mkdir()
    shutil.copy(folder / "likelens.toml", odd)
    ended = command(odd, "serve", "--unit", LIKELENS_HOME="store")
    assert ended.returncode == 0, ended.stderr
    lines = dict(line.split("=", 1) for line in ended.stdout.splitlines() if "=" in line and line[0] != "#")
    assert lines["Restart"] == "on-failure"
    assert lines["ExecStart"].startswith('"/') and " serve --config " in lines["ExecStart"]
    assert lines["Environment"] == '"LIKELENS_HOME={}"'.format(
        str(odd / "store").replace("%", "%%").replace('"', '\\"')
    )
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    unit = folder / "likelens.service"
    unit.write_text(ended.stdout.replace(lines["ExecStart"].split('" ', 1)[0] + '"', "/bin/true"))
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    checked = subprocess.run(
        [shutil.which("systemd-analyze"), "--user", "verify", unit],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
