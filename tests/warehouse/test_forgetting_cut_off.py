"""A removal that was killed and is repeated has the result of a complete one."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest

from warehouse.forgetting import forget_account
from warehouse.home import Home
from warehouse.tables import TABLES, Fetch, Observation, Picture, PictureLabel, Post, PostPicture

FORGET = """
import os, signal, sys
from pathlib import Path
from warehouse.forgetting import forget_account
from warehouse.home import Home
from warehouse.lake import Lake

left = int(sys.argv[2])

def or_die(step):
    def run(*arguments):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return step(*arguments)
    return run

Lake.delete, Lake.purge = or_die(Lake.delete), or_die(Lake.purge)
forget_account(Home(Path(sys.argv[1])), "mallory", None)
"""


@pytest.fixture
def both(
    home: Home,
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    picture_row: Callable[..., Picture],
    fetch_row: Callable[..., Fetch],
    label_row: Callable[..., PictureLabel],
) -> Home:
    """Twenty posts of two accounts, each with its picture."""
    names = {f"{account} {i}": account for account in ("ann", "mallory") for i in range(10)}
    home.lake.append([post_row(name, account=account) for name, account in names.items()])
    home.lake.append([post_picture_row(name, name) for name in names])
    home.lake.append([observation_row(name, 1) for name in names])
    home.lake.append([picture_row(name) for name in names])
    home.lake.append([fetch_row(f"http://cdn.example/{name}.jpg", name) for name in names])
    home.lake.append([label_row(name, "cat") for name in names])
    home.pictures.mkdir()
    for name in names:
        (home.folder / picture_row(name).path).write_bytes(name.encode())
    return home


@pytest.mark.parametrize("steps", [0, 5, 11])
def test_a_killed_removal_can_be_repeated(
    both: Home, start_process: Callable[..., subprocess.Popen[str]], steps: int
) -> None:
    """After a kill between one of its thirteen steps, a second removal leaves nothing of the account."""
    killed = start_process(FORGET, both.folder, steps)
    _, errors = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, errors
    forget_account(both, "mallory", None)
    with both.lake.reader() as reader:
        for name in TABLES:
            rows = reader.execute(f"select * from {name}").fetchall()
            assert len(rows) in (0, 10) and "mallory" not in str(rows)
    for name in TABLES:
        files = {path.name for path in (both.lake.folder / name).glob("*.parquet")}
        assert files == {path.rpartition("/")[2] for path in both.lake.files(name)}
    assert {path.read_text()[:4] for path in both.pictures.iterdir()} == {"ann "}
    assert len(list(both.pictures.iterdir())) == 10
