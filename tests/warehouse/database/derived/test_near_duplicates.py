"""The table `near_duplicates` follows posts and embeddings at each publish, and a ranking counts a picture once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from warehouse.database.derived import near_duplicates as derived
from warehouse.database.derived.refresh import refresh_tables
from warehouse.database.publish import publish
from warehouse.embeddings.near_duplicates import MIN_COSINE, AccountPictures, find_near_duplicates
from warehouse.embeddings.vectors import append_embeddings
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.comparable_posts import count_posts, describe_posts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.schema.tables import Row
from warehouse.upkeep.forgetting import forget_account

pytestmark = pytest.mark.slow

FIRST = datetime(2025, 3, 1)
SUBJECTS, DIMENSIONS = 25, 128
ALL = "select * from near_duplicates order by all"


class Nights:
    """Stores posts, each with one picture of a subject; the embeddings of one subject have cosines around 0.9."""

    def __init__(
        self, home: Home, labelled_post: Callable[..., list[Row]], picture_row: Any, sha: Any
    ) -> None:
        self.home, self.labelled_post, self.picture_row, self.sha = home, labelled_post, picture_row, sha
        chance = np.random.default_rng(3)
        self.subjects = np.maximum(chance.normal(0.2, 1, (SUBJECTS, DIMENSIONS)), 0)
        self.vectors: dict[str, NDArray[np.float16]] = {}
        self.posts: dict[str, tuple[str, datetime]] = {}

    def posts_of(self, *posts: tuple[int, datetime, str]) -> list[Row]:
        """The rows of posts by number, time and account; their embeddings are stored now."""
        rows = []
        for number, at, account in posts:
            chance = np.random.default_rng(number)
            vector = self.subjects[number * 7 % SUBJECTS] + chance.normal(0, 0.2, DIMENSIONS)
            self.vectors[str(number)] = np.maximum(vector, 0).astype(np.float16)
            self.posts[str(number)] = (account, at)
            shown = self.labelled_post(str(number), ["cat"], number, posted_at=at, account=account)
            rows += [self.picture_row(f"demo {number}"), *shown]
        names = [str(number) for number, *_ in posts]
        hashes = [self.sha(f"demo {name}") for name in names]
        vectors = np.stack([self.vectors[name] for name in names])
        append_embeddings(self.home.lake, "model", "e1", hashes, vectors)
        return rows

    def expected(self) -> dict[tuple[str, str], str]:
        """By account and picture the original, from exact cosines of all pictures in their order."""
        found: dict[tuple[str, str], str] = {}
        originals: dict[str, list[str]] = {}
        for name, (account, _) in sorted(self.posts.items(), key=lambda item: (item[1][1], item[0])):
            known = originals.setdefault(account, [])
            near = (one for one in known if cosine(self.vectors[name], self.vectors[one]) >= MIN_COSINE)
            if (original := next(near, None)) is None:
                known.append(name)
            else:
                found[(account, self.sha(f"demo {name}"))] = self.sha(f"demo {original}")
        return found

    def stored(self) -> dict[tuple[str, str], str]:
        """The same from the table."""
        rows = self.home.lake.query(ALL)
        assert all(MIN_COSINE <= similarity <= 1 for *_, similarity in rows)
        found = {(account, sha256): original for _, account, sha256, _, _, original, _ in rows}
        assert len(found) == len(rows), "each picture of an account has one row"
        return found


def cosine(one: NDArray[np.float16], other: NDArray[np.float16]) -> float:
    first, second = one.astype(float), other.astype(float)
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


@pytest.fixture
def nights(
    home: Home, labelled_post: Any, picture_row: Any, run_row: Any, store_rows: Any, sha: Any
) -> Nights:
    """Sixty posts of two accounts, and the derived tables; a run that stored embeddings of the version e1."""
    nights = Nights(home, labelled_post, picture_row, sha)
    run = run_row(stage="classify", lane="model", counts='{"embedding_version": "e1"}')
    posts = ((n, FIRST + timedelta(days=n), ("ann", "bob")[n % 3 == 0]) for n in range(60))
    store_rows(home, [run, *nights.posts_of(*posts)])
    refresh_tables(home.lake)
    return nights


def test_each_night_stores_what_a_complete_computation_does(
    nights: Nights, store_rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After new posts, older ones, a post of another account, a lost table, and a forgotten account."""
    compared: list[int] = []

    def count(accounts: Sequence[AccountPictures], read: Any) -> Any:
        compared.extend(len(one.hashes) - one.start for one in accounts)
        return find_near_duplicates(accounts, read)

    monkeypatch.setattr(derived, "find_near_duplicates", count)
    home = nights.home
    assert len(nights.stored()) > 10 and nights.stored() == nights.expected()
    refresh_tables(home.lake)
    assert compared == []
    store_rows(home, nights.posts_of(*((n, FIRST + timedelta(days=n), "ann") for n in range(60, 70))))
    refresh_tables(home.lake)
    assert compared == [10], "only new pictures are compared"
    assert nights.stored() == nights.expected()
    store_rows(home, nights.posts_of((70, FIRST - timedelta(days=9), "ann"), (71, FIRST, "cid")))
    refresh_tables(home.lake)
    assert nights.stored() == nights.expected()
    moved = nights.posts_of((5, FIRST + timedelta(days=5), "bob"))
    home.lake.upsert([row for row in moved if row.table == "posts"])
    refresh_tables(home.lake)
    stored = home.lake.query(ALL)
    assert nights.stored() == nights.expected()
    shutil.rmtree(home.lake.folder / "near_duplicates")
    refresh_tables(home.lake)
    assert home.lake.query(ALL) == stored
    forget_account(home, "bob", None)
    assert {account for account, _ in nights.stored()} == {"ann"}
    refresh_tables(home.lake)
    nights.posts = {name: post for name, post in nights.posts.items() if post[0] != "bob"}
    assert nights.stored() == nights.expected()


def test_embeddings_that_come_after_nights_without_them_are_compared(
    home: Home, labelled_post: Any, picture_row: Any, run_row: Any, store_rows: Any, sha: Any
) -> None:
    """Nights without a classifier's embeddings look for nothing; the first one with them compares all pictures."""
    nights = Nights(home, labelled_post, picture_row, sha)
    for first in (0, 30):
        posts = ((n, FIRST + timedelta(days=n), "ann") for n in range(first, first + 30))
        store_rows(home, nights.posts_of(*posts))
        refresh_tables(home.lake)
        assert home.lake.query(ALL) == []
    store_rows(home, [run_row(stage="classify", lane="model", counts='{"embedding_version": "e1"}')])
    refresh_tables(home.lake)
    assert len(nights.stored()) > 5 and nights.stored() == nights.expected()


def test_many_pictures_are_compared_in_parts(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few pictures give the same rows as one."""
    stored = nights.home.lake.query(ALL)
    for name, value in (("MAX_COMPARED", 7), ("MAX_ORIGINALS", 5), ("_CODE_ROWS", 3)):
        monkeypatch.setattr(f"warehouse.embeddings.near_duplicates.{name}", value)
    monkeypatch.setattr(derived, "MAX_PLACED", 30)
    monkeypatch.setattr(derived, "MAX_PICTURES", 1)
    shutil.rmtree(nights.home.lake.folder / "near_duplicates")
    refresh_tables(nights.home.lake)
    assert nights.home.lake.query(ALL) == stored


def test_a_near_repost_counts_once(nights: Nights, label_row: Any, run_row: Any, store_rows: Any) -> None:
    """The first post of a picture counts, and the sentence counts the others. A service has no embeddings of its own."""
    home, repeated = nights.home, len(nights.expected())
    labels = [label_row(f"demo {n}", "cat", classifier="service") for n in range(60)]
    store_rows(home, [run_row(stage="tag", lane="service"), *labels])
    publish(home)
    choices: list[tuple[Any, Any, Any]] = [
        ("model", "likes", "mean"),
        ("model", "likes", "lift"),
        ("service", "count", "lift"),
    ]
    with published(home) as database:
        for classifier, by, statistic in choices:
            question = RankingQuery(classifier, by, statistic, without_near_reposts=True)
            assert count_posts(database, question).counted == 60 - repeated
            sentence = f"left out: {repeated} with nearly the pictures of an earlier post of the account."
            assert sentence in describe_posts(database, question)
        plain = RankingQuery("model", "likes", "mean", without_reposts=True)
        assert count_posts(database, plain).counted == 60
    question = RankingQuery("model", "likes", "mean", without_near_reposts=True)
    assert rank(home, question)["posts"].to_list() == [60 - repeated]
