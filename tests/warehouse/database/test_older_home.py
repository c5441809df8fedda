"""A home folder of an older likelens: its tables get the missing columns and keep their rows."""

from __future__ import annotations

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from warehouse.database.publish import publish, publish_copy
from warehouse.schema.picture_tables import LabelGroup
from warehouse.schema.tables import TABLES

LATER = {
    "posts": ["gone_at"],
    "runs": ["counts"],
    "observations": ["likes_rounded", "comments_rounded", "shares", "shares_rounded"],
}


def write_older_table(home, rows, name: str) -> None:
    """Replace the table with one without the later columns."""
    folder = home.lake.folder / name
    old = TABLES[name].to_arrow(rows).drop_columns(LATER[name])
    write_deltalake(str(folder), old, mode="overwrite", schema_mode="overwrite")
    assert not {field.name for field in DeltaTable(str(folder)).schema().fields} & set(LATER[name])


@pytest.mark.slow
def test_an_older_table_gets_its_columns_and_keeps_its_rows(home, post_row, observation_row) -> None:
    """After `prepare`, old rows have null in the new columns, new rows have values, and SQL shows both."""
    write_older_table(home, [post_row("1")], "posts")
    write_older_table(home, [observation_row("1", 5)], "observations")
    home.prepare()
    home.lake.upsert([post_row("1", caption="changed"), post_row("2")], keep=["first_seen_at"])
    home.lake.append([observation_row("2", 5, likes_rounded=True)])
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as database:
        assert database.execute("select post_id, caption, gone_at from posts order by 1").fetchall() == [
            ("1", "changed", None),
            ("2", post_row("2").caption, None),
        ]
        found = database.execute("select post_id, likes_rounded from observations order by 1").fetchall()
    assert found == [("1", None), ("2", True)]


def test_an_older_table_is_readable_before_it_gets_its_columns(home, post_row, observation_row) -> None:
    """`likelens status` and `likelens sql` work on an older home folder before the next run."""
    write_older_table(home, [observation_row("1", 5)], "observations")
    with home.lake.reader() as reader:
        assert reader.execute("select post_id, comments_rounded from observations").fetchall() == [
            ("1", None)
        ]


@pytest.mark.slow
def test_what_an_older_likelens_did_not_store_is_computed(
    home, post_row, post_picture_row, observation_row, picture_row, label_row, run_row
) -> None:
    """Sums, counts and first_in_group are views in a copy of its lake, with the same rows, until a publish stores them."""
    home.lake.append([post_row("1", account="ann"), post_row("2", account="bob"), post_row("3")])
    home.lake.append([post_picture_row("1", "a"), post_picture_row("2", "b")])
    home.lake.append([observation_row("1", 5, 2), observation_row("2", None)])
    home.lake.append([picture_row("a"), picture_row("b")])
    home.lake.append(
        [label_row("a", one, rank=rank) for rank, one in enumerate(("tabby", "cat", "dog"), 1)]
        + [label_row("b", "tabby")]
    )
    home.lake.append([LabelGroup(classifier="model", label="tabby", label_group="cat")])
    home.lake.append([run_row()])
    queries = [f"from {name} order by all" for name in ("post_labels", "post_counts", "label_sums")]
    queries += ["from top_labels('model', by := 'count', grouped := true)", "from top_labels('model')"]

    def answers() -> list[object]:
        with duckdb.connect(str(home.database), read_only=True) as database:
            return [database.execute(query).fetchall() for query in queries]

    publish(home)
    stored = answers()
    assert [len(rows) for rows in stored] == [4, 3, 7, 2, 3]
    for name in ("post_counts", "label_sums"):
        home.lake.reset(name)
    folder = str(home.lake.folder / "post_labels")
    older = DeltaTable(folder).to_pyarrow_table().drop_columns(["first_in_group"])
    write_deltalake(folder, older, mode="overwrite", schema_mode="overwrite")
    publish_copy(home)
    assert answers() == stored
    home.prepare()
    publish_copy(home)
    assert answers() == stored
    publish(home)
    assert answers() == stored
    assert home.lake.files("label_sums") and home.lake.files("post_counts")
