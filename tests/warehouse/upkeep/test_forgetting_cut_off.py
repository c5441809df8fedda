"""A removal that was killed and is repeated has the result of a complete one."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
from warehouse.storage.lake import Lake
from warehouse.upkeep.forgetting import forget_account

pytestmark = pytest.mark.slow

FORGET = """
import os, signal, sys
from pathlib import Path
from warehouse.storage.lake import Lake
from warehouse.upkeep.forgetting import forget_account
from warehouse.home import Home
from warehouse.storage.lake import Lake

delete = Lake.delete

def die_at_observations(lake, table, *more):
    if table == "observations":
        os.kill(os.getpid(), signal.SIGKILL)
    return delete(lake, table, *more)

Lake.delete = die_at_observations
forget_account(Home(Path(sys.argv[1])), "mallory", None)
"""

STEPS = (
    *("delete fetches", "delete post_pictures", "delete labels", "delete pictures", "delete accounts"),
    *("delete observations", "replace compared_posts", "replace lifts", "purge observations", "delete posts"),
    "purge posts",
)
"""What a removal does, in this order; between two steps nothing is open that a kill could cut."""


class Kill(BaseException):
    """Ends a removal before a step, as a kill does, without a second for the start of a process."""


def forget_until(home: Home, step: str) -> None:
    """Begin to forget mallory, and end before a step of `STEPS`."""

    def or_end(name: str) -> Callable[..., object]:
        go_on = getattr(Lake, name)

        def run(lake: Lake, first: Any, *more: Any) -> object:
            tables = first if name == "purge" else [first.table if name == "replace" else first]
            if step in [f"{name} {table}" for table in tables]:
                raise Kill
            return go_on(lake, first, *more)

        return run

    with pytest.MonkeyPatch.context() as patch:
        for name in ("delete", "purge", "replace"):
            patch.setattr(Lake, name, or_end(name))
        with pytest.raises(Kill):
            forget_account(home, "mallory", None)


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


@pytest.mark.parametrize("step", [*STEPS[:6], STEPS[-2], STEPS[-1]])
def test_a_killed_removal_stops_no_publish_and_can_be_repeated(both: Home, step: str) -> None:
    """After an end before any step every row's post and picture is stored; a second removal leaves nothing."""
    forget_until(both, step)
    check_repeated(both)


def test_a_removal_killed_by_the_system_can_be_repeated(
    both: Home, start_process: Callable[..., subprocess.Popen[str]]
) -> None:
    """SIGKILL in the middle leaves what an end before the same step does, and no lock."""
    killed = start_process(FORGET, both.folder)
    _, errors = killed.communicate(timeout=600)
    assert killed.returncode == -signal.SIGKILL, errors
    check_repeated(both)


def check_repeated(home: Home) -> None:
    """The checks of a publish find nothing, and a second removal leaves ten posts of ann alone."""
    assert problems_of(check_lake(home.lake, CheckLimits())) == []
    forget_account(home, "mallory", None)
    with home.lake.reader() as reader:
        for name in TABLES:
            rows = reader.execute(f"select * from {name}").fetchall()
            assert len(rows) in (0, 10) and "mallory" not in str(rows)
    for name in TABLES:
        files = {path.name for path in (home.lake.folder / name).glob("*.parquet")}
        assert files == {path.rpartition("/")[2] for path in home.lake.files(name)}
    assert {path.read_text()[:4] for path in home.pictures.iterdir()} == {"ann "}
    assert len(list(home.pictures.iterdir())) == 10


@pytest.fixture(scope="module")
def with_lifts(
    new_home: Callable[[], Home],
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
) -> Home:
    """A published home folder with lifts of labels of two accounts; each test takes a copy."""
    rows: list[Row] = [run_row()]
    for account in ("ann", "mallory"):
        for number in range(12):
            labels = ["sky", f"portrait of {account}"][: 1 + number % 2]
            rows += labelled_post(f"{account} {number}", labels, 5 + number, account=account)
    home = new_home()
    store_rows(home, rows)
    publish(home)
    assert traces(home.lake.folder / "lifts") and "portrait of mallory" in read_labels(home)
    return home


@pytest.mark.parametrize("step", [STEPS[0], *STEPS[-5:]])
def test_a_killed_removal_leaves_no_lift(with_lifts: Home, tmp_path: Path, step: str) -> None:
    """Also if a run publishes after the kill, the repeated removal leaves no file with a label of the account."""
    home = Home(Path(shutil.copytree(with_lifts.folder, tmp_path / "home")))
    lifts = home.lake.folder / "lifts"
    assert traces(lifts)
    forget_until(home, step)
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
