"""Removing an account from everything that is known: rows, old table versions and picture files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.home import Home
from warehouse.reading import quoted
from warehouse.tables import TABLES


@dataclass(frozen=True, slots=True)
class Removed:
    """How much was removed."""

    posts: int
    pictures: int


def account_posts(home: Home, account: str, source: str | None) -> list[tuple[str, str]]:
    """Source and id of the account's stored posts."""
    with home.lake.reader() as reader:
        rows = reader.execute(
            "select source, post_id from posts where account = $1 and ($2 is null or source = $2) order by all",
            [account, source],
        ).fetchall()
    return [(str(source), str(post_id)) for source, post_id in rows]


def forget_account(home: Home, account: str, source: str | None) -> Removed:
    """Remove the account's posts with all that hangs on them, and pictures that no other post shows.

    Rows in `posts` go last, so that a removal that is cut off can be done again. The caller holds the
    home folder and publishes afterwards; files of older table versions are deleted at once.
    """
    posts = account_posts(home, account, source)
    orphans = _pictures_of_only(home, posts)
    hashes = [sha256 for sha256, _, _ in orphans]
    for _, path, _ in orphans:
        (home.folder / path).unlink(missing_ok=True)
    home.lake.delete("fetches", "picture_url", [url for _, _, urls in orphans for url in urls])
    for table in ("labels", "unlabelled", "pictures"):
        home.lake.delete(table, "sha256", hashes)
    for one_source in sorted({one for one, _ in posts}):
        ids = [post_id for one, post_id in posts if one == one_source]
        only = f"source = {quoted(one_source)}"
        for table in ("comments", "observations", "post_pictures"):
            home.lake.delete(table, "post_id", ids, only)
        home.lake.delete("accounts", "account", [account], only)
        home.lake.delete("posts", "post_id", ids, only)
    home.lake.purge(list(TABLES))
    return Removed(len(posts), len(orphans))


def _pictures_of_only(home: Home, posts: Sequence[tuple[str, str]]) -> list[tuple[str, str, list[str]]]:
    """Hash, path and addresses of the pictures that only these posts show."""
    with home.lake.reader() as reader:
        return reader.execute(
            """with going as (select unnest($1) as source, unnest($2) as post_id),
               shown as (select sha256, bool_and(going.post_id is not null) as only_here
                         from post_pictures left join going using (source, post_id)
                         where sha256 is not null group by sha256)
               select sha256, path, coalesce((select list(distinct picture_url) from fetches
                                              where fetches.sha256 = pictures.sha256), []) as urls
               from pictures join shown using (sha256) where only_here""",
            [[source for source, _ in posts], [post_id for _, post_id in posts]],
        ).fetchall()
