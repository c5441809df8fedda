"""The policy for schema changes: a home folder of a newer likelens opens in this one, as one of an older does.

`test_older_home.py` has the other direction for single tables; here it is the complete home folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake import Field as DeltaField

from warehouse.database.check_limits import CheckLimits
from warehouse.database.checks import check_lake, problems_of
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.schema.tables import TABLES, AccountObservation, Row
from warehouse.upkeep.forgetting import forget_account

FIRST_RELEASE = {
    "posts": 11,
    "post_pictures": 5,
    "observations": 6,
    "accounts": 6,
    "comments": 9,
    "comment_readings": 15,
    "comment_topics": 9,
    "topics": 6,
    "forecasts": 15,
    "threads": 4,
    "gaps": 6,
    "pictures": 7,
    "fetches": 7,
    "labels": 13,
    "unlabelled": 6,
    "embeddings": 4,
    "captions": 6,
    "label_groups": 3,
    "runs": 10,
    "charges": 12,
}
"""The number of columns of each table in the first release; later ones came after them."""
LATER = {
    name: [column.name for column in TABLES[name].columns[number:]] for name, number in FIRST_RELEASE.items()
}


@pytest.fixture
def stored(
    home: Home, labelled_post: Callable[..., list[Row]], picture_row: Any, run_row: Any, store_rows: Any
) -> Home:
    """Twelve posts of two accounts, each with a labelled picture."""
    posts = [
        labelled_post(str(n), ["cat", "sky"][: 1 + n % 2], n, account=("ann", "bob")[n % 2])
        for n in range(12)
    ]
    pictures = [picture_row(f"demo {n}") for n in range(12)]
    store_rows(home, [run_row(), *pictures, *(row for rows in posts for row in rows)])
    return home


def add_unknown_columns(home: Home) -> None:
    """What a newer likelens does: a new nullable column in every table, and a table of its own."""
    for name in TABLES:
        folder = home.lake.folder / name
        if DeltaTable.is_deltatable(str(folder)):
            field = DeltaField.from_arrow(pa.field("of_the_future", pa.string()))
            DeltaTable(str(folder)).alter.add_columns([field])
    DeltaTable.create(str(home.lake.folder / "wonders"), pa.schema([("n", pa.int64())]))


def remove_later_columns(home: Home) -> None:
    """What the first release wrote."""
    for name, columns in LATER.items():
        table = DeltaTable(str(home.lake.folder / name))
        rows = table.to_pyarrow_table().drop_columns(columns)
        write_deltalake(table, rows, mode="overwrite", schema_mode="overwrite")


@pytest.mark.slow
@pytest.mark.parametrize("change", [add_unknown_columns, remove_later_columns], ids=["newer", "older"])
def test_a_home_folder_of_another_version_works(
    stored: Home,
    change: Callable[[Home], None],
    labelled_post: Any,
    picture_row: Any,
    store_rows: Any,
) -> None:
    """It is read, written, updated, checked, published, tidied, rebuilt and forgotten from as one of this version."""
    publish(stored)
    change(stored)
    stored.prepare()
    new = [*labelled_post("new", ["dog"], 40, account="ann"), picture_row("demo new")]
    store_rows(stored, new)
    (post,) = (row for row in labelled_post("3", ["sky"], 3, account="bob") if row.table == "posts")
    assert stored.lake.upsert([replace(post, caption="new")]) == 1
    assert stored.lake.append([post]) == 0
    assert problems_of(check_lake(stored.lake, CheckLimits())) == []
    stored.lake.tidy()
    for name, table in TABLES.items():
        stored.lake.vacuum(name, 168)
        if table.derived:
            stored.lake.reset(name)
    publish(stored)
    with duckdb.connect(str(stored.database), read_only=True) as database:
        assert database.execute("select count(*), count(caption) from posts").fetchall() == [(13, 1)]
        assert database.execute("select count(*) from post_labels where label = 'dog'").fetchall() == [(1,)]
        assert database.execute("select count(*) from lifts where label = 'cat'").fetchall()[0][0] > 0
        names = {name for (name,) in database.execute("select view_name from duckdb_views()").fetchall()}
        assert "wonders" not in names and set(TABLES) <= names
    assert forget_account(stored, "ann", None).posts == 7
    assert stored.lake.count("select count(*) from posts") == 6
    if change is add_unknown_columns:
        fields = {field.name for field in DeltaTable(str(stored.lake.folder / "posts")).schema().fields}
        assert "of_the_future" in fields and (stored.lake.folder / "wonders").is_dir()


def test_an_update_keeps_what_a_newer_version_wrote(stored: Home, labelled_post: Any) -> None:
    """The columns that this version does not know keep their values in changed rows, and in those beside them."""
    folder = str(stored.lake.folder / "posts")
    rows = DeltaTable(folder).to_pyarrow_table()
    values = pa.array([f"future {post_id}" for post_id in rows["post_id"].to_pylist()])
    write_deltalake(
        folder, rows.append_column("of_the_future", values), mode="overwrite", schema_mode="overwrite"
    )
    (post,) = (row for row in labelled_post("3", ["sky"], 3, account="bob") if row.table == "posts")
    (new,) = (row for row in labelled_post("new", ["sky"], 3, account="bob") if row.table == "posts")
    assert stored.lake.upsert([replace(post, caption="changed"), new]) == 2
    after = DeltaTable(folder).to_pyarrow_table().to_pylist()
    assert {row["post_id"]: row["of_the_future"] for row in after} == {"new": None} | {
        str(n): f"future {n}" for n in range(12)
    }
    assert [row["caption"] for row in after if row["post_id"] == "3"] == ["changed"]


def test_every_later_column_can_be_null() -> None:
    """So an old row is a row of the new type, and a row that an older likelens writes is complete."""
    assert set(FIRST_RELEASE) == {name for name, table in TABLES.items() if not table.derived}
    for name, number in FIRST_RELEASE.items():
        assert all(column.nullable for column in TABLES[name].columns[number:]), name
    assert LATER["pictures"] == ["copy_sha256", "copy_bytes", "reduced_at"]


@pytest.mark.slow
def test_rows_are_added_to_tables_whose_comments_changed(
    tmp_path: Path, account_row: Callable[..., AccountObservation]
) -> None:
    """A column's comment is that of the likelens that made the table; another one does not stop a write."""
    home = Home(tmp_path / "home")
    table = TABLES["accounts"]
    comments = [field.with_metadata({"comment": f"was {field.name}"}) for field in table.schema]
    DeltaTable.create(str(home.lake.folder / "accounts"), pa.schema(comments))
    home.prepare()
    assert home.lake.append([account_row("ann")]) == 1
    assert home.lake.upsert([account_row("ann", posts=9)]) == 1
    assert home.lake.query("select posts from accounts") == [(9,)]
