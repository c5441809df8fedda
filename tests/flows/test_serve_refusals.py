"""What `likelens serve` refuses, and the unit file; without a server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, without_classifiers: str, free_port: Callable[[], int]) -> Path:
    (tmp_path / "likelens.toml").write_text(f"{without_classifiers}\n[server]\nport = {free_port()}\n")
    return tmp_path


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


def test_an_address_for_notifications_has_to_be_one(folder, command):
    """Without http the command ends with a sentence."""
    ended = command(folder, "serve", "--notify", "hooks.example/x")
    assert (ended.returncode, "begin with http:// or https://" in ended.stderr) == (2, True)


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
