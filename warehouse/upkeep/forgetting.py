"""Removing an account or an author from all rows, old table versions and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.authors import normalise_author
from warehouse.home import Home
from warehouse.records.charges import forget_in_charges
from warehouse.records.runs import forget_in_runs, runs_elsewhere
from warehouse.schema.derived_tables import ComparedPosts, LabelLift
from warehouse.schema.sql_types import quote
from warehouse.schema.tables import TABLES
from warehouse.upkeep.picture_files import remove_leftovers

_DERIVED = ("latest_observations", "post_counts", "post_labels")


@dataclass(frozen=True, slots=True)
class Removal:
    """Number of removed posts and pictures."""

    posts: int
    pictures: int


def account_posts(home: Home, account: str, source: str | None) -> list[tuple[str, str]]:
    """Source and id of the account's stored posts."""
    rows = home.lake.query(
        "select source, post_id from posts where account = $1 and ($2 is null or source = $2) order by all",
        [account, source],
    )
    return [(str(source), str(post_id)) for source, post_id in rows]


def is_observed(home: Home, account: str, source: str | None) -> bool:
    """Whether the account's size was ever observed; an account without posts has no other rows."""
    query = "select 1 from accounts where account = $1 and ($2 is null or source = $2) limit 1"
    return bool(home.lake.query(query, [account, source]))


def forget_account(home: Home, account: str, source: str | None) -> Removal:
    """Remove the account's posts, all rows that belong to them, and pictures that no other post shows.

    The pictures' rows in `charges` stay without their hashes, because costs are not forgotten.

    Rows in `posts` are deleted last, so that an interrupted removal can be repeated. The caller holds the lock of the
    home folder and publishes afterwards. Files of older table versions are deleted at once.
    """
    posts = account_posts(home, account, source)
    orphans, urls = _orphans(home, posts)
    home.picture_files.delete(path for _, path in orphans)
    hashes = [sha256 for sha256, _ in orphans]
    forget_in_runs(home.lake, account, [*(post_id for _, post_id in posts), *hashes])
    home.lake.delete("fetches", "picture_url", urls)
    # Before the pictures: after a kill no row names a picture that is not stored, which would stop each publish.
    _delete_posts(home, "post_pictures", posts)
    for table in ("labels", "unlabelled", "embedding_codes", "embeddings", "captions", "pictures"):
        home.lake.delete(table, "sha256", hashes)
    forget_in_charges(home.lake, hashes)
    for table in ("accounts", "near_duplicates", "forecasts", "label_sums"):
        home.lake.delete(table, "account", [account], _only(source))
    _forget_topics(home, "post_id", posts)
    for table in (
        "comment_topics",
        "comment_readings",
        "comments",
        "threads",
        "gaps",
        "observations",
        *_DERIVED,
    ):
        _delete_posts(home, table, posts)
    # The next publish computes the lifts of the labels that remain.
    home.lake.replace(ComparedPosts, [])
    home.lake.replace(LabelLift, [])
    home.lake.purge([name for name in TABLES if name != "posts"])
    # A killed run may have left files of their pictures that no row names.
    own = home.own_runs()
    remove_leftovers(home, shared=own is not None and bool(runs_elsewhere(home.lake, own)))
    _delete_posts(home, "posts", posts)
    home.lake.purge(["posts"])
    return Removal(len(posts), len(orphans))


def author_values(home: Home, name: str) -> list[str]:
    """Values of `comments.author` for an author: the keyed hash, and all spellings of the name."""
    key = home.authors().keyed(normalise_author(name))
    rows = home.lake.query("select distinct author from comments where author is not null")
    return [value for (value,) in rows if value == key or normalise_author(value) == normalise_author(name)]


def forget_author(home: Home, name: str) -> int:
    """Remove an author's comments, and never store new ones; returns the number of removed comments.

    The caller holds the lock of the home folder and publishes afterwards. Files of older table versions are deleted.
    """
    home.authors().forget(name)
    values = author_values(home, name)
    key = home.authors().keyed(normalise_author(name))
    theirs = "select source, comment_id from comments where author in (select unnest($1))"
    removed = home.lake.count(f"select count(*) from ({theirs})", [values])
    # Readings of comments that mention the author are made again, without the mention.
    outdated = home.lake.query(
        f"""{theirs} union select source, comment_id from comment_readings where list_contains(mentions, $2)""",
        [values, key],
    )
    _forget_topics(home, "comment_id", outdated, normalise_author(name))
    for source in sorted({source for source, _ in outdated}):
        ids = [comment_id for one, comment_id in outdated if one == source]
        for table in ("comment_topics", "comment_readings"):
            home.lake.delete(table, "comment_id", ids, _only(source))
    home.lake.delete("comments", "author", values)
    home.lake.purge(["comments", "comment_readings", "comment_topics", "topics"])
    return removed


def _forget_topics(home: Home, column: str, values: Sequence[tuple[str, str]], name: str = "") -> None:
    """Remove the topics of the languages of these comments, and topics named by an author; the next run finds them again.

    Topics get their ids again by the comments that remain.
    """
    rows = home.lake.query(
        f"""select distinct language from comment_topics semi join
              (select unnest($1) as source, unnest($2) as {column}) using (source, {column})
            union select language from topics where list_contains(words, $3)""",
        [[source for source, _ in values], [value for _, value in values], name],
    )
    languages = [str(language) for (language,) in rows]
    for language in languages:
        file = home.topics / f"{language}.safetensors"
        # A killed run may have left a part of it beside it.
        for one in (file, *home.topics.glob(f".{file.name}-*")):
            one.unlink(missing_ok=True)
    home.share_state()
    home.lake.delete("topics", "language", languages)


def _delete_posts(home: Home, table: str, posts: Sequence[tuple[str, str]]) -> None:
    for source in sorted({source for source, _ in posts}):
        home.lake.delete(
            table, "post_id", [post_id for one, post_id in posts if one == source], _only(source)
        )


def _only(source: str | None) -> str:
    return "true" if source is None else f"source = {quote(source)}"


_ORPHANS = """
    with removed as (select unnest($1) as source, unnest($2) as post_id),
    shown as (select *, regexp_extract(picture_url, '^[^?#]*') as unsigned from post_pictures),
    theirs as (from shown semi join removed using (source, post_id)),
    others as (from shown anti join removed using (source, post_id)),
    still_shown as (select sha256 from others
                    union all select fetches.sha256 from fetches semi join others using (picture_url)),
    orphans as (select sha256, path from pictures anti join still_shown using (sha256))
"""
"""The pictures of the removed posts, those of all other posts, and the pictures without a remaining post."""


def _orphans(home: Home, posts: Sequence[tuple[str, str]]) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Hash and path of the pictures that no other post shows, and the addresses that no other post has.

    The addresses are those of these pictures and of these posts, fetched or not, with any signature.
    """
    removed = [[source for source, _ in posts], [post_id for _, post_id in posts]]
    orphans = home.lake.query(f"{_ORPHANS} select sha256, path from orphans order by all", removed)
    urls = home.lake.query(
        f"""{_ORPHANS} select distinct picture_url from fetches
            where sha256 in (select sha256 from orphans)
               or (picture_url in (select picture_url from theirs)
                   and picture_url not in (select picture_url from others))
               or (regexp_extract(picture_url, '^[^?#]*') in (select unsigned from theirs)
                   and regexp_extract(picture_url, '^[^?#]*') not in (select unsigned from others))
            order by all""",
        removed,
    )
    return orphans, [url for (url,) in urls]
