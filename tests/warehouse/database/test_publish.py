"""The published database: complete, documented, readable by plain DuckDB, and replaced without an effect on readers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Post, PostPicture
from warehouse.storage.lake import COMPACT_ABOVE_FILES

pytestmark = pytest.mark.slow

PLAIN = """
import sys
import duckdb
database = duckdb.connect(sys.argv[1], read_only=True)
for query in sys.argv[2:]:
    print(database.execute(query).fetchall())
assert not [name for name in sys.modules if name.split(".")[0] in ("warehouse", "deltalake", "polars")]
"""
SESSION = """
import sys
import duckdb
database = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(database.execute(line).fetchall(), flush=True)
"""
PUBLISH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from warehouse.home import Home
from warehouse.database.publish import publish

def die_before_the_swap(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("likelens.duckdb"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_before_the_swap)
publish(Home(Path(sys.argv[1])))
"""
PUBLISH_REPEATEDLY = """
import sys
from pathlib import Path
from warehouse.home import Home
from warehouse.database.publish import publish
while True:
    publish(Home(Path(sys.argv[1])))
    print("published", flush=True)
"""
Start = Callable[..., subprocess.Popen[str]]


def query_in(session: subprocess.Popen[str], query: str) -> str:
    assert session.stdin and session.stdout
    session.stdin.write(query + "\n")
    session.stdin.flush()
    return session.stdout.readline().strip()


@pytest.fixture(scope="module")
def shared_home(
    prepared: Path,
    tmp_path_factory: pytest.TempPathFactory,
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    picture_row: Callable[..., Picture],
    label_row: Callable[..., PictureLabel],
    run_row: Callable[..., StageRun],
) -> Home:
    """Two posts with a labelled picture each, published; for tests that only read."""
    home = Home(shutil.copytree(prepared, tmp_path_factory.mktemp("shared") / "home"))
    home.lake.append([post_row("a"), post_row("b")])
    home.lake.append([post_picture_row("a", "one"), post_picture_row("b", "two")])
    home.lake.append([observation_row("a", 2**40, 7), observation_row("b", None, 3, likes_hidden=True)])
    home.lake.append([picture_row("one"), picture_row("two")])
    home.lake.append([label_row("one", "cat"), label_row("two", "dog"), label_row("two", "cat", rank=2)])
    home.lake.append([run_row()])
    publish(home)
    return home


@pytest.fixture
def two_posts(shared_home: Home, tmp_path: Path) -> Home:
    """A copy of it, for tests that write."""
    home = Home(shutil.copytree(shared_home.folder, tmp_path / "home"))
    publish(home)
    return home


def test_every_view_column_and_macro_has_a_comment(shared_home: Home) -> None:
    """Every view, column and macro has a comment, and the database has no table."""
    with duckdb.connect(str(shared_home.database), read_only=True) as database:
        for kind, name in (("tables", "table_name"), ("views", "view_name"), ("functions", "function_name")):
            rows = database.execute(
                f"select {name}, comment from duckdb_{kind}() where not internal"
            ).fetchall()
            assert [name for name, comment in rows if not (comment or "").strip()] == []
            assert bool(rows) == (kind != "tables"), "the database has views and macros, and no data"
        rows = database.execute(
            "select table_name || '.' || column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
        assert [name for name, comment in rows if not (comment or "").strip()] == []
        assert {"post_labels.likes", "posts.caption", "current_labels.x0"} <= {name for name, _ in rows}
        assert database.execute("select count(*) from duckdb_tables() where not internal").fetchone() == (0,)


def test_plain_duckdb_reads_the_database(shared_home: Home) -> None:
    """A process with DuckDB and without likelens gets the same rows."""
    queries = [
        "select post_id, likes, comments from post_labels where label = 'cat' order by 1",
        "select label, posts, total from top_labels('model', by := 'likes', n := 10)",
        "select observed_at from latest_observations where likes_hidden",
    ]
    with published(shared_home) as database:
        ours = [database.execute(query).fetchall() for query in queries]
    command = [sys.executable, "-c", PLAIN, shared_home.database, *queries]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert read.stdout.splitlines() == [repr(rows) for rows in ours], read.stderr
    assert all(ours)


def test_an_open_session_keeps_its_data_and_blocks_no_run(
    two_posts: Home, start_process: Start, observation_row: Callable[..., Observation], evening: datetime
) -> None:
    """While another process reads, rows are stored, compacted and published; its session returns the same rows."""
    query = "select post_id, likes, observed_at::varchar from latest_observations order by 1"
    counts = "select count(*) from observations"
    session = start_process(SESSION, two_posts.database)
    before = query_in(session, query)
    assert query_in(session, counts) == "[(2,)]"
    for day in range(1, COMPACT_ABOVE_FILES + 2):
        two_posts.lake.append([observation_row("a", day, observed_at=evening + timedelta(days=day))])
    two_posts.lake.tidy()
    assert len(two_posts.lake.files("observations")) == 1
    publish(two_posts)
    assert [query_in(session, query), query_in(session, counts)] == [before, "[(2,)]"]
    new_session = start_process(SESSION, two_posts.database)
    assert query_in(new_session, counts) == f"[({COMPACT_ABOVE_FILES + 3},)]"
    assert query_in(session, query) == before


def test_unpublished_rows_are_not_in_the_database(
    two_posts: Home, observation_row: Callable[..., Observation], evening: datetime
) -> None:
    """Rows that a run has stored and not published are not in the database, also for a new session."""
    later = evening + timedelta(days=1)
    two_posts.lake.append([observation_row("a", 5, observed_at=later)])
    two_posts.lake.upsert([observation_row("a", 0)])
    with published(two_posts) as database:
        likes = database.execute("select likes from latest_observations where post_id = 'a'").fetchall()
    assert likes == [(2**40,)]


def post_labels(home: Home) -> list[tuple[Any, ...]]:
    with published(home) as database:
        return database.execute("select * from post_labels order by all").fetchall()


def test_a_publish_killed_before_the_swap_leaves_the_old_database(
    two_posts: Home, start_process: Start, observation_row: Callable[..., Observation], evening: datetime
) -> None:
    """After a kill just before the swap the old database stays; the next publish removes the temporary file."""
    before, files = post_labels(two_posts), {path.name for path in two_posts.folder.iterdir()}
    two_posts.lake.append([observation_row("a", 5, observed_at=evening + timedelta(days=1))])
    killed = start_process(PUBLISH_AND_DIE, two_posts.folder)
    _, errors = killed.communicate(timeout=600)
    assert killed.returncode == -9, errors
    assert post_labels(two_posts) == before
    publish(two_posts)
    assert post_labels(two_posts) != before
    assert {path.name for path in two_posts.folder.iterdir()} == files


def test_a_publish_killed_at_any_moment_leaves_a_complete_database(
    two_posts: Home, start_process: Start
) -> None:
    """After a kill at any moment, the database opens and has its rows, and the next publish works."""
    before = post_labels(two_posts)
    for seconds in (0.02, 0.07):
        publishing = start_process(PUBLISH_REPEATEDLY, two_posts.folder)
        assert publishing.stdout and publishing.stdout.readline() == "published\n"
        with pytest.raises(subprocess.TimeoutExpired):
            publishing.wait(seconds)
        publishing.kill()
        publishing.wait()
        assert post_labels(two_posts) == before
    publish(two_posts)
    assert post_labels(two_posts) == before


def test_what_a_killed_publish_moved_out_of_memory_is_removed(two_posts: Home) -> None:
    """DuckDB puts it into a folder beside the temporary database; the next publish removes it and succeeds."""
    spilled = two_posts.folder / ".likelens-1.duckdb.tmp"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("rows")
    publish(two_posts)
    assert not spilled.exists()


def test_a_leftover_log_does_not_affect_the_new_database(two_posts: Home) -> None:
    """A leftover log beside the old database is removed."""
    before = post_labels(two_posts)
    two_posts.database.with_name("likelens.duckdb.wal").write_bytes(b"left by a session that was killed")
    publish(two_posts)
    assert post_labels(two_posts) == before
