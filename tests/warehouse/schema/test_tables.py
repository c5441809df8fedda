"""The tables are those of the contract, by name, key, columns and types, in the lake and in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

import duckdb
import pytest
from deltalake import DeltaTable

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.schema.table_schema import Row, Table
from warehouse.schema.tables import TABLES

SUMS = "posts posts_with_likes likes posts_with_comments comments first_posts first_with_likes first_with_comments"
NUMBERS = "posts accounts lift low high p q"
# Written out here, because people have queries, notebooks and other programs that name these columns.
READ = "language tone tone_by spam spam_rules question"
CONTRACT = {
    "posts": (
        "source post_id",
        "source post_id account url kind posted_at caption place pinned first_seen_at last_seen_at gone_at",
    ),
    "post_pictures": ("source post_id position", "source post_id position picture_url sha256"),
    "observations": (
        "source post_id observed_at",
        "source post_id observed_at likes comments likes_hidden likes_rounded comments_rounded shares shares_rounded",
    ),
    "accounts": (
        "source account observed_at",
        "source account observed_at followers following posts rounded",
    ),
    "comments": (
        "source post_id comment_id",
        "source post_id comment_id parent_id author text posted_at likes",
    ),
    "comment_readings": (
        "source post_id comment_id version",
        f"source post_id comment_id version text_digest {READ} hashtags mentions emoji read_at",
    ),
    "comment_topics": (
        "source post_id comment_id",
        "source post_id comment_id version text_digest language topic strength placed_at",
    ),
    "topics": ("topic", "topic language name words version found_at"),
    "threads": ("source post_id", "source post_id read_at comments"),
    "gaps": ("source post_id", "source post_id attempts first_attempt_at last_attempt_at message"),
    "pictures": (
        "sha256",
        "sha256 bytes width height format path fetched_at copy_sha256 copy_bytes reduced_at",
    ),
    "fetches": (
        "picture_url attempted_at",
        "picture_url attempted_at status reason http_status sha256 seconds next_try_at message",
    ),
    "labels": (
        "sha256 classifier version region rank",
        "sha256 classifier version region rank label label_id score x0 y0 x1 y1 labelled_at",
    ),
    "unlabelled": (
        "sha256 classifier version",
        "sha256 classifier version reason message attempted_at",
    ),
    "embeddings": ("sha256 classifier version", "sha256 classifier version vector"),
    "captions": (
        "sha256 classifier version",
        "sha256 classifier version caption language captioned_at",
    ),
    "label_groups": ("classifier label", "classifier label label_group"),
    "runs": (
        "run_id stage lane",
        "run_id stage lane started_at ended_at status items failures message version counts",
    ),
    "charges": (
        "request_id position",
        "request_id position sha256 classifier model model_version sent_at ended_at outcome reason message price",
    ),
    "latest_observations": (
        "source post_id",
        "source post_id observed_at likes comments likes_hidden likes_at comments_at",
    ),
    "post_labels": (
        "source post_id classifier label",
        "source post_id classifier label account posted_at score likes comments sha256 version label_group first_label first_in_group",
    ),
    "post_counts": ("source post_id", "source post_id account kind posted_at likes comments"),
    "label_sums": (
        "classifier source account grouped label",
        f"classifier source account grouped label {SUMS}",
    ),
    "embedding_codes": (
        "sha256 classifier version",
        "sha256 classifier version " + " ".join(f"bits_{number}" for number in range(16)),
    ),
    "near_duplicates": (
        "source account sha256 classifier version",
        "source account sha256 classifier version original similarity",
    ),
    "lifts": (
        "classifier measure grouped label",
        f"classifier measure grouped label {NUMBERS} reason total mean median share computed_at computed_from",
    ),
    "compared_posts": (
        "classifier measure",
        "classifier measure counted hidden unknown young age old rounded without_date accounts since until computed_from",
    ),
    "forecasts": (
        "source account subject measure version",
        "source account subject measure version kind posted_at post_id sha256 usual median low high made_at before_posting",
    ),
}
COUNTS = {
    "observations": "likes comments shares",
    "accounts": "followers following posts",
    "comments": "likes",
    "threads": "comments",
    "gaps": "attempts",
    "pictures": "bytes",
    "runs": "items failures",
    "latest_observations": "likes comments",
    "post_labels": "likes comments",
    "post_counts": "likes comments",
    "label_sums": SUMS,
    "lifts": "posts accounts total",
    "compared_posts": "counted hidden unknown young old rounded without_date accounts",
}
MAY_BE_NULL = {
    "posts": "posted_at caption place pinned gone_at",
    "post_pictures": "sha256",
    "observations": "likes comments likes_rounded comments_rounded shares shares_rounded",
    "accounts": "followers following posts rounded",
    "comments": "parent_id author text posted_at likes",
    "comment_readings": "language tone tone_by",
    "comment_topics": "topic strength",
    "topics": "",
    "threads": "comments",
    "gaps": "",
    "pictures": "copy_sha256 copy_bytes reduced_at",
    "fetches": "reason http_status sha256 next_try_at message",
    "labels": "label_id x0 y0 x1 y1",
    "unlabelled": "message",
    "embeddings": "",
    "captions": "language",
    "label_groups": "",
    "runs": "ended_at items failures message version counts",
    "charges": "sha256 ended_at reason message price",
    "latest_observations": "likes comments likes_at comments_at",
    "post_labels": "posted_at likes comments",
    "post_counts": "posted_at likes comments",
    "label_sums": "",
    "embedding_codes": "",
    "near_duplicates": "",
    "lifts": "lift low high p q reason",
    "compared_posts": "since until",
    "forecasts": "post_id sha256",
}


def test_tables_keys_and_columns_are_those_of_the_contract() -> None:
    """The tables are exactly those of the contract, with their keys and their columns in order."""
    declared = {
        name: (" ".join(table.key), " ".join(c.name for c in table.columns)) for name, table in TABLES.items()
    }
    assert declared == CONTRACT


def test_only_values_that_can_be_missing_are_nullable() -> None:
    """A number or text that a source may not have is nullable; a key, a time of a run or a status is not."""
    nullable = {n: " ".join(c.name for c in t.columns if c.nullable) for n, t in TABLES.items()}
    assert nullable == MAY_BE_NULL


def test_the_lake_holds_the_tables_as_delta_tables_with_comments(home: Home) -> None:
    """Any Delta reader gets each table with its columns, its comment and each column's comment."""
    for name, (_, columns) in CONTRACT.items():
        table = DeltaTable(str(home.lake.folder / name))
        found = table.schema().fields
        assert " ".join(field.name for field in found) == columns
        assert all(field.metadata.get("comment") for field in found), name
        assert table.metadata().name == name and table.metadata().description


def test_the_database_has_the_tables_of_the_contract(home: Home) -> None:
    """The database has the same tables and columns as views, 64-bit counts and UTC timestamps."""
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as database:
        rows = database.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal"
            " order by table_name, column_index"
        ).fetchall()
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        types.setdefault(table, {})[column] = kind
    assert {n: " ".join(types[n]) for n in CONTRACT} == {n: columns for n, (_, columns) in CONTRACT.items()}
    for table, columns in COUNTS.items():
        assert {types[table][column] for column in columns.split()} == {"BIGINT"}, table
    times = {kind for columns in types.values() for name, kind in columns.items() if name.endswith("_at")}
    assert times == {"TIMESTAMP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncommented(Row):
    """A table with a column without a comment."""

    table: ClassVar[str] = "uncommented"
    key: ClassVar[tuple[str, ...]] = ("name",)
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstorable(Row):
    """A table with a column type that Delta readers don't support."""

    table: ClassVar[str] = "unstorable"
    key: ClassVar[tuple[str, ...]] = ("seen_at",)
    seen_at: Annotated[datetime, "When it was seen (UTC)"]
    parts: Annotated[complex, "A number with two parts"]


@pytest.mark.parametrize(("row", "column"), [(Uncommented, "name"), (Unstorable, "parts")])
def test_a_column_without_a_comment_or_a_storable_type_is_rejected(row: type[Row], column: str) -> None:
    """The error names a column that has no comment, or a type that the lake does not store."""
    with pytest.raises(TypeError, match=column):
        _ = Table(row).columns
