"""The derived tables after any changes are those of a complete computation, and are computed by what changed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse.database.derived import latest_observations, portions, post_labels
from warehouse.database.derived.refresh import refresh_tables
from warehouse.errors import LakeBusy
from warehouse.home import Home
from warehouse.schema.picture_tables import LabelGroup
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Row
from warehouse.storage import file_layout
from warehouse.storage.lake import UNFINISHED_PORTIONS
from warehouse.upkeep.forgetting import forget_account

MakeRow = Callable[..., Row]
LATEST = """
    select source, post_id, observed_at, liked.likes, comments, coalesce(liked.likes_hidden, false),
           liked.observed_at, commented.observed_at
    from (select source, post_id, max(observed_at) as observed_at,
                 arg_max(struct_pack(likes, likes_hidden, observed_at), observed_at)
                     filter (likes is not null or likes_hidden) as liked,
                 arg_max(comments, observed_at) as comments,
                 max(struct_pack(observed_at)) filter (comments is not null) as commented
          from observations group by all) order by all"""
LABELS = """
    with versions as (
        select lane as classifier, arg_max(version, started_at) as version from runs
        where stage in ('classify', 'tag') and version is not null group by lane),
    seen as (
        select source, post_id, liked.likes, comments
        from (select source, post_id, arg_max(comments, observed_at) as comments,
                     arg_max(struct_pack(likes), observed_at) filter (likes is not null or likes_hidden) as liked
              from observations group by all))
    select *, row(label_group, label) = min(row(label_group, label)) over (partition by classifier, source, post_id),
           label = min(label) over (partition by classifier, source, post_id, label_group) from (
    select post.source, post.post_id, labels.classifier, labels.label, post.account, post.posted_at,
           max(labels.score), any_value(seen.likes), any_value(seen.comments),
           arg_max(labels.sha256, row(labels.score, labels.sha256)), any_value(labels.version),
           any_value(coalesce(groups.label_group, labels.label)) as label_group
    from labels semi join versions using (classifier, version)
    left join label_groups groups on groups.classifier = labels.classifier and groups.label = labels.label
    join post_pictures shown using (sha256)
    join posts post on post.source = shown.source and post.post_id = shown.post_id
    left join seen on seen.source = post.source and seen.post_id = post.post_id
    group by all) order by all"""

COUNTS = """
    select source, post_id, account, kind, posted_at, likes, comments
    from posts left join latest_observations using (source, post_id) order by all"""
SUMS = """
    select classifier, source, account, grouped, label, count(*), count(likes), coalesce(sum(likes), 0)::bigint,
           count(comments), coalesce(sum(comments), 0)::bigint, count(*) filter (is_first),
           count(likes) filter (is_first), count(comments) filter (is_first)
    from (select classifier, source, account, false as grouped, label, likes, comments, first_label as is_first
          from post_labels
          union all
          select classifier, source, any_value(account), true, label_group, any_value(likes), any_value(comments),
                 bool_or(first_label)
          from post_labels group by classifier, source, post_id, label_group)
    group by all order by all"""


def refresh(home: Home) -> None:
    refresh_tables(home.lake)
    definitions = {
        "latest_observations": LATEST,
        "post_labels": LABELS,
        "post_counts": COUNTS,
        "label_sums": SUMS,
    }
    for name, query in definitions.items():
        assert home.lake.query(f"select * from {name} order by all") == home.lake.query(query), name


class Nights:
    """Random changes of a home folder, as runs make them: pictures are stored before they are linked or labelled."""

    def __init__(self, home: Home, rows: dict[str, MakeRow], evening: datetime) -> None:
        self.home, self.rows, self.at = home, rows, evening
        self.chosen = random.Random(3)
        self.pictures: list[str] = []
        self.posts: list[tuple[str, str]] = []

    def observe(self) -> None:
        """Count again, in part late, hidden or unknown."""
        rows = []
        for source, post_id in self.chosen.sample(self.posts, min(5, len(self.posts))):
            late = self.chosen.choice([0, 0, 0, 30])
            likes, comments = (self.chosen.choice([None, 1, 2, 3]) for _ in range(2))
            at = self.at - timedelta(days=late, seconds=self.chosen.randrange(9))
            hidden = likes is None and self.chosen.random() < 0.5
            counts = {"source": source, "observed_at": at, "likes_hidden": hidden}
            rows.append(self.rows["observation"](post_id, likes, comments, **counts))
        self.home.lake.append(rows)

    def post(self) -> None:
        """A new or changed post, often with a new picture and sometimes with an old one."""
        source, post_id = f"s{self.chosen.randrange(3)}", f"p{self.chosen.randrange(40)}"
        if (source, post_id) not in self.posts:
            self.posts.append((source, post_id))
        account = f"{source} {self.chosen.choice(['ann', 'ann', 'bob'])}"
        self.home.lake.upsert([self.rows["post"](post_id, source=source, account=account)])
        for position in range(self.chosen.choice([1, 1, 2])):
            name = f"{source} {post_id} {self.chosen.randrange(3)}"
            if self.pictures and self.chosen.random() < 0.2:
                name = self.chosen.choice(self.pictures)
            self.home.lake.append([self.rows["picture"](name)])
            self.pictures.append(name)
            self.home.lake.upsert([self.rows["shown"](post_id, name, source=source, position=position)])

    def label(self) -> None:
        """Labels of new and of older pictures."""
        rows = []
        for name in self.chosen.sample(self.pictures, min(4, len(self.pictures))):
            labels = self.chosen.sample("abcdef", 3)
            version = self.chosen.choice("12")
            rows += [
                self.rows["label"](name, label, rank=rank, score=self.chosen.random(), version=version)
                for rank, label in enumerate(labels, 1)
            ]
        self.home.lake.append(rows)


@pytest.fixture
def nights(
    home: Home,
    post_row: MakeRow,
    picture_row: MakeRow,
    post_picture_row: MakeRow,
    observation_row: MakeRow,
    label_row: MakeRow,
    run_row: Callable[..., StageRun],
    evening: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Nights:
    """Of a home folder with a classifier, in files of few rows."""
    monkeypatch.setattr(file_layout, "GROUP_ROWS", 16)
    home.lake.append([run_row()])
    rows = {
        "post": post_row,
        "picture": picture_row,
        "shown": post_picture_row,
        "observation": observation_row,
        "label": label_row,
    }
    return Nights(home, rows, evening)


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were computed completely, in their order, once for each portion."""
    seen: list[str] = []
    compute, latest = post_labels._compute_portion, latest_observations._compute_portion

    def record(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any) -> Any:
            seen.append(name)
            return function(*values)

        return call

    monkeypatch.setattr(post_labels, "_compute_portion", record("post_labels", compute))
    monkeypatch.setattr(latest_observations, "_compute_portion", record("latest_observations", latest))
    return seen


@pytest.mark.slow
def test_random_nights_are_applied_as_changes(
    nights: Nights, complete: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each of many nights, with compactions, both tables are those of the definition, computed once in full."""
    monkeypatch.setattr(file_layout, "COMPACT_ABOVE_FILES", 4)
    for night in range(6):
        nights.at += timedelta(days=1)
        for _ in range(4):
            for act in nights.chosen.sample([nights.post, nights.observe, nights.label], 2):
                act()
        if night % 3 == 2:
            nights.home.lake.tidy()
        refresh(nights.home)
        assert complete == ["latest_observations", "post_labels"]
    assert len(nights.home.lake.files("post_labels")) > 1
    before = nights.home.lake.all_files()
    refresh(nights.home)
    assert nights.home.lake.all_files() == before, "without a change no file is written"


@pytest.mark.slow
def test_what_the_files_do_not_tell_is_computed_completely(
    nights: Nights, complete: list[str], run_row: Callable[..., StageRun]
) -> None:
    """Other groups, another version, a removed account, a lost record and a lost table lead to a complete computation."""
    home = nights.home
    for _ in range(12):
        nights.post()
    nights.label()
    nights.observe()
    refresh(home)

    def lose(name: str) -> None:
        (home.lake.folder / f".{name}.json").unlink()

    later = nights.at + timedelta(days=1)
    changes: list[tuple[Callable[[], object], list[str]]] = [
        (
            lambda: home.lake.append([LabelGroup(classifier="model", label="a", label_group="z")]),
            ["post_labels"],
        ),
        (lambda: home.lake.append([run_row(version="2", run_id="b", started_at=later)]), ["post_labels"]),
        (lambda: forget_account(home, "s1 ann", None), ["latest_observations", "post_labels"]),
        (lambda: lose("post_labels"), ["post_labels"]),
        (lambda: lose("latest_observations"), ["latest_observations"]),
        (nights.observe, []),
    ]
    for change, expected in changes:
        complete.clear()
        change()
        refresh(home)
        assert complete == expected


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 5])
def test_portions_of_any_size_give_the_same_rows(
    nights: Nights, complete: list[str], monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """A complete computation takes ranges of posts one after the other: small sources together, large ones in parts."""
    monkeypatch.setattr(portions, "MAX_ROWS", rows)
    for _ in range(14):
        nights.post()
    nights.label()
    for _ in range(4):
        nights.observe()
    left = nights.home.lake.folder / "post_labels" / UNFINISHED_PORTIONS
    (left / "portion=0").mkdir(parents=True)
    (left / "portion=0" / "left.parquet").write_bytes(b"of a killed process")
    refresh(nights.home)
    assert complete.count("post_labels") > 1, "the test has several portions"
    assert not left.exists(), "the labels by portion are removed"


@pytest.mark.slow
def test_a_refresh_that_was_cut_off_is_completed(nights: Nights, complete: list[str]) -> None:
    """Rows that were stored without their record are computed again."""
    for _ in range(6):
        nights.post()
    nights.label()
    refresh(nights.home)
    record = nights.home.lake.folder / ".post_labels.json"
    before = record.read_text()
    nights.post()
    nights.label()
    refresh(nights.home)
    complete.clear()
    record.write_text(before)
    refresh(nights.home)
    assert complete == ["post_labels"]


def test_files_that_another_writer_replaced_are_not_replaced_again(nights: Nights) -> None:
    """Two computations at the same time do not both add their rows: the later one fails and changes nothing."""
    lake = nights.home.lake
    nights.post()
    nights.observe()
    before = lake.list_files("latest_observations")
    refresh(nights.home)
    after = lake.files("latest_observations")
    with duckdb.connect() as connection, pytest.raises(LakeBusy, match="latest_observations"):
        lake.rewrite("latest_observations", connection, before, before, ["from stored"])
    assert lake.files("latest_observations") == after
