"""Forgetting an account: nothing of it stays, in no table, no file and no log, and nothing else goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from warehouse.forgetting import Removal, account_posts, forget_account
from warehouse.home import Home
from warehouse.lake import COMPACT_ABOVE_FILES
from warehouse.publish import publish, published
from warehouse.tables import (
    TABLES,
    AccountObservation,
    Comment,
    Fetch,
    Observation,
    Picture,
    PictureLabel,
    Post,
    PostPicture,
    Row,
    Unlabelled,
)

SECRET = "mallory"
"""In every text of the forgotten account, so that a search of all files finds what is left of it."""


@pytest.fixture
def comment() -> Callable[..., Comment]:
    """Make a row of `comments`."""

    def make(post_id: str, comment_id: str, **changes: Any) -> Comment:
        given: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "comment_id": comment_id,
            "parent_id": None,
            "author": None,
            "text": "Lovely",
            "posted_at": None,
            "likes": None,
        }
        return Comment(**given | changes)

    return make


@pytest.fixture
def fill(
    post: Callable[..., Post],
    shows: Callable[..., PostPicture],
    observed: Callable[..., Observation],
    account_seen: Callable[..., AccountObservation],
    comment: Callable[..., Comment],
    stored: Callable[..., Picture],
    fetched: Callable[..., Fetch],
    labelled: Callable[..., PictureLabel],
    unlabelled: Callable[..., Unlabelled],
) -> Callable[..., None]:
    """Store an account's night: three posts in every table, with pictures of its own and one it shares."""

    def store(home: Home, account: str, source: str = "demo") -> None:
        mine = f"{account} of {source}"
        ids = [f"{mine}/{i}" for i in range(3)]
        own, bare, shared = f"own of {mine}", f"bare of {mine}", "shared by all"
        url = f"http://cdn.example/{account}/{source}"
        batches: list[list[Row]] = [
            [post(i, source=source, account=account, caption=f"{i} says hi") for i in ids],
            [
                shows(ids[0], own, source=source, picture_url=f"{url}/own.jpg?sig=2"),
                shows(ids[0], bare, source=source, position=1, picture_url=f"{url}/bare.jpg"),
                shows(ids[1], shared, source=source, picture_url=f"{url}/shared.jpg"),
                shows(ids[2], None, source=source, picture_url=f"{url}/never.jpg?sig=2"),
            ],
            [observed(i, 5, source=source) for i in ids],
            [account_seen(account, source=source)],
            [comment(ids[0], f"{mine}/c", source=source, text=f"hello {account}")],
            [stored(own), stored(bare), stored(shared, path="pictures/shared.jpg")],
            [
                fetched(f"{url}/own.jpg?sig=1", own),
                fetched(f"{url}/bare.jpg", bare),
                fetched(f"{url}/shared.jpg", shared),
                fetched(f"{url}/never.jpg?sig=1", None),
                fetched(f"{url}/never.jpg?sig=2", None),
            ],
            [labelled(own, f"portrait of {account}"), labelled(shared, "sky")],
            [unlabelled(bare, message=f"nothing seen by {account}")],
        ]
        for rows in batches:
            home.lake.append(rows)
        home.pictures.mkdir(exist_ok=True)
        for row in batches[5]:
            assert isinstance(row, Picture)
            (home.folder / row.path).write_bytes(f"bytes of {row.path}".encode())

    return store


def contents(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    with home.lake.reader() as reader:
        return {name: reader.execute(f"select * from {name} order by all").fetchall() for name in TABLES}


def readable(file: Path) -> str:
    """What a person could read in the file: Parquet files unpacked, pages that are not needed and all."""
    if file.suffix == ".parquet":
        parquet = pq.ParquetFile(file)
        return f"{parquet.read().to_pylist()} {parquet.metadata.to_dict()}"
    return file.read_bytes().decode("utf-8", errors="replace")


def traces(home: Home, *words: str) -> list[str]:
    """Files below the home folder that name one of the words, in their content or their name."""
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert files
    return [str(f) for f in files if any(word in f"{f.name} {readable(f)}" for word in words)]


def test_nothing_of_the_account_stays_and_nothing_else_goes(
    home: Home, fill: Callable[..., None], sha: Callable[[str], str]
) -> None:
    """All tables, files and pictures are as if the account had never been read."""
    fill(home, "ann")
    expected, pictures = contents(home), sorted(home.pictures.iterdir())
    fill(home, SECRET)
    own = f"own of {SECRET} of demo"
    assert len(traces(home, SECRET, sha(own))) > len(TABLES) - 2
    publish(home)
    assert forget_account(home, SECRET, None) == Removal(posts=3, pictures=2)
    publish(home)
    assert traces(home, SECRET, sha(own), sha(f"bare of {SECRET} of demo")) == []
    assert contents(home) == expected
    assert sorted(home.pictures.iterdir()) == pictures
    with published(home) as database:
        assert database.execute("select distinct account from posts").fetchall() == [("ann",)]
    assert forget_account(home, SECRET, None) == Removal(0, 0)
    assert contents(home) == expected


def test_old_versions_of_its_rows_go_too(
    home: Home, fill: Callable[..., None], account_seen: Callable[..., AccountObservation], evening: datetime
) -> None:
    """Rows that were updated or compacted since, with their checkpoints and logs, leave no file behind."""
    for name in ("ann", SECRET):
        fill(home, name)
    for night in range(COMPACT_ABOVE_FILES):
        at = evening + timedelta(days=night)
        home.lake.append([account_seen(name, observed_at=at) for name in ("ann", SECRET)])
    with home.lake.reader() as reader:
        posts = reader.execute("select * exclude (caption) from posts").fetchall()
        names = [d[0] for d in reader.description or []]
    rows = [Post(**dict(zip(names, row, strict=True)), caption="edited") for row in posts]
    assert home.lake.upsert(rows, keep=["posted_at", "first_seen_at", "last_seen_at"]) == 6
    home.lake.tidy()
    forget_account(home, SECRET, None)
    assert traces(home, SECRET) == []
    assert home.lake.append([account_seen("ann")]) == 0
    assert len(contents(home)["accounts"]) == COMPACT_ABOVE_FILES


def test_a_file_that_a_killed_writer_left_goes_too(home: Home, fill: Callable[..., None]) -> None:
    """A Parquet file that was written and never committed is in no log, and is deleted all the same."""
    fill(home, SECRET)
    file = Path(home.lake.files("posts")[0])
    left = file.with_name("part-00000-left-by-a-kill-c000.snappy.parquet")
    left.write_bytes(file.read_bytes())
    forget_account(home, SECRET, None)
    assert traces(home, SECRET) == []


def test_of_one_source_only_what_is_asked(home: Home, fill: Callable[..., None]) -> None:
    """An account of the same name in another source stays, with all that is its own."""
    fill(home, "ann", "other")
    expected = contents(home)
    fill(home, "ann", "demo")
    assert {source for source, _ in account_posts(home, "ann", "demo")} == {"demo"}
    assert len(account_posts(home, "ann", None)) == 6
    assert forget_account(home, "ann", "demo").posts == 3
    assert contents(home) == expected
    assert traces(home, "ann of demo", "ann/demo") == []


def test_the_last_account_takes_everything(home: Home, fill: Callable[..., None]) -> None:
    """When no other account is left, shared pictures go with it, and the empty tables go on working."""
    empty = contents(home)
    fill(home, "o'hara % \\")
    fill(home, "bob")
    assert forget_account(home, "o'hara % \\", None).pictures == 2
    assert forget_account(home, "bob", None) == Removal(posts=3, pictures=3)
    assert contents(home) == empty and list(home.pictures.iterdir()) == []
    fill(home, "bob")
    publish(home)
    assert len(account_posts(home, "bob", None)) == 3


def test_an_account_of_which_only_its_size_was_seen_is_forgotten(
    home: Home, account_seen: Callable[..., AccountObservation]
) -> None:
    """An account without stored posts has rows in `accounts`, which go."""
    home.lake.append([account_seen("ann"), account_seen(SECRET)])
    assert forget_account(home, SECRET, None) == Removal(0, 0)
    assert [row[1] for row in contents(home)["accounts"]] == ["ann"]
    assert traces(home, SECRET) == []


def test_a_picture_fetched_and_not_yet_linked_goes_too(
    home: Home,
    post: Callable[..., Post],
    shows: Callable[..., PostPicture],
    stored: Callable[..., Picture],
    fetched: Callable[..., Fetch],
) -> None:
    """What a killed run had fetched belongs to the posts that wait for it: theirs goes, another's stays."""
    home.pictures.mkdir()
    for name in (SECRET, "ann"):
        home.lake.append([post(name, account=name)])
        home.lake.append([shows(name, None)])
        home.lake.append([stored(name)])
        home.lake.append([fetched(f"http://cdn.example/{name}.jpg", name)])
        (home.folder / stored(name).path).write_bytes(b"picture")
    assert forget_account(home, SECRET, None) == Removal(1, 1)
    assert traces(home, SECRET) == []
    assert [path.name for path in home.pictures.iterdir()] == [Path(stored("ann").path).name]
    assert len(contents(home)["fetches"]) == 1


def test_what_was_published_before_names_files_that_are_gone(home: Home, fill: Callable[..., None]) -> None:
    """A session on the old database cannot bring the account back: its files are deleted."""
    fill(home, SECRET)
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as session:
        assert session.execute("select count(*) from posts").fetchall() == [(3,)]
        forget_account(home, SECRET, None)
        with pytest.raises(duckdb.Error):
            session.execute("select caption from posts").fetchall()
