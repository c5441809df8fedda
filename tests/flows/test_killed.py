"""A run that is killed with SIGKILL in every stage, and resumed each time, leaves the tables of an undisturbed run."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

KILLS = {
    "scrape": ("12 posts", 0.0),
    "fetch": ("'scrape demo' - Finished", 0.5),
    "classify": ("'fetch' - Finished", 0.6),
    "publish": ("'classify visual' - Finished", 0.05),
    "rank": ("'publish' - Finished", 0.1),
    "report": ("'rank' - Finished", 0.4),
}
"""For each stage the log line before it, and the seconds from that line to the kill."""

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
"""The tables, each with its columns of times."""


def read_tables(folder: Path) -> dict[str, list[tuple]]:
    """Read every table without its times."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return {
            name: database.execute(
                f"select * {f'exclude ({times})' if times else ''} from {name} order by all"
            ).fetchall()
            for name, times in TABLES.items()
        }


def test_a_run_killed_in_every_stage_loses_nothing_and_counts_nothing_twice(
    tmp_path, with_comments, prefect, likelens, ran, forking, fork_server
):
    """Each start resumes the killed run; the last one completes it, and no spool or partial file is left."""
    (studio := tmp_path / "studio").mkdir()
    (studio / "likelens.toml").write_text(with_comments)
    for line, seconds in KILLS.values():
        run, output = forking.start_forked(fork_server, ["run"], cwd=studio, env=prefect)
        with output:
            assert any(line in logged for logged in output), f"the run ended before {line!r}"
            time.sleep(seconds)
            run.kill()
            run.wait()
    last = likelens(studio, "run")
    assert last.returncode == 0, last.stderr[-3000:]
    assert "Resuming run" in last.stderr
    assert read_tables(studio) == read_tables(ran)
    assert not list((studio / "data" / "spool").glob("*"))
    assert not list((studio / "data" / "pictures").rglob("*.part*"))
