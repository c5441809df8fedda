"""The paid lane: `likelens run`, `relabel`, `status`, `compare`, `doctor`, the dry run, a kill."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

from flows.settings import read_settings
from warehouse.database.publish import publish

pytestmark = pytest.mark.slow

LANE = """
[[classifiers]]
name = "clarifai"
kind = "clarifai"
model = "general-image-recognition"
regions_model = "general-image-detection"
monthly_budget = 1000
price_per_1000 = 1.2
batch = 8
"""


@pytest.fixture
def clarifai(stand_in):
    """A stand-in that responds after a tenth of a second, and its environment variables."""
    servicer = stand_in.FakeClarifai(seconds=0.1)
    server, port = stand_in.serve(servicer)
    yield servicer, {"CLARIFAI_GRPC_BASE": f"127.0.0.1:{port}", "CLARIFAI_PAT": stand_in.KEY}
    server.stop(0)
    assert servicer.faults == []


@pytest.fixture
def studio(few: Path, tmp_path: Path) -> Path:
    """A folder in which nothing ran, and the paid lane in its settings."""
    return copy_with_lane(few, tmp_path)


@pytest.fixture
def pictures(few_fetched: Path, tmp_path: Path) -> Path:
    """A folder with pictures that no classifier has labelled, and the paid lane in its settings."""
    folder = copy_with_lane(few_fetched, tmp_path)
    publish(read_settings(folder / "likelens.toml").home)
    return folder


def copy_with_lane(folder: Path, to: Path) -> Path:
    """Copy a folder, and add the paid lane to its settings."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    settings = to / "likelens.toml"
    settings.write_text(settings.read_text() + LANE)
    return to


def query(folder: Path, sql: str) -> list[tuple]:
    """Query the published database."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_a_run_tags_and_a_second_one_pays_nothing(studio, likelens, command, clarifai, stand_in):
    """Labels, regions, rankings and costs are stored; the key is in no file; the second run sends nothing."""
    servicer, environment = clarifai
    ran = likelens(studio, "run", **environment)
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr[-2000:]
    (count,) = query(studio, "select count(*) from pictures")[0]
    assert f"tag clarifai             done        {2 * count:>8,}" in ran.stdout
    assert len(servicer.bought) == 2 * count and set(servicer.bought.values()) == {1}
    regions = query(studio, "select distinct region > 0 from current_labels where classifier = 'clarifai'")
    assert set(regions) == {(False,), (True,)}
    ranked = command(
        studio, "rank", "--classifier", "clarifai", "--by", "likes", "--format", "csv", "--top", "3"
    )
    assert len(ranked.stdout.splitlines()) == 4
    status = command(studio, "status").stdout
    (line,) = (line for line in status.split("Money:")[1].splitlines() if line.startswith(" clarifai"))
    assert line.split()[1:4] == [f"{2 * count:,}", "0", f"{1000 - 2 * count:,}"]
    again = likelens(studio, "run", **environment)
    assert again.returncode == 0 and set(servicer.bought.values()) == {1}
    compared = command(
        studio, "compare", "--classifier", "clarifai", "--classifier", "visual", "--format", "json"
    )
    assert compared.returncode == 0 and '"other_rank"' in compared.stdout
    assert command(studio, "compare", "--classifier", "clarifai").returncode == 2
    assert stand_in.KEY not in ran.stdout + ran.stderr + status
    files = [file for file in studio.rglob("*") if file.is_file()]
    assert [file for file in files if stand_in.KEY.encode() in file.read_bytes()] == []


def test_without_a_valid_key_the_other_lanes_run(studio, likelens, command, clarifai):
    """The status is 3, the message names the variable and not the key, and nothing is spent."""
    servicer, environment = clarifai
    ran = likelens(studio, "run", **environment | {"CLARIFAI_PAT": "wrong-key-0123456789"})
    assert "classify visual          done" in ran.stdout
    assert "wrong-key" not in ran.stdout + ran.stderr
    check_key_is_missing(ran)
    assert sum(servicer.bought.values()) == 0
    doctor = command(studio, "doctor", **environment | {"CLARIFAI_PAT": "wrong-key-0123456789"})
    assert doctor.returncode == 3 and "MISSING  classifier clarifai" in doctor.stdout
    assert servicer.bought == {}


def test_without_a_key_nothing_is_sent(pictures, likelens, command, clarifai):
    """The status is 3, and the message names the variable."""
    servicer, environment = clarifai
    check_key_is_missing(
        likelens(pictures, "relabel", "--classifier", "clarifai", **environment | {"CLARIFAI_PAT": None})
    )
    doctor = command(pictures, "doctor", **environment | {"CLARIFAI_PAT": ""})
    assert doctor.returncode == 3 and "MISSING  classifier clarifai" in doctor.stdout
    assert servicer.bought == {} and servicer.requests == []


def check_key_is_missing(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 3, ran.stderr[-2000:]
    (line,) = (line for line in ran.stdout.splitlines() if line.startswith("  tag clarifai"))
    assert "failed" in line and "CLARIFAI_PAT" in line


def test_a_dry_run_sends_nothing_and_a_budget_limits_the_run(pictures, likelens, command, clarifai):
    """The dry run prints what the next run sends; the message names the budget and the pending pictures."""
    servicer, environment = clarifai
    settings = pictures / "likelens.toml"
    settings.write_text(settings.read_text().replace("monthly_budget = 1000", "monthly_budget = 21"))
    for words in (("relabel", "--classifier", "clarifai"), ("run",)):
        dry = command(pictures, *words, "--dry-run", **environment | {"CLARIFAI_PAT": ""})
        assert dry.returncode == 0 and "21 of the stored pictures would be sent" in dry.stdout, dry.stderr
    assert "cost 0.03" in dry.stdout and servicer.requests == []
    ran = likelens(pictures, "relabel", "--classifier", "clarifai", **environment)
    assert ran.returncode == 3
    assert (
        "The monthly budget of 21 pictures is used up" in ran.stdout and "pictures are pending" in ran.stdout
    )
    assert sum(servicer.bought.values()) == 21


def test_the_key_comes_from_a_secret_block(pictures, likelens, clarifai, save_secret, stand_in):
    """Without the variable, the Prefect Secret block clarifai-pat is the key."""
    servicer, environment = clarifai
    save_secret("clarifai-pat", stand_in.KEY)
    ran = likelens(pictures, "relabel", "--classifier", "clarifai", **environment | {"CLARIFAI_PAT": None})
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(servicer.bought) > 20
    assert stand_in.KEY not in ran.stdout + ran.stderr
    save_secret("clarifai-pat", " ")


def test_the_next_run_completes_a_killed_one(pictures, likelens, clarifai, prefect, forking, fork_server):
    """After SIGKILL during requests the next run stores the received responses, and each picture has its labels."""
    servicer, environment = clarifai
    relabel = ["relabel", "--classifier", "clarifai"]
    killed, output = forking.start_forked(fork_server, relabel, cwd=pictures, env={**prefect, **environment})
    until = time.monotonic() + 600
    while len(servicer.requests) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    output.close()
    assert len(servicer.requests) >= 3
    ran = likelens(pictures, "relabel", "--classifier", "clarifai", **environment)
    assert ran.returncode == 0, ran.stderr[-2000:]
    (count,) = query(pictures, "select count(*) from pictures")[0]
    assert query(pictures, "select count(distinct sha256) from current_labels where region = 0") == [(count,)]
    assert query(pictures, "select count(distinct sha256) from current_labels where region > 0") == [(count,)]
    billed = "select count(*) from charges where outcome in ('billed', 'unknown')"
    assert query(pictures, billed)[0][0] >= sum(servicer.bought.values())
    assert list((pictures / "data" / "answers").iterdir()) == []
