"""A home folder that an older likelens made: its tables get the columns that they lack, and keep their rows."""

from __future__ import annotations

import duckdb
from deltalake import DeltaTable, write_deltalake

from warehouse.publish import publish
from warehouse.tables import TABLES

LATER = {"posts": ["gone_at"], "runs": ["counts"], "observations": ["likes_rounded", "comments_rounded"]}


def as_an_older_one_made_it(home, rows, name: str) -> None:
    """Write the table again without the columns that came later."""
    folder = home.lake.folder / name
    old = TABLES[name].to_arrow(rows).drop_columns(LATER[name])
    write_deltalake(str(folder), old, mode="overwrite", schema_mode="overwrite")
    assert not {field.name for field in DeltaTable(str(folder)).schema().fields} & set(LATER[name])


def test_old_rows_are_read_and_new_ones_written(home, post, observed) -> None:
    """After `prepare`, old rows have null in the new columns, new rows their values, and SQL sees both."""
    as_an_older_one_made_it(home, [post("1")], "posts")
    as_an_older_one_made_it(home, [observed("1", 5)], "observations")
    home.prepare()
    home.lake.upsert([post("1", caption="changed"), post("2")], keep=["first_seen_at"])
    home.lake.append([observed("2", 5, likes_rounded=True)])
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as database:
        assert database.execute("select post_id, caption, gone_at from posts order by 1").fetchall() == [
            ("1", "changed", None),
            ("2", post("2").caption, None),
        ]
        found = database.execute("select post_id, likes_rounded from observations order by 1").fetchall()
    assert found == [("1", None), ("2", True)]


def test_a_table_can_be_read_before_it_has_its_columns(home, post, observed) -> None:
    """`status` and `sql` on an older home folder work before the next run."""
    as_an_older_one_made_it(home, [observed("1", 5)], "observations")
    with home.lake.reader() as reader:
        assert reader.execute("select post_id, comments_rounded from observations").fetchall() == [
            ("1", None)
        ]
