"""Forgetting that was killed and is done again leaves what forgetting in one go leaves."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

from warehouse.forgetting import forget_account
from warehouse.home import Home
from warehouse.tables import TABLES, Fetch, Observation, Picture, PictureLabel, Post, PostPicture

FORGET = """
import sys
from pathlib import Path
from warehouse.forgetting import forget_account
from warehouse.home import Home
print("ready", flush=True)
sys.stdin.readline()
forget_account(Home(Path(sys.argv[1])), "mallory", None)
"""


@pytest.fixture
def both(
    home: Home,
    post: Callable[..., Post],
    shows: Callable[..., PostPicture],
    observed: Callable[..., Observation],
    stored: Callable[..., Picture],
    fetched: Callable[..., Fetch],
    labelled: Callable[..., PictureLabel],
) -> Home:
    """Twenty posts of two accounts, each with its picture."""
    names = {f"{account} {i}": account for account in ("ann", "mallory") for i in range(10)}
    home.lake.append([post(name, account=account) for name, account in names.items()])
    home.lake.append([shows(name, name) for name in names])
    home.lake.append([observed(name, 1) for name in names])
    home.lake.append([stored(name) for name in names])
    home.lake.append([fetched(f"http://cdn.example/{name}.jpg", name) for name in names])
    home.lake.append([labelled(name, "cat") for name in names])
    home.pictures.mkdir()
    for name in names:
        (home.folder / stored(name).path).write_bytes(name.encode())
    return home


@pytest.mark.parametrize("pause", [0.0, 0.07, 0.2])
def test_a_removal_that_was_killed_can_be_done_again(
    both: Home, child: Callable[..., subprocess.Popen[str]], pause: float
) -> None:
    """Killed between its steps, every table is readable; done again, nothing of the account is left."""
    forgetting = child(FORGET, both.folder)
    assert forgetting.stdin and forgetting.stdout and forgetting.stdout.readline() == "ready\n"
    forgetting.stdin.write("go\n")
    forgetting.stdin.flush()
    time.sleep(pause)
    forgetting.kill()
    forgetting.wait()
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
