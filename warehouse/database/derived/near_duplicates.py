"""The derived table `near_duplicates`: pictures of an account that nearly equal one that it posted before.

A new picture is compared with the originals of its account. All pictures of an account are compared again if one of them
was posted before one that is compared already, as in the first nights of an account, or if a post of the account changed
its account or time or lost a picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa
from deltalake import DeltaTable
from numpy.typing import NDArray

from warehouse.database.derived.changes import (
    ChangesUnknown,
    Computation,
    Files,
    create_changed,
    has_rows,
    reject_losses,
    scan_paths,
    scan_table,
)
from warehouse.embeddings.codes import COLUMNS
from warehouse.embeddings.near_duplicates import (
    MAX_BITS,
    MIN_COSINE,
    AccountPictures,
    NearDuplicate,
    UnitVectors,
    find_near_duplicates,
)
from warehouse.embeddings.vectors import to_vectors
from warehouse.schema.sql_types import quote
from warehouse.schema.tables import TABLES
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import open_connection

NAME = "near_duplicates"
INPUTS = ("posts", "post_pictures", "embeddings")
READ_ROWS = 8192
MAX_PICTURES = 32_768
"""Pictures of several accounts that are compared at once; one account may have more."""
MAX_PLACED = 8 * MAX_PICTURES
"""Pictures whose codes are in memory at once: some 50 MB. Those of one account always are."""
_POST = ("source", "post_id", "account", "posted_at")
_LINK = ("source", "post_id", "position", "sha256")
_EMBEDDING = ("sha256", "classifier", "version")

_STALE_ACCOUNTS = """create temporary table stale_accounts as
    with old_posts as (select {post} from {posts_before} except select {post} from {posts_now}),
    old_links as (select {link} from {links_before} where sha256 is not null except select {link} from {links_now})
    select source, account from old_posts
    union select source, account from {posts} as post semi join old_posts using (source, post_id)
    union select source, account from {posts} as post semi join old_links using (source, post_id)"""

_CHANGED_ACCOUNTS = """create temporary table changed_accounts as
    select distinct source, account from {posts} as post where (source, post_id) in (
        select (source, post_id) from changed_posts union all
        select (source, post_id) from {links} as link semi join new_embeddings using (sha256))
    union select source, account from stale_accounts"""

_PLACED = """create or replace temporary table placed as
    with chosen as (select source, post_id, account, posted_at from {posts} as post
                    semi join changed_accounts using (source, account)
                    where hash(source, account) % {parts} = {part}),
    first_posts as (
        select source, account, sha256, posted_at, post_id, position
        from chosen join {links} as link using (source, post_id)
        where sha256 is not null
        qualify row_number() over (partition by source, account, sha256
                                   order by posted_at nulls last, post_id, position) = 1),
    coded as (
        select first_posts.*, {columns},
               (source, post_id) in (select (source, post_id) from changed_posts)
               or sha256 in (select sha256 from new_embeddings
                             where classifier = {classifier} and version = {version}) as is_new
        from first_posts join (from {codes} as code where classifier = {classifier} and version = {version})
            using (sha256)),
    ordered as (
        select *, row_number() over (partition by source, account order by posted_at nulls last, post_id, position)
                      as place
        from coded),
    compared as (
        select source, account, bool_or(is_new) as has_new,
               (source, account) in (select (source, account) from stale_accounts)
               or coalesce(min(place) filter (is_new) < max(place) filter (not is_new), false) as again
        from ordered group by source, account)
    select ordered.* exclude (is_new), is_new or again as compared
    from ordered join compared using (source, account) where has_new or again"""

_COUNT = """select count(*) from {posts} as post semi join changed_accounts using (source, account)
            join {links} as link using (source, post_id)"""

_IN_ORDER = """select source, account, sha256, place, compared, duplicate.sha256 is not null as is_duplicate, {columns}
               from placed left join (select source, account, sha256 from {stored} as stored
                                      where classifier = {classifier} and version = {version}) as duplicate
                   using (source, account, sha256)
               order by source, account, place"""

_REPLACED = """(from stored anti join stale_accounts using (source, account)
                            anti join removed using (source, account, sha256, classifier, version))
               union all by name (from found)"""


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a classifier's embeddings, its embeddings and codes, and the stored near-duplicates."""

    classifier: str
    version: str
    files: Files
    stored: Sequence[LakeFile]

    def fill(self, query: str, **values: object) -> str:
        """The query with its tables and values."""
        return query.format(
            posts=scan_table("posts", self.files["posts"]),
            links=scan_table("post_pictures", self.files["post_pictures"]),
            codes=scan_table("embedding_codes", self.files["embedding_codes"]),
            stored=scan_table(NAME, self.stored),
            columns=", ".join(COLUMNS),
            classifier=quote(self.classifier),
            version=quote(self.version),
            **values,
        )

    def read_vectors(self, hashes: set[str]) -> UnitVectors:
        """The embeddings of these pictures with length 1; one that is 0 stays 0."""
        bounds = {"classifier": [self.classifier], "version": [self.version], "sha256": sorted(hashes)}
        files = [file for file in self.files["embeddings"] if file.may_hold(bounds)]
        query = f"""select sha256, vector from {scan_table("embeddings", files)} as stored
                    where classifier = {quote(self.classifier)} and version = {quote(self.version)}
                      and sha256 in (select sha256 from wanted)"""
        vectors: dict[str, NDArray[np.float32]] = {}
        with open_connection() as connection:
            connection.register("wanted", pa.table({"sha256": bounds["sha256"]}))
            for batch in connection.sql(query).to_arrow_reader(READ_ROWS):
                if batch.num_rows:
                    values = to_vectors(batch["vector"]).astype(np.float32)
                    lengths = np.linalg.norm(values, axis=1, keepdims=True)
                    values /= np.where(lengths == 0, 1, lengths)
                    vectors.update(zip(batch["sha256"].to_pylist(), values, strict=True))
        return vectors


def refresh_near_duplicates(lake: Lake, files: Files, versions: Sequence[tuple[str, str]]) -> None:
    """Bring the table up to date with these files, in which `embedding_codes` fit the current versions of embeddings."""
    values = [*(list(one) for one in versions), MIN_COSINE, MAX_BITS]
    computation = Computation(lake, NAME, {table: files[table] for table in INPUTS}, values)
    current = lake.list_files(NAME)
    is_missing = not DeltaTable.is_deltatable(str(lake.folder / NAME))
    if not versions and not current and not is_missing:  # there are no embeddings, and no rows
        computation.record()
        return
    with open_connection() as connection, open_connection() as writer:
        try:
            _find_changes(connection, computation)
            stored = current
        except ChangesUnknown:
            _choose_all(connection, files)
            stored = []
        stale: pa.Table = connection.sql("from stale_accounts").to_arrow_table()
        writer.register("stale_accounts", stale)
        writer.register("no_rows", TABLES[NAME].schema.empty_table())
        for name in ("found", "removed"):
            writer.execute(f"create temporary table {name} as from no_rows")
        if has_rows(connection, "changed_accounts"):
            for classifier, version in versions:
                _compare_version(connection, writer, _Version(classifier, version, files, stored))
        if (
            is_missing
            or stored != current
            or stale.num_rows
            or has_rows(writer, "(from found union all from removed)")
        ):
            lake.rewrite(NAME, writer, current, current, [_REPLACED if stored else "from found"])
    computation.record()


def _find_changes(connection: duckdb.DuckDBPyConnection, computation: Computation) -> None:
    """Create tables of new embeddings, of new or changed posts, and of the accounts that these and lost rows concern."""
    changes = computation.find_changes()
    reject_losses(connection, "embeddings", changes["embeddings"])
    create_changed(connection, "new_embeddings", "embeddings", changes["embeddings"], _EMBEDDING)
    create_changed(connection, "posts_with_changes", "posts", changes["posts"], _POST)
    create_changed(connection, "links_with_changes", "post_pictures", changes["post_pictures"], _LINK)
    connection.execute(
        """create temporary table changed_posts as select source, post_id from posts_with_changes
           union select source, post_id from links_with_changes where sha256 is not null"""
    )
    values = {"post": ", ".join(_POST), "link": ", ".join(_LINK)}
    for name, table in (("posts", "posts"), ("links", "post_pictures")):
        values[name] = scan_table(table, computation.files[table])
        values[f"{name}_now"] = scan_paths(table, changes[table].added)
        values[f"{name}_before"] = scan_paths(table, changes[table].removed)
    connection.execute(_STALE_ACCOUNTS.format(**values))
    connection.execute(_CHANGED_ACCOUNTS.format(**values))


def _choose_all(connection: duckdb.DuckDBPyConnection, files: Files) -> None:
    """Create the tables of `_find_changes` so that all pictures are compared."""
    posts = scan_table("posts", files["posts"])
    for name, query in (
        ("new_embeddings", f"select {', '.join(_EMBEDDING)} from {scan_paths('embeddings', [])} as none"),
        ("changed_posts", f"select source, post_id from {scan_paths('posts', [])} as none"),
        ("stale_accounts", f"select distinct source, account from {posts} as post"),
        ("changed_accounts", "from stale_accounts"),
    ):
        connection.execute(f"create or replace temporary table {name} as {query}")


def _compare_version(
    connection: duckdb.DuckDBPyConnection, writer: duckdb.DuckDBPyConnection, version: _Version
) -> None:
    """Compare the pictures of the changed accounts, and add what is found and what it replaces to the writer's tables."""
    [(count,)] = connection.execute(version.fill(_COUNT)).fetchall()
    parts = 1 + count // MAX_PLACED
    for part in range(parts):
        connection.execute(version.fill(_PLACED, parts=parts, part=part))
        group: list[AccountPictures] = []
        for pictures, replaced in _read_accounts(connection, version):
            _add(writer, "removed", version, pictures, [NearDuplicate(one, one, 1) for one in replaced])
            group.append(pictures)
            if sum(len(one.hashes) for one in group) >= MAX_PICTURES:
                _compare_group(writer, version, group)
                group = []
        _compare_group(writer, version, group)


def _compare_group(
    writer: duckdb.DuckDBPyConnection, version: _Version, group: Sequence[AccountPictures]
) -> None:
    for pictures, found in find_near_duplicates(group, version.read_vectors):
        _add(writer, "found", version, pictures, found)


def _read_accounts(
    connection: duckdb.DuckDBPyConnection, version: _Version
) -> Iterator[tuple[AccountPictures, list[str]]]:
    """The pictures of each account in `placed`, and which of those that are compared now are stored as near-duplicates."""
    table: pa.Table = connection.sql(version.fill(_IN_ORDER)).to_arrow_table()
    codes = np.stack([table[column].to_numpy().view(np.uint64) for column in COLUMNS], axis=1)
    compared, is_duplicate = table["compared"].to_numpy(), table["is_duplicate"].to_numpy()
    starts = np.flatnonzero(table["place"].to_numpy() == 1).tolist()
    for start, end in pairwise([*starts, table.num_rows]):
        hashes = table["sha256"][start:end].to_pylist()
        first = int(compared[start:end].argmax())  # those that are compared are the last ones
        originals = np.flatnonzero(~is_duplicate[start : start + first]).tolist()
        account = (table["source"][start].as_py(), table["account"][start].as_py())
        replaced = [
            hashes[number] for number in np.flatnonzero(is_duplicate[start:end]).tolist() if number >= first
        ]
        yield AccountPictures(*account, hashes, codes[start:end], originals, first), replaced


def _add(
    writer: duckdb.DuckDBPyConnection,
    name: str,
    version: _Version,
    pictures: AccountPictures,
    rows: Sequence[NearDuplicate],
) -> None:
    """Add rows of the account's pictures to a table of the writer."""
    if rows:
        columns = {
            "source": [pictures.source] * len(rows),
            "account": [pictures.account] * len(rows),
            "sha256": [row.sha256 for row in rows],
            "classifier": [version.classifier] * len(rows),
            "version": [version.version] * len(rows),
            "original": [row.original for row in rows],
            "similarity": [row.similarity for row in rows],
        }
        writer.register("new_rows", pa.Table.from_pydict(columns, schema=TABLES[NAME].schema))
        writer.execute(f"insert into {name} by name from new_rows")
        writer.unregister("new_rows")
