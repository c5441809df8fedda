"""A removal that was killed and is repeated has the result of a complete one."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from warehouse.database.check_limits import CheckLimits
from warehouse.database.checks import check_lake, problems_of
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.picture_tables import Fetch, Picture, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import TABLES, Observation, Post, PostPicture, Row
from warehouse.upkeep.forgetting import forget_account

FORGET = """
import os, signal, sys
from pathlib import Path
from warehouse.upkeep.forgetting import forget_account
from warehouse.home import Home
from warehouse.storage.lake import Lake

left = int(sys.argv[2])

def or_die(step):
    def run(*arguments):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return step(*arguments)
    return run

Lake.delete, Lake.purge, Lake.replace = or_die(Lake.delete), or_die(Lake.purge), or_die(Lake.replace)
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


@pytest.mark.parametrize("steps", [0, 2, 5, 8, 10, 12])
def test_a_killed_removal_stops_no_publish_and_can_be_repeated(
    both: Home, start_process: Callable[..., subprocess.Popen[str]], steps: int
) -> None:
    """After a kill at one of its fourteen steps every row's post and picture is stored; a second removal leaves nothing."""
    killed = start_process(FORGET, both.folder, steps)
    _, errors = killed.communicate(timeout=600)
    assert killed.returncode == -signal.SIGKILL, errors
    assert problems_of(check_lake(both.lake, CheckLimits())) == []
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


@pytest.mark.parametrize("steps", [0, 9, 10, 11, 12, 13])
def test_a_killed_removal_leaves_no_lift(
    home: Home,
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
    start_process: Callable[..., subprocess.Popen[str]],
    steps: int,
) -> None:
    """Also if a run publishes after the kill, the repeated removal leaves no file with a label of the account."""
    rows: list[Row] = [run_row()]
    for account in ("ann", "mallory"):
        for number in range(12):
            labels = ["sky", f"portrait of {account}"][: 1 + number % 2]
            rows += labelled_post(f"{account} {number}", labels, 5 + number, account=account)
    store_rows(home, rows)
    publish(home)
    lifts = home.lake.folder / "lifts"
    assert traces(lifts) and "portrait of mallory" in read_labels(home)
    killed = start_process(FORGET, home.folder, steps)
    _, errors = killed.communicate(timeout=600)
    assert killed.returncode == -signal.SIGKILL, errors
    publish(home)
    forget_account(home, "mallory", None)
    assert traces(lifts) == []
    publish(home)
    assert traces(lifts) == []
    assert read_labels(home) == ["portrait of ann", "sky"]


def read_labels(home: Home) -> list[str]:
    with published(home) as database:
        return [
            label for (label,) in database.execute("select distinct label from lifts order by 1").fetchall()
        ]


def traces(table: Path) -> list[str]:
    """The files of a table that name the account."""
    parquet = {file: str(pq.ParquetFile(file).read().to_pylist()) for file in table.glob("*.parquet")}
    logs = {file: file.read_bytes().decode(errors="replace") for file in (table / "_delta_log").iterdir()}
    return [file.name for file, text in (parquet | logs).items() if "mallory" in text]
