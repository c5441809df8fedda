"""The published database: whole, described, readable by anyone, and swapped without disturbing a reader."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse.home import Home
from warehouse.lake import COMPACT_ABOVE_FILES
from warehouse.publish import publish, published
from warehouse.tables import Observation, Picture, PictureLabel, Post, PostPicture, StageRun

PLAIN = """
import sys
import duckdb
database = duckdb.connect(sys.argv[1], read_only=True)
print(database.execute(sys.argv[2]).fetchall())
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
from warehouse.publish import publish

def die_before_the_swap(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("likelens.duckdb"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_before_the_swap)
publish(Home(Path(sys.argv[1])))
"""
PUBLISH_FOR_EVER = """
import sys
from pathlib import Path
from warehouse.home import Home
from warehouse.publish import publish
while True:
    publish(Home(Path(sys.argv[1])))
    print("published", flush=True)
"""
Start = Callable[..., subprocess.Popen[str]]


def ask(session: subprocess.Popen[str], query: str) -> str:
    assert session.stdin and session.stdout
    session.stdin.write(query + "\n")
    session.stdin.flush()
    return session.stdout.readline().strip()


@pytest.fixture
def two_posts(
    home: Home,
    post: Callable[..., Post],
    shows: Callable[..., PostPicture],
    observed: Callable[..., Observation],
    stored: Callable[..., Picture],
    labelled: Callable[..., PictureLabel],
    loaded: Callable[..., StageRun],
) -> Home:
    """Two posts with a labelled picture each, published."""
    home.lake.append([post("a"), post("b")])
    home.lake.append([shows("a", "one"), shows("b", "two")])
    home.lake.append([observed("a", 2**40, 7), observed("b", None, 3, likes_hidden=True)])
    home.lake.append([stored("one"), stored("two")])
    home.lake.append([labelled("one", "cat"), labelled("two", "dog"), labelled("two", "cat", rank=2)])
    home.lake.append([loaded()])
    publish(home)
    return home


def test_everything_in_it_says_what_it_means(two_posts: Home) -> None:
    """Every table, view, column and macro has a comment for the person who finds it there."""
    with duckdb.connect(str(two_posts.database), read_only=True) as database:
        for kind, name in (("tables", "table_name"), ("views", "view_name"), ("functions", "function_name")):
            rows = database.execute(
                f"select {name}, comment from duckdb_{kind}() where not internal"
            ).fetchall()
            assert [name for name, comment in rows if not (comment or "").strip()] == []
            assert bool(rows) == (kind != "tables"), "the database holds no data, but views and macros"
        rows = database.execute(
            "select table_name || '.' || column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
        assert [name for name, comment in rows if not (comment or "").strip()] == []
        assert {"post_labels.likes", "posts.caption", "current_labels.x0"} <= {name for name, _ in rows}
        assert database.execute("select count(*) from duckdb_tables() where not internal").fetchone() == (0,)


@pytest.mark.parametrize(
    "query",
    [
        "select post_id, likes, comments from post_labels where label = 'cat' order by 1",
        "select label, posts, total from top_labels('model', by := 'likes', n := 10)",
        "select observed_at from latest_observations where likes_hidden",
    ],
)
def test_plain_duckdb_reads_it(two_posts: Home, child: Start, query: str) -> None:
    """A process that knows nothing of us, with DuckDB alone, gets the same answers as we do."""
    with published(two_posts) as database:
        ours = database.execute(query).fetchall()
    out, errors = child(PLAIN, two_posts.database, query).communicate(timeout=60)
    assert out.strip() == repr(ours), errors
    assert ours


def test_an_open_session_goes_on_and_blocks_nobody(
    two_posts: Home, child: Start, observed: Callable[..., Observation], evening: datetime
) -> None:
    """While another process reads, a night is stored, compacted and published; its session answers as before."""
    query = "select post_id, likes, observed_at::varchar from latest_observations order by 1"
    counts = "select count(*) from observations"
    session = child(SESSION, two_posts.database)
    before = ask(session, query)
    assert ask(session, counts) == "[(2,)]"
    for night in range(1, COMPACT_ABOVE_FILES + 2):
        two_posts.lake.append([observed("a", night, observed_at=evening + timedelta(days=night))])
    two_posts.lake.tidy()
    assert len(two_posts.lake.files("observations")) == 1
    publish(two_posts)
    assert [ask(session, query), ask(session, counts)] == [before, "[(2,)]"]
    fresh = child(SESSION, two_posts.database)
    assert ask(fresh, counts) == f"[({COMPACT_ABOVE_FILES + 3},)]"
    assert ask(session, query) == before


def test_an_open_session_does_not_see_half_a_night(
    two_posts: Home, observed: Callable[..., Observation], evening: datetime
) -> None:
    """What a run has stored and not yet published is not in the database, not even for a new session."""
    later = evening + timedelta(days=1)
    two_posts.lake.append([observed("a", 5, observed_at=later)])
    two_posts.lake.upsert([observed("a", 0)])
    with published(two_posts) as database:
        likes = database.execute("select likes from latest_observations where post_id = 'a'").fetchall()
    assert likes == [(2**40,)]


def answers(home: Home) -> list[tuple[Any, ...]]:
    with published(home) as database:
        return database.execute("select * from post_labels order by all").fetchall()


def test_a_publish_killed_before_the_swap_leaves_the_old_database(
    two_posts: Home, child: Start, observed: Callable[..., Observation], evening: datetime
) -> None:
    """Killed when the new database is ready but not in place, the old one stays; the next clears up."""
    before, files = answers(two_posts), {path.name for path in two_posts.folder.iterdir()}
    two_posts.lake.append([observed("a", 5, observed_at=evening + timedelta(days=1))])
    killed = child(PUBLISH_AND_DIE, two_posts.folder)
    _, errors = killed.communicate(timeout=60)
    assert killed.returncode == -9, errors
    assert answers(two_posts) == before
    publish(two_posts)
    assert answers(two_posts) != before
    assert {path.name for path in two_posts.folder.iterdir()} == files


def test_a_publish_killed_at_any_moment_leaves_a_whole_database(two_posts: Home, child: Start) -> None:
    """Whenever it is killed, the database opens and answers, and the next publish works."""
    before = answers(two_posts)
    for pause in (0.0, 0.02, 0.05, 0.09):
        publishing = child(PUBLISH_FOR_EVER, two_posts.folder)
        assert publishing.stdout and publishing.stdout.readline() == "published\n"
        with pytest.raises(subprocess.TimeoutExpired):
            publishing.wait(pause)
        publishing.kill()
        publishing.wait()
        assert answers(two_posts) == before
    publish(two_posts)
    assert answers(two_posts) == before


def test_a_log_that_someone_left_is_not_taken_for_the_new_ones(two_posts: Home) -> None:
    """A writer's leftover log beside the old database does not spoil the new one."""
    before = answers(two_posts)
    two_posts.database.with_name("likelens.duckdb.wal").write_bytes(b"left by a session that was killed")
    publish(two_posts)
    assert answers(two_posts) == before
