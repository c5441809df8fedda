"""The table `post_labels`: what each post shows by each classifier, with its last observed counts.

Three things change a post's rows: its labels, by a picture that was linked or labelled; its counts; and its account or
time. Only for the first the tables of labels are read, and of these only the new files unless one of the post's pictures
is older than the last computation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.database.derived.changes import (
    ChangesUnknown,
    Computation,
    Files,
    TableChanges,
    create_changed,
    files_with_posts,
    has_rows,
    reject_losses,
    scan_paths,
    scan_table,
)
from warehouse.database.derived.label_portions import divide_labels
from warehouse.database.derived.portions import divide_posts
from warehouse.schema.sql_types import quote
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import open_connection

NAME = "post_labels"
INPUTS = ("posts", "post_pictures", "latest_observations", "labels", "label_groups", "pictures")
_GROUP = ("classifier", "label", "label_group")
_LABEL = ("sha256", "classifier", "version", "region", "rank", "label", "score")

_METHOD = 1
"""Increase it when a change of the code changes rows of this table alone: then publish computes it again."""

# Labels of a group are next to each other, so that one window finds both firsts.
_ROWS = """
    select * exclude (place, label_before, group_before), place = 1 as first_label,
           group_before is distinct from label_group as first_in_group
    from (select post.source, post.post_id, labels.classifier, labels.label, post.account, post.posted_at,
                 labels.score, seen.likes, seen.comments, labels.sha256, labels.version,
                 coalesce(groups.label_group, labels.label) as label_group,
                 row_number() over best_first as place, lag(labels.label) over best_first as label_before,
                 lag(coalesce(groups.label_group, labels.label)) over best_first as group_before
          from {labels} labels
          left join {groups} groups on groups.classifier = labels.classifier and groups.label = labels.label
          join {shown} shown on shown.sha256 = labels.sha256
          join {posts} post on post.source = shown.source and post.post_id = shown.post_id
          left join {latest} seen on seen.source = post.source and seen.post_id = post.post_id
          window best_first as (partition by labels.classifier, post.source, post.post_id
                                order by coalesce(groups.label_group, labels.label), labels.label,
                                         labels.score desc, labels.sha256 desc))
    where label_before is distinct from label"""

_RELINKED = """create temporary table chosen as
    select distinct source, post_id from (
        (select source, post_id, position, sha256 from {now} except
         select source, post_id, position, sha256 from {before})
        union all
        (select source, post_id, position, sha256 from {before} except
         select source, post_id, position, sha256 from {now}))"""

_MERGED = """
    (from stored anti join affected using (source, post_id))
    union all by name
    (select stored.* replace (post.account as account, post.posted_at as posted_at, seen.likes as likes,
                              seen.comments as comments)
     from stored anti join chosen using (source, post_id)
     join (select * from {posts} semi join affected using (source, post_id)) post
       on post.source = stored.source and post.post_id = stored.post_id
     left join {latest} seen on seen.source = stored.source and seen.post_id = stored.post_id)
    union all by name
    ({rows})"""


def refresh_post_labels(lake: Lake, files: Files, versions: Sequence[tuple[str, str]]) -> None:
    """Bring the table up to date with these files of the lake and the current versions of the classifiers.

    `latest_observations` is up to date.
    """
    inputs = {table: files[table] for table in INPUTS}
    computation = Computation(lake, NAME, inputs, [_METHOD, *(list(version) for version in versions)])
    with open_connection() as connection:
        connection.execute("create temporary table versions (classifier varchar, version varchar)")
        if versions:
            connection.executemany("insert into versions values (?, ?)", [list(one) for one in versions])
        try:
            _apply_changes(connection, computation)
        except ChangesUnknown:
            queries = _CompleteQueries(connection, computation, [name for name, _ in sorted(versions)])
            current = lake.list_files(NAME)
            lake.rewrite(NAME, connection, current, current, queries)
    computation.record()


@dataclass(frozen=True, slots=True)
class _CompleteQueries:
    """The queries for all rows, by classifier and portion of posts; each is run before the next one is taken."""

    connection: duckdb.DuckDBPyConnection
    computation: Computation
    classifiers: Sequence[str]

    def __iter__(self) -> Iterator[str]:
        files, folder = self.computation.files, self.computation.lake.folder / NAME
        portions = divide_posts(self.connection, "post_pictures", files["post_pictures"])
        if len(portions) == 1:
            for classifier in self.classifiers:
                yield _compute_portion(files, _current_labels(files, classifier), portions[0])
            return
        shown = scan_table("post_pictures", files["post_pictures"])
        with divide_labels(self.connection, folder, shown, portions) as divided:
            for classifier in self.classifiers:
                divided.divide(_current_labels(files, classifier))
                for number, portion in enumerate(portions):
                    yield _compute_portion(files, divided.select_portion(number), portion)


def _current_labels(files: Files, classifier: str) -> str:
    return f"""(select * from {scan_table("labels", files["labels"])} as scanned
                semi join versions using (classifier, version) where classifier = {quote(classifier)})"""


def _compute_portion(files: Files, labels: str, portion: str) -> str:
    """The query for the rows of these labels and of the posts that satisfy the condition `portion`."""
    shown, posts, latest = (
        f"(select * from {scan_table(table, files[table])} as scanned where {portion})"
        for table in ("post_pictures", "posts", "latest_observations")
    )
    groups = scan_table("label_groups", files["label_groups"])
    return _ROWS.format(labels=labels, groups=groups, shown=shown, posts=posts, latest=latest)


def _apply_changes(connection: duckdb.DuckDBPyConnection, computation: Computation) -> None:
    changes = computation.find_changes()
    create_changed(connection, "new_groups", "label_groups", changes["label_groups"], _GROUP)
    if has_rows(connection, "new_groups"):
        raise ChangesUnknown
    for table, columns in (("label_groups", _GROUP), ("labels", _LABEL), ("pictures", ()), ("posts", ())):
        reject_losses(connection, table, changes[table], columns)
    create_changed(connection, "new_labels", "labels", changes["labels"], _LABEL)
    create_changed(connection, "new_pictures", "pictures", changes["pictures"], ["sha256"])
    _find_chosen(connection, changes["post_pictures"], computation.files["post_pictures"])
    _find_affected(connection, changes)
    if has_rows(connection, "affected"):
        _rewrite(connection, computation)


def _find_chosen(
    connection: duckdb.DuckDBPyConnection, changes: TableChanges, shown: Sequence[LakeFile]
) -> None:
    """Create `chosen`: the posts whose pictures, or whose pictures' labels, changed."""
    reject_losses(connection, "post_pictures", changes)
    now, before = (scan_paths("post_pictures", paths) for paths in (changes.added, changes.removed))
    connection.execute(_RELINKED.format(now=now, before=before))
    # A picture is stored before a post is linked to it, so that posts with a new one are found above.
    older = """select distinct sha256 from new_labels semi join versions using (classifier, version)
               anti join new_pictures using (sha256)"""
    connection.execute(f"create temporary table older_pictures as {older}")
    if has_rows(connection, "older_pictures"):
        connection.execute(
            f"""insert into chosen select distinct source, post_id
                from {scan_table("post_pictures", shown)} as shown semi join older_pictures using (sha256)"""
        )


def _find_affected(connection: duckdb.DuckDBPyConnection, changes: dict[str, TableChanges]) -> None:
    """Create `affected`: these posts and those whose counts, account or time changed."""
    create_changed(
        connection,
        "changed_posts",
        "posts",
        changes["posts"],
        ["source", "post_id", "account", "posted_at"],
    )
    create_changed(
        connection,
        "changed_counts",
        "latest_observations",
        changes["latest_observations"],
        ["source", "post_id", "likes", "comments"],
    )
    connection.execute(
        """create temporary table affected as
           select source, post_id from chosen union select source, post_id from changed_posts
           union select source, post_id from changed_counts"""
    )


def _rewrite(connection: duckdb.DuckDBPyConnection, computation: Computation) -> None:
    files = {
        table: files_with_posts(connection, "affected", computation.files[table])
        for table in ("posts", "post_pictures", "latest_observations")
    }
    connection.execute(
        f"""create temporary table shown as
            select source, post_id, sha256 from {scan_table("post_pictures", files["post_pictures"])} as shown
            semi join chosen using (source, post_id) where sha256 is not null"""
    )
    posts, latest = (scan_table(table, files[table]) for table in ("posts", "latest_observations"))
    rows = _ROWS.format(
        labels=_labels_of_shown(connection, computation.files["labels"]),
        groups=scan_table("label_groups", computation.files["label_groups"]),
        shown="shown",
        posts=posts,
        latest=latest,
    )
    current = computation.lake.list_files(NAME)
    touched = files_with_posts(connection, "affected", current)
    merged = _MERGED.format(rows=rows, posts=posts, latest=latest)
    computation.lake.rewrite(NAME, connection, current, touched, [merged])


def _labels_of_shown(connection: duckdb.DuckDBPyConnection, files: Sequence[LakeFile]) -> str:
    """A query for the current labels of the pictures in `shown`."""
    current = "semi join versions using (classifier, version) semi join shown using (sha256)"
    columns = "sha256, classifier, version, label, score"
    new = f"select {columns} from new_labels {current} semi join new_pictures using (sha256)"
    connection.execute(
        """create temporary table older_shown as
           select distinct sha256 from shown anti join new_pictures using (sha256)"""
    )
    if not has_rows(connection, "older_shown"):
        return f"({new})"
    older = f"""select {columns} from {scan_table("labels", files)} as scanned
                semi join versions using (classifier, version) semi join older_shown using (sha256)"""
    return f"({new} union all {older})"
