"""The home folder: unusual paths work in all operations, and unsupported ones are rejected before a write."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from warehouse.database.publish import publish
from warehouse.errors import BadHome, NotPublished
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import AccountObservation

# Folders inside each other, so that few home folders have all of these characters in their paths.
UNUSUAL = [
    'with blanks and  more/ lead and trail /it\'s "quoted" `so`/Bücher u\u0308ber 写真😀',
    "~home $HOME/{a,b} (c) <d>/a#b; drop table posts --c=1&d,e@f:g!+/.looks.parquet",
]
UNSUPPORTED = ["a*b", "a?b", "[a]", "a\\b", "100%", "a%20b", "a^b", "a|b", "a\nb", "a\tb"]


@pytest.mark.slow
@pytest.mark.parametrize("name", UNUSUAL)
def test_a_path_with_unusual_characters_works_in_all_operations(
    tmp_path: Path, account_row: Callable[..., AccountObservation], name: str
) -> None:
    """Tables are written, updated, compacted, purged and published there, and no file is written elsewhere."""
    home = Home(tmp_path / name)
    home.prepare()
    row = account_row("ann")
    assert [home.lake.append([row]), home.lake.append([row])] == [1, 0]
    assert home.lake.upsert([replace(row, posts=9)]) == 1
    home.lake.delete("accounts", "account", ["nobody"])
    home.lake.purge(["accounts"])
    home.lake.tidy()
    publish(home)
    for only_lake in (False, True):
        with published(home, only_lake=only_lake) as database:
            assert database.execute("select posts from accounts").fetchall() == [(9,)]
    assert rank(home, RankingQuery("model")).is_empty()
    assert [path.name for path in tmp_path.iterdir()] == [name.partition("/")[0]]


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_path_that_the_lake_does_not_support_is_rejected(tmp_path: Path, name: str) -> None:
    """The message names the character and the setting, and nothing is written."""
    with pytest.raises(BadHome, match="LIKELENS_HOME") as raised:
        Home(tmp_path / name).prepare()
    assert any(repr(character) in str(raised.value) for character in name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_home_at_the_path_of_a_file_is_rejected(tmp_path: Path, name: str) -> None:
    """A file at the path is reported and not changed."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadHome, match="can't be created"):
        Home(tmp_path / name).prepare()
    assert (tmp_path / "file").read_text() == "mine"


def test_preparing_again_changes_nothing(home: Home, account_row: Callable[..., AccountObservation]) -> None:
    """Every run prepares the home folder; existing tables stay unchanged."""
    home.lake.append([account_row("ann")])
    before = sorted((path, path.stat().st_size) for path in home.folder.rglob("*"))
    home.prepare()
    assert sorted((path, path.stat().st_size) for path in home.folder.rglob("*")) == before


def test_a_home_object_creates_no_file(tmp_path: Path) -> None:
    """Commands that only read can use a home folder without creating it."""
    home = Home(tmp_path / "home")
    assert not home.database.exists() and not home.pictures.exists() and not home.folder.exists()
    with pytest.raises(NotPublished, match="likelens run"), published(home):
        pytest.fail("there is nothing to read")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_database_works_from_any_current_folder(
    home: Home,
    account_row: Callable[..., AccountObservation],
    start_process: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    """The views have absolute paths, so an analyst may be in any folder."""
    home.lake.append([account_row("ann")])
    publish(home)
    (tmp_path / "elsewhere").mkdir()
    script = (
        "import duckdb, os, sys; os.chdir(sys.argv[2])\n"
        "print(duckdb.connect(sys.argv[1], read_only=True).execute('select account from accounts').fetchall())"
    )
    out, errors = start_process(script, home.database, tmp_path / "elsewhere").communicate(timeout=600)
    assert out == "[('ann',)]\n", errors


def test_queries_with_only_lake_reach_no_other_file(home: Home, tmp_path: Path) -> None:
    """A query may only read the lake's files: no other file, no write, and no statement that lifts the limit."""
    publish(home)
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nopen sesame\n")
    hostile = [
        f"select * from read_csv('{secret}')",
        f"select * from '{home.folder}/lake/../../secret.csv'",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.duckdb'",
        "set enable_external_access = true",
        "create table mine (x int)",
        "install httpfs",
    ]
    with published(home, only_lake=True) as database:
        for query in hostile:
            with pytest.raises(duckdb.Error):
                database.execute(query).fetchall()
        assert database.execute("select count(*) from posts").fetchall() == [(0,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "secret.csv"]


@pytest.mark.slow
def test_a_moved_home_is_published_again(
    home: Home, run_row: Callable[..., StageRun], tmp_path: Path
) -> None:
    """The message names the old place and the command; after another publish the database works at the new one."""
    home.lake.append([run_row()])
    publish(home)
    moved = Home(home.folder.rename(tmp_path / "moved"))
    with (
        pytest.raises(NotPublished, match=f"{home.folder}, which is gone.*likelens maintain"),
        published(moved),
    ):
        pytest.fail("there is nothing to read")
    publish(moved)
    with published(moved) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (1,)
