"""Removing an account, or an author, from everything that is known: rows, old table versions and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.authors import same_author
from warehouse.charges import forget_in_charges
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


def is_observed(home: Home, account: str, source: str | None) -> bool:
    """Whether the account's size was ever noted; an account without posts has no other rows."""
    with home.lake.reader() as reader:
        found = reader.execute(
            "select 1 from accounts where account = $1 and ($2 is null or source = $2) limit 1",
            [account, source],
        ).fetchone()
    return found is not None


def forget_account(home: Home, account: str, source: str | None) -> Removed:
    """Remove the account's posts with all that hangs on them, and pictures that no other post shows.

    What was paid for the pictures stays in `charges`, without their hashes: money is not forgotten.

    Rows in `posts` go last, so that a removal that is cut off can be done again. The caller holds the
    home folder and publishes afterwards; files of older table versions are deleted at once.
    """
    posts = account_posts(home, account, source)
    orphans, urls = _of_no_other_post(home, posts)
    for _, path in orphans:
        (home.folder / path).unlink(missing_ok=True)
    home.lake.delete("fetches", "picture_url", urls)
    for table in ("labels", "unlabelled", "pictures"):
        home.lake.delete(table, "sha256", [sha256 for sha256, _ in orphans])
    forget_in_charges(home.lake, [sha256 for sha256, _ in orphans])
    home.lake.delete("accounts", "account", [account], _only(source))
    for table in ("comments", "threads", "gaps", "observations", "post_pictures"):
        _delete_posts(home, table, posts)
    home.lake.purge([name for name in TABLES if name != "posts"])
    _delete_posts(home, "posts", posts)
    home.lake.purge(["posts"])
    return Removed(len(posts), len(orphans))


def author_values(home: Home, name: str) -> list[str]:
    """Values of `comments.author` that stand for an author: the keyed hash, and names that mean the same."""
    key = home.authors().keyed(same_author(name))
    with home.lake.reader() as reader:
        rows = reader.execute("select distinct author from comments where author is not null").fetchall()
    return [value for (value,) in rows if value == key or same_author(value) == same_author(name)]


def forget_author(home: Home, name: str) -> int:
    """Remove an author's comments, and store none of theirs again; returns how many were removed.

    The caller holds the home folder and publishes afterwards; files of older table versions are deleted.
    """
    home.authors().forget(name)
    values = author_values(home, name)
    with home.lake.reader() as reader:
        found = reader.execute(
            "select count(*) from comments where author in (select unnest($1))", [values]
        ).fetchone()
    home.lake.delete("comments", "author", values)
    home.lake.purge(["comments"])
    return int(found[0]) if found else 0


def _delete_posts(home: Home, table: str, posts: Sequence[tuple[str, str]]) -> None:
    for source in sorted({source for source, _ in posts}):
        home.lake.delete(
            table, "post_id", [post_id for one, post_id in posts if one == source], _only(source)
        )


def _only(source: str | None) -> str:
    return "true" if source is None else f"source = {quoted(source)}"


_LEFT = """
    with going as (select unnest($1) as source, unnest($2) as post_id),
    shown as (select *, regexp_extract(picture_url, '^[^?#]*') as unsigned from post_pictures),
    theirs as (from shown semi join going using (source, post_id)),
    others as (from shown anti join going using (source, post_id)),
    still_shown as (select sha256 from others
                    union all select fetches.sha256 from fetches semi join others using (picture_url)),
    orphans as (select sha256, path from pictures anti join still_shown using (sha256))
"""
"""What the posts that go show, what all others show, and the pictures that are left without a post."""


def _of_no_other_post(
    home: Home, posts: Sequence[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Hash and path of the pictures that no other post shows, and the addresses that no other post has.

    The addresses are those of these pictures, and of these posts, whether they could be fetched or not,
    and however they were signed at the time.
    """
    going = [[source for source, _ in posts], [post_id for _, post_id in posts]]
    with home.lake.reader() as reader:
        orphans = reader.execute(f"{_LEFT} select sha256, path from orphans order by all", going).fetchall()
        urls = reader.execute(
            f"""{_LEFT} select distinct picture_url from fetches
                where sha256 in (select sha256 from orphans)
                   or (picture_url in (select picture_url from theirs)
                       and picture_url not in (select picture_url from others))
                   or (regexp_extract(picture_url, '^[^?#]*') in (select unsigned from theirs)
                       and regexp_extract(picture_url, '^[^?#]*') not in (select unsigned from others))
                order by all""",
            going,
        ).fetchall()
    return orphans, [url for (url,) in urls]
