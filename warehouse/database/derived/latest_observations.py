"""The table `latest_observations`: an observation without a count does not replace one with a count."""

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

NAME = "latest_observations"
_COUNTS = "source, post_id, observed_at, likes, comments, likes_hidden"
_KNOWN = f"""select {_COUNTS},
                    case when likes is not null or likes_hidden then observed_at end as likes_at,
                    case when comments is not null then observed_at end as comments_at
             from {{observations}}"""
_LATEST = """select source, post_id, observed_at, liked.likes as likes, comments,
                    coalesce(liked.likes_hidden, false) as likes_hidden, likes_at, comments_at
             from (select source, post_id, max(observed_at) as observed_at,
                          arg_max(struct_pack(likes, likes_hidden), likes_at) as liked, max(likes_at) as likes_at,
                          arg_max(comments, comments_at) as comments, max(comments_at) as comments_at
                   from {known} group by source, post_id)"""
_MERGED = f"""(from stored anti join new_observations using (source, post_id)) union all by name
              {
    _LATEST.format(
        known='''(from known union all by name
                                        from stored semi join new_observations using (source, post_id))'''
    )
}"""


def refresh_latest_observations(lake: Lake, files: Files) -> None:
    """Bring the table up to date with these files of the lake."""
    computation = Computation(lake, NAME, {"observations": files["observations"]})
    with open_connection() as connection:
        try:
            _apply_changes(connection, computation)
        except ChangesUnknown:
            current = lake.list_files(NAME)
            portions = divide_posts(connection, "observations", files["observations"])
            queries = [_compute_portion(files, portion) for portion in portions]
            lake.rewrite(NAME, connection, current, current, queries)
    computation.record()


def _compute_portion(files: Files, portion: str) -> str:
    known = _KNOWN.format(observations=scan_table("observations", files["observations"]) + " as scanned")
    known += f" where {portion}"
    return _LATEST.format(known=f"({known})")


def _apply_changes(connection: duckdb.DuckDBPyConnection, computation: Computation) -> None:
    changes = computation.find_changes()["observations"]
    reject_losses(connection, "observations", changes, _COUNTS.split(", "))
    create_changed(connection, "new_observations", "observations", changes, _COUNTS.split(", "))
    if not has_rows(connection, "new_observations"):
        return
    known = _KNOWN.format(observations="new_observations")
    connection.execute(f"create temporary view known as {known}")
    current = computation.lake.list_files(NAME)
    files = files_with_posts(connection, "new_observations", current)
    computation.lake.rewrite(NAME, connection, current, files, [_MERGED])
