"""A run killed with SIGKILL in any stage, then run again, leaves the tables of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

WHEN = {
    "scrape": ("12 posts", 0.0),
    "fetch": ("'scrape-demo' - Finished", 0.5),
    "classify": ("'fetch' - Finished", 0.6),
    "publish": ("'classify-visual' - Finished", 0.05),
    "rank": ("'publish' - Finished", 0.1),
    "report": ("'rank' - Finished", 0.4),
}
"""For each stage the line of the log after which it works, and seconds to go on until the kill."""

TABLES = {
    "posts": "first_seen_at, last_seen_at",
    "post_pictures": "",
    "observations": "observed_at",
    "accounts": "observed_at",
    "pictures": "fetched_at",
    "fetches": "attempted_at, seconds",
    "labels": "labelled_at",
    "unlabelled": "attempted_at",
}
"""The tables, each with its columns that tell the time."""


def tables(folder: Path) -> dict[str, list[tuple]]:
    """Every table, without the times at which things were done."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return {
            name: database.execute(
                f"select * {f'exclude ({times})' if times else ''} from {name} order by all"
            ).fetchall()
            for name, times in TABLES.items()
        }


@pytest.fixture(scope="module")
def undisturbed(prefect, settings, tmp_path_factory) -> dict[str, list[tuple]]:
    """The tables of a run that nobody killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "likelens.toml").write_text(settings)
    finish(folder, prefect)
    return tables(folder)


def start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start `likelens run`, with all it says in one pipe."""
    return subprocess.Popen(
        [Path(sys.executable).with_name("likelens"), "run"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(folder: Path, environment: dict[str, str]) -> None:
    """Run to the end."""
    ran = start(folder, environment)
    said, _ = ran.communicate(timeout=300)
    assert ran.returncode == 0, said[-3000:]


@pytest.mark.parametrize("stage", WHEN)
def test_a_killed_run_loses_nothing_and_counts_nothing_twice(stage, studio, prefect, undisturbed):
    """Whatever was done when the run was killed, the next one makes it whole, and no process stays behind."""
    line, seconds = WHEN[stage]
    run = start(studio, prefect)
    assert run.stdout is not None
    assert any(line in said for said in run.stdout), "the run ended before it could be killed"
    time.sleep(seconds)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    finish(studio, prefect)
    assert tables(studio) == undisturbed
    assert not list((studio / "data" / "spool").glob("*"))
    assert not list((studio / "data" / "pictures").rglob("*.part*"))
