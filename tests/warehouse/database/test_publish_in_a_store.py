"""Publishing a lake in an object store: on one machine, on another, and for analysts with DuckDB's own extension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from warehouse.database.derived import latest_observations, post_labels
from warehouse.database.publish import publish, publish_copy
from warehouse.home import Home
from warehouse.published import published
from warehouse.storage import lake_copy
from warehouse.upkeep.forgetting import forget_account

pytestmark = pytest.mark.slow

RANKING = "select label, posts, total from top_labels('model', by := 'likes') order by all"


@pytest.fixture
def machine(
    s3, prepared: Path, run_row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Home]:
    """Homes of several machines in one store with empty tables, and a run of the classifier."""
    monkeypatch.setattr(lake_copy, "REFRESH_SECONDS", 0.0)
    store = s3.store()
    for file in sorted(prepared.glob("lake/*/_delta_log/*.json")):
        store.put(str(file.relative_to(prepared)), file)

    def make(name: str) -> Home:
        (tmp_path / name).mkdir(exist_ok=True)
        return Home(tmp_path / name, store)

    make("first").lake.append([run_row()])
    return make


def ranking(home: Home) -> list[tuple]:
    with published(home) as connection:
        return connection.execute(RANKING).fetchall()


def refuse(*_) -> None:
    raise AssertionError("all of the table was computed")


def test_each_machine_publishes_what_all_wrote(machine, labelled_post, store_rows, monkeypatch) -> None:
    """A second machine computes only what changed, and another only defines the views, over its own copy."""
    one, other = machine("one"), machine("other")
    store_rows(one, [row for number in range(5) for row in labelled_post(f"{number}", ["cat"], number)])
    publish(one)
    store_rows(other, labelled_post("new", ["cat", "dog"], 100))
    for module in (latest_observations, post_labels):
        monkeypatch.setattr(module, "_compute_portion", refuse)
    publish(other)
    assert ranking(other) == [("cat", 6, 110), ("dog", 1, 100)]
    assert ranking(one) == [("cat", 5, 10)]
    publish(one)
    publish_copy(machine("analyst"))
    assert ranking(one) == ranking(machine("analyst")) == ranking(other)


def test_the_database_in_the_store_names_files_in_the_store(
    s3, machine, labelled_post, store_rows, tmp_path
) -> None:
    """DuckDB reads the same rows from there, here through obstore instead of its extension."""
    from obstore.fsspec import FsspecStore

    home = machine("one")
    store_rows(home, [row for number in range(3) for row in labelled_post(f"{number}", ["cat"], number)])
    publish(home)
    s3.store().download("likelens.duckdb", tmp_path / "downloaded.duckdb")
    files = FsspecStore("s3", config={"endpoint": s3.endpoint}, client_options={"allow_http": True})
    with duckdb.connect(str(tmp_path / "downloaded.duckdb"), read_only=True) as connection:
        [(views, local)] = connection.execute(
            "select count(*) filter (sql like '%' || $1 || '/lake/%'), count(*) filter (sql like '%' || $2 || '%')"
            " from duckdb_views()",
            [s3.url, str(home.folder)],
        ).fetchall()
        assert views >= 5 and local == 0
        connection.register_filesystem(files)
        assert connection.execute(RANKING).fetchall() == ranking(home) == [("cat", 3, 3)]


def test_a_forgotten_account_leaves_the_store_and_other_copies(machine, labelled_post, store_rows) -> None:
    """No object, and no file of a machine that reads the tables again, has its name or its posts."""
    one, other = machine("one"), machine("other")
    for account in ("ann", "bob"):
        rows = [labelled_post(f"{account} {number}", ["cat"], number, account=account) for number in range(2)]
        store_rows(one, [row for post in rows for row in post])
    publish(one)
    publish(other)
    forget_account(one, "bob", None)
    publish(one)
    publish(other)
    assert ranking(other) == ranking(one) == [("cat", 2, 1)]
    names = [found.name for found in one.store.list("lake")]
    assert not [name for name in names if b"bob" in one.store.get(name)]
    for home in (one, other):
        files = [file for file in home.lake_folder.rglob("*") if file.is_file()]
        assert not [file for file in files if b"bob" in file.read_bytes()]
