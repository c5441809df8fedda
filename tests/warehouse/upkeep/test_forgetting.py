"""Forgetting an account removes all of it from tables, files and logs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.comment_tables import CommentReading, CommentTopic, Topic
from warehouse.schema.forecast_tables import ForecastRow
from warehouse.schema.picture_tables import Fetch, Picture, PictureLabel, Unlabelled
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import TABLES, AccountObservation, Comment, Observation, Post, PostPicture, Row
from warehouse.storage.hash_index import FOLDER
from warehouse.storage.lake import COMPACT_ABOVE_FILES
from warehouse.upkeep.forgetting import Removal, account_posts, forget_account

pytestmark = pytest.mark.slow

DAY = datetime(2026, 1, 5, tzinfo=UTC)
SECRET = "mallory"
"""Part of every text of the forgotten account, so that a search of all files finds what remains of it."""


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
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    account_row: Callable[..., AccountObservation],
    comment: Callable[..., Comment],
    picture_row: Callable[..., Picture],
    fetch_row: Callable[..., Fetch],
    label_row: Callable[..., PictureLabel],
    unlabelled_row: Callable[..., Unlabelled],
    reading_row: Callable[..., CommentReading],
) -> Callable[..., None]:
    """Store three posts of an account in every table, with pictures of its own and a shared one."""

    def store(home: Home, account: str, source: str = "demo") -> None:
        mine = f"{account} of {source}"
        ids = [f"{mine}/{i}" for i in range(3)]
        own, bare, shared = f"own of {mine}", f"bare of {mine}", "shared by all"
        url = f"http://cdn.example/{account}/{source}"
        batches: list[list[Row]] = [
            [post_row(i, source=source, account=account, caption=f"{i} says hi") for i in ids],
            [
                post_picture_row(ids[0], own, source=source, picture_url=f"{url}/own.jpg?sig=2"),
                post_picture_row(ids[0], bare, source=source, position=1, picture_url=f"{url}/bare.jpg"),
                post_picture_row(ids[1], shared, source=source, picture_url=f"{url}/shared.jpg"),
                post_picture_row(ids[2], None, source=source, picture_url=f"{url}/never.jpg?sig=2"),
            ],
            [observation_row(i, 5, source=source) for i in ids],
            [account_row(account, source=source)],
            [comment(ids[0], f"{mine}/c", source=source, text=f"hello {account}")],
            [reading_row(ids[0], f"{mine}/c", source=source, hashtags=(account,))],
            [picture_row(own), picture_row(bare), picture_row(shared, path="pictures/shared.jpg")],
            [
                fetch_row(f"{url}/own.jpg?sig=1", own),
                fetch_row(f"{url}/bare.jpg", bare),
                fetch_row(f"{url}/shared.jpg", shared),
                fetch_row(f"{url}/never.jpg?sig=1", None),
                fetch_row(f"{url}/never.jpg?sig=2", None),
            ],
            [label_row(own, f"portrait of {account}"), label_row(shared, "sky")],
            [unlabelled_row(bare, message=f"nothing seen by {account}")],
            [forecast_of(source, account, ids[0], None), forecast_of(source, account, "0" * 64, "0" * 64)],
            [
                CommentTopic(
                    source=source,
                    post_id=ids[0],
                    comment_id=f"{mine}/c",
                    version="v",
                    text_digest="d",
                    language=mine,
                    topic=f"{mine}-1",
                    strength=0.5,
                    placed_at=DAY,
                )
            ],
            [
                Topic(
                    topic=f"{mine}-1",
                    language=mine,
                    name=account,
                    words=(account,),
                    version="v",
                    found_at=DAY,
                )
            ],
        ]
        for rows in batches:
            home.lake.append(rows)
        home.pictures.mkdir(exist_ok=True)
        for row in batches[6]:
            assert isinstance(row, Picture)
            (home.folder / row.path).write_bytes(f"bytes of {row.path}".encode())

    return store


def forecast_of(source: str, account: str, subject: str, sha256: str | None) -> ForecastRow:
    """A forecast of a post, or of a candidate picture."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return ForecastRow(
        source=source, account=account, subject=subject, measure="likes", version="m1", kind="image", posted_at=at,
        post_id=None if sha256 else subject, sha256=sha256, usual=1.0, median=1.0, low=0.0, high=2.0, made_at=at,
        before_posting=sha256 is not None,
    )  # fmt: skip


def contents(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    with home.lake.reader() as reader:
        return {name: reader.execute(f"select * from {name} order by all").fetchall() for name in TABLES}


def readable(file: Path) -> str:
    """The readable text of a file; Parquet files are decoded with their metadata, and indexes of hashes as hex."""
    if FOLDER in file.parts:
        return "".join(f"{number:016x}" for number in np.frombuffer(file.read_bytes(), np.uint64))
    if file.suffix == ".parquet":
        parquet = pq.ParquetFile(file)
        return f"{parquet.read().to_pylist()} {parquet.metadata.to_dict()}"
    return file.read_bytes().decode("utf-8", errors="replace")


def traces(home: Home, *words: str) -> list[str]:
    """Files below the home folder that contain one of the words, in their content or their name."""
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert files
    return [str(f) for f in files if any(word in f"{f.name} {readable(f)}" for word in words)]


def test_only_the_forgotten_account_is_removed(
    home: Home, fill: Callable[..., None], sha: Callable[[str], str]
) -> None:
    """All tables, files and pictures are the same as if the account had never been read."""
    fill(home, "ann")
    publish(home)
    expected, pictures = contents(home), sorted(home.pictures.iterdir())
    fill(home, SECRET)
    own = f"own of {SECRET} of demo"
    assert len(traces(home, SECRET, sha(own))) > len(TABLES) - 4
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


def test_its_labels_leave_the_lifts(
    home: Home,
    fill: Callable[..., None],
    run_row: Callable[..., StageRun],
    observation_row: Callable[..., Observation],
    evening: datetime,
) -> None:
    """No file, old or new, names its labels, and labels of other accounts have the numbers without its posts."""
    home.lake.append([run_row()])
    query = (
        "select label, posts, accounts, total from lifts where measure = 'likes' and not grouped order by 1"
    )
    found = []
    for name in ("ann", SECRET):
        fill(home, name)
        posts = [post_id for _, post_id in account_posts(home, name, None)]
        later = evening + timedelta(days=30)
        home.lake.append([observation_row(post_id, 7, observed_at=later) for post_id in posts])
        publish(home)
        with published(home) as database:
            found.append(database.execute(query).fetchall())
    assert found[0] == [("portrait of ann", 1, 1, 7), ("sky", 1, 1, 7)]
    assert found[1] == [found[0][0], (f"portrait of {SECRET}", 1, 1, 7), ("sky", 2, 2, 14)]
    assert [file for file in traces(home, SECRET) if "/lifts/" in file]
    forget_account(home, SECRET, None)
    assert traces(home, SECRET) == []
    publish(home)
    assert traces(home, SECRET) == []
    with published(home) as database:
        assert database.execute(query).fetchall() == found[0]


def test_old_versions_of_its_rows_are_removed(
    home: Home, fill: Callable[..., None], account_row: Callable[..., AccountObservation], evening: datetime
) -> None:
    """Older versions of updated or compacted rows, with their checkpoints and logs, are removed."""
    for name in ("ann", SECRET):
        fill(home, name)
    for day in range(COMPACT_ABOVE_FILES):
        at = evening + timedelta(days=day)
        home.lake.append([account_row(name, observed_at=at) for name in ("ann", SECRET)])
    with home.lake.reader() as reader:
        posts = reader.execute("select * exclude (caption) from posts").fetchall()
        names = [d[0] for d in reader.description or []]
    rows = [Post(**dict(zip(names, row, strict=True)), caption="edited") for row in posts]
    assert home.lake.upsert(rows, keep=["posted_at", "first_seen_at", "last_seen_at"]) == 6
    home.lake.tidy()
    forget_account(home, SECRET, None)
    assert traces(home, SECRET) == []
    assert home.lake.append([account_row("ann")]) == 0
    assert len(contents(home)["accounts"]) == COMPACT_ABOVE_FILES


def test_a_file_of_a_killed_writer_is_removed(home: Home, fill: Callable[..., None]) -> None:
    """A Parquet file that was written and never committed is in no log, and is deleted too."""
    fill(home, SECRET)
    file = Path(home.lake.files("posts")[0])
    left = file.with_name("part-00000-left-by-a-kill-c000.snappy.parquet")
    left.write_bytes(file.read_bytes())
    forget_account(home, SECRET, None)
    assert traces(home, SECRET) == []


def test_forgetting_can_be_limited_to_one_source(home: Home, fill: Callable[..., None]) -> None:
    """An account with the same name in another source stays with all its data."""
    fill(home, "ann", "other")
    expected = contents(home)
    fill(home, "ann", "demo")
    assert {source for source, _ in account_posts(home, "ann", "demo")} == {"demo"}
    assert len(account_posts(home, "ann", None)) == 6
    assert forget_account(home, "ann", "demo").posts == 3
    assert contents(home) == expected
    assert traces(home, "ann of demo", "ann/demo") == []


def test_forgetting_the_last_account_leaves_empty_tables(home: Home, fill: Callable[..., None]) -> None:
    """Without another account, shared pictures are removed too, and the empty tables still work."""
    empty = contents(home)
    fill(home, "o'hara % \\")
    fill(home, "bob")
    assert forget_account(home, "o'hara % \\", None).pictures == 2
    assert forget_account(home, "bob", None) == Removal(posts=3, pictures=3)
    assert contents(home) == empty and list(home.pictures.iterdir()) == []
    fill(home, "bob")
    publish(home)
    assert len(account_posts(home, "bob", None)) == 3


def test_an_account_without_posts_is_forgotten(
    home: Home, account_row: Callable[..., AccountObservation]
) -> None:
    """The rows in `accounts` of an account without posts are removed."""
    home.lake.append([account_row("ann"), account_row(SECRET)])
    assert forget_account(home, SECRET, None) == Removal(0, 0)
    assert [row[1] for row in contents(home)["accounts"]] == ["ann"]
    assert traces(home, SECRET) == []


def test_a_fetched_picture_without_a_link_is_removed(
    home: Home,
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    picture_row: Callable[..., Picture],
    fetch_row: Callable[..., Fetch],
) -> None:
    """A picture that a killed run fetched and did not link belongs to the post with its address."""
    home.pictures.mkdir()
    for name in (SECRET, "ann"):
        home.lake.append([post_row(name, account=name)])
        home.lake.append([post_picture_row(name, None)])
        home.lake.append([picture_row(name)])
        home.lake.append([fetch_row(f"http://cdn.example/{name}.jpg", name)])
        (home.folder / picture_row(name).path).write_bytes(b"picture")
    assert forget_account(home, SECRET, None) == Removal(1, 1)
    assert traces(home, SECRET) == []
    assert [path.name for path in home.pictures.iterdir()] == [Path(picture_row("ann").path).name]
    assert len(contents(home)["fetches"]) == 1


def test_an_open_session_can_not_read_a_forgotten_account(home: Home, fill: Callable[..., None]) -> None:
    """A session on the old database gets an error, because its files are deleted."""
    fill(home, SECRET)
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as session:
        assert session.execute("select count(*) from posts").fetchall() == [(3,)]
        forget_account(home, SECRET, None)
        with pytest.raises(duckdb.Error):
            session.execute("select caption from posts").fetchall()
