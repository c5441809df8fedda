"""The home folder: any sensible path works to the end, and others are refused before anything is written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from warehouse.errors import BadHome, NotPublished
from warehouse.home import Home
from warehouse.publish import publish, published
from warehouse.rankings import Question, rank
from warehouse.tables import AccountObservation

FIT = [
    "with blanks and  more",
    " lead and trail ",
    'it\'s "quoted" `so`',
    "Bücher u\u0308ber 写真😀",
    "~home $HOME",
    "{a,b} (c) <d>",
    "a#b; drop table posts --c=1&d,e@f:g!+",
    ".looks.parquet",
    "deep/er/still",
]
UNFIT = ["a*b", "a?b", "[a]", "a\\b", "100%", "a%20b", "a^b", "a|b", "a\nb", "a\tb"]


@pytest.mark.parametrize("name", FIT)
def test_a_path_with_odd_characters_works_to_the_end(
    tmp_path: Path, account_seen: Callable[..., AccountObservation], name: str
) -> None:
    """Tables are written, updated, compacted, cleaned and published there, and nothing is put elsewhere."""
    home = Home(tmp_path / name)
    home.prepare()
    row = account_seen("ann")
    assert [home.lake.append([row]), home.lake.append([row])] == [1, 0]
    assert home.lake.upsert([replace(row, posts=9)]) == 1
    home.lake.delete("accounts", "account", ["nobody"])
    home.lake.purge(["accounts"])
    home.lake.tidy()
    publish(home)
    for only_lake in (False, True):
        with published(home, only_lake=only_lake) as database:
            assert database.execute("select posts from accounts").fetchall() == [(9,)]
    assert rank(home, Question("model")).is_empty()
    assert [path.name for path in tmp_path.iterdir()] == [name.partition("/")[0]]


@pytest.mark.parametrize("name", UNFIT)
def test_a_path_that_the_lake_cannot_take_is_refused(tmp_path: Path, name: str) -> None:
    """The message names the character and the setting, and nothing is written."""
    with pytest.raises(BadHome, match="LIKELENS_HOME") as refused:
        Home(tmp_path / name).prepare()
    assert any(repr(character) in str(refused.value) for character in name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_home_where_a_file_stands_is_refused(tmp_path: Path, place: str) -> None:
    """A file in the way is told in words and left as it was."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadHome, match="can't be created"):
        Home(tmp_path / place).prepare()
    assert (tmp_path / "file").read_text() == "mine"


def test_preparing_again_changes_nothing(home: Home, account_seen: Callable[..., AccountObservation]) -> None:
    """Every run prepares the home folder: tables that exist stay as they are."""
    home.lake.append([account_seen("ann")])
    before = sorted((path, path.stat().st_size) for path in home.folder.rglob("*"))
    home.prepare()
    assert sorted((path, path.stat().st_size) for path in home.folder.rglob("*")) == before


def test_making_a_home_touches_nothing(tmp_path: Path) -> None:
    """Commands that only look can name the home folder without creating it."""
    home = Home(tmp_path / "home")
    assert not home.database.exists() and not home.pictures.exists() and not home.folder.exists()
    with pytest.raises(NotPublished, match="likelens run"), published(home):
        pytest.fail("there is nothing to read")
    assert list(tmp_path.iterdir()) == []


def test_the_database_is_read_from_anywhere(
    home: Home,
    account_seen: Callable[..., AccountObservation],
    child: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    """The views name their files in full, so an analyst may stand in any folder."""
    home.lake.append([account_seen("ann")])
    publish(home)
    (tmp_path / "elsewhere").mkdir()
    script = (
        "import duckdb, os, sys; os.chdir(sys.argv[2])\n"
        "print(duckdb.connect(sys.argv[1], read_only=True).execute('select account from accounts').fetchall())"
    )
    out, errors = child(script, home.database, tmp_path / "elsewhere").communicate(timeout=60)
    assert out == "[('ann',)]\n", errors


def test_questions_with_only_lake_reach_nothing_else(home: Home, tmp_path: Path) -> None:
    """A query may read the lake's files alone: no other file, no writing, and no way to allow it again."""
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
