"""The table `post_counts`: each post with its last observed counts, so that nobody has to join two large tables."""

from __future__ import annotations

import duckdb

from warehouse.database.derived.changes import (
    ChangesUnknown,
    Computation,
    Files,
    create_changed,
    files_with_posts,
    has_rows,
    reject_losses,
    scan_table,
)
from warehouse.database.derived.portions import divide_posts
from warehouse.storage.lake import Lake
from warehouse.storage.lake_reader import open_connection

NAME = "post_counts"
_COLUMNS = {
    "posts": ["source", "post_id", "account", "kind", "posted_at"],
    "latest_observations": ["source", "post_id", "likes", "comments"],
}


def refresh_post_counts(lake: Lake, files: Files) -> None:
    """Bring the table up to date with these files of the lake, of which `latest_observations` is up to date."""
    computation = Computation(lake, NAME, {table: files[table] for table in _COLUMNS})
    with open_connection() as connection:
        try:
            _apply_changes(connection, computation)
        except ChangesUnknown:
            current = lake.list_files(NAME)
            portions = divide_posts(connection, "posts", files["posts"])
            lake.rewrite(NAME, connection, current, current, [_compute(files, one) for one in portions])
    computation.record()


def count_posts(posts: str, latest: str) -> str:
    """The query for the rows, over these two tables."""
    return f"""select source, post_id, account, kind, posted_at, likes, comments
               from {posts} as post left join {latest} as seen using (source, post_id)"""


def _compute(files: Files, condition: str) -> str:
    """The query for the rows of the posts that satisfy the condition."""
    posts, latest = (
        f"(select {', '.join(columns)} from {scan_table(table, files[table])} as scanned where {condition})"
        for table, columns in _COLUMNS.items()
    )
    return count_posts(posts, latest)


def _apply_changes(connection: duckdb.DuckDBPyConnection, computation: Computation) -> None:
    changes = computation.find_changes()
    for table, columns in _COLUMNS.items():
        reject_losses(connection, table, changes[table])
        create_changed(connection, f"changed_{table}", table, changes[table], columns)
    union = " union ".join(f"select source, post_id from changed_{table}" for table in _COLUMNS)
    connection.execute(f"create temporary table affected as {union}")
    if not has_rows(connection, "affected"):
        return
    current = computation.lake.list_files(NAME)
    touched = files_with_posts(connection, "affected", current)
    files = {table: files_with_posts(connection, "affected", computation.files[table]) for table in _COLUMNS}
    rows = _compute(files, "(source, post_id) in (select (source, post_id) from affected)")
    merged = f"(from stored anti join affected using (source, post_id)) union all by name ({rows})"
    computation.lake.rewrite(NAME, connection, current, touched, [merged])
