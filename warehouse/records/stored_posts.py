"""Queries over stored posts, for a run that sees them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from warehouse.schema.tables import Gap, Post, PostPicture
from warehouse.schema.utc import as_utc, without_zone
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile

REFRESHED_POSTS = 50_000
"""Posts in one write, in the order of their ids, so that each file is rewritten once or twice."""
GONE_POSTS = 20_000
"""Posts that are marked as gone in one write."""


@dataclass(frozen=True, slots=True)
class KnownPost:
    """A stored post with its last known counts.

    A null that was stored after a count does not replace it; hidden likes do. `thread_read_at` (UTC) is the time
    when its comments, or its own page, were last read, and `thread_comments` the source's number of comments
    then. `gap`: its own page could not be read since.
    """

    post: Post
    likes: int | None
    comments: int | None
    thread_read_at: datetime | None
    thread_comments: int | None
    pictures: int
    gap: Gap | None = None


def known_posts(lake: Lake, source: str, post_ids: Sequence[str]) -> dict[str, KnownPost]:
    """The stored ones among the posts, by their id."""
    rows = lake.query(
        """with requested as (select unnest($2) as post_id),
           latest as (
               select post_id,
                      arg_max(struct_pack(likes), observed_at) filter (likes is not null or likes_hidden) as liked,
                      arg_max(comments, observed_at) as comments
               from observations semi join requested using (post_id) where source = $1 group by post_id),
           shown as (select post_id, count(*) as pictures from post_pictures
                     semi join requested using (post_id) where source = $1 group by post_id)
           select post, liked.likes, latest.comments, threads.read_at, threads.comments, coalesce(pictures, 0),
                  case when threads.read_at is null or threads.read_at < gaps.last_attempt_at then gaps end
           from (from posts semi join requested using (post_id) where source = $1) post
           left join latest using (post_id) left join shown using (post_id)
           left join threads on threads.source = $1 and threads.post_id = post.post_id
           left join gaps on gaps.source = $1 and gaps.post_id = post.post_id""",
        [source, list(post_ids)],
        _only_posts(("posts", "observations", "post_pictures", "threads", "gaps"), [source], post_ids),
    )
    return {post["post_id"]: _known_post(post, *values) for post, *values in rows}


def _only_posts(
    tables: Sequence[str], sources: Sequence[str], post_ids: Sequence[str]
) -> dict[str, Callable[[LakeFile], bool]]:
    """The choice of the files that can have rows of these posts."""
    values = {"source": sorted(sources), "post_id": sorted(post_ids)}
    return dict.fromkeys(tables, lambda file: file.may_hold(values))


def last_observed(lake: Lake, source: str, post_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of the stored ones among the posts was last observed, by its id."""
    rows = lake.query(
        """select post_id, max(observed_at) from observations
           where source = $1 and post_id in (select unnest($2)) group by post_id""",
        [source, list(post_ids)],
        _only_posts(["observations"], [source], post_ids),
    )
    return {post_id: as_utc(observed_at) for post_id, observed_at in rows}


def known_pictures(
    lake: Lake, pictures: Sequence[PostPicture]
) -> dict[tuple[str, str, int], tuple[str, str | None]]:
    """Stored address and hash of the posts' pictures, by source, post and position."""
    sources = sorted({picture.source for picture in pictures})
    posts = sorted({picture.post_id for picture in pictures})
    rows = lake.query(
        """select source, post_id, position, picture_url, sha256 from post_pictures
           where list_contains(?, source) and post_id in (select unnest(?))""",
        [sources, posts],
        _only_posts(["post_pictures"], sources, posts),
    )
    return {(source, post_id, position): (url, sha256) for source, post_id, position, url, sha256 in rows}


def count_known_posts(lake: Lake, source: str) -> int:
    """Number of stored posts of the source that are not marked as gone."""
    query = "select count(*) from posts where source = ? and gone_at is null"
    return lake.count(query, [source], _only_source(["posts"], source))


def _only_source(tables: Sequence[str], source: str) -> dict[str, Callable[[LakeFile], bool]]:
    """The choice of the files that can have rows of the source."""
    return dict.fromkeys(tables, lambda file: file.may_hold({"source": [source]}))


def refresh_last_seen(lake: Lake, source: str, since: datetime) -> int:
    """Write the time of the newest observation into posts of the source, where it is later than `last_seen_at`.

    `since` is when the reading began that observed them. Returns how many were written.
    """
    query = """
        with observed as (select post_id, max(observed_at) as newest from observations
                          where source = $1 and observed_at >= $2 group by post_id)
        select * exclude (newest) replace (newest as last_seen_at) from posts join observed using (post_id)
        where source = $1 and newest > last_seen_at order by post_id"""
    written = 0
    only = _only_source(["posts"], source)
    only["observations"] = lambda file: (
        file.may_hold({"source": [source]}) and file.may_reach("observed_at", as_utc(since))
    )
    with lake.reader(query, only) as reader:
        result = reader.execute(query, [source, without_zone(since)])
        while posts := Post.fetch(result, REFRESHED_POSTS):
            written += lake.upsert(posts, keep=["first_seen_at"])
    return written


def mark_gone(lake: Lake, source: str, account: str, since: datetime, newer_than: datetime | None) -> int:
    """Mark the account's posts that no run saw from `since` on as gone; returns how many were marked.

    `newer_than` limits this to posts that were posted later, where the source was read down to that time only.
    """
    values = [source, account, without_zone(since), None if newer_than is None else without_zone(newer_than)]
    marked, only = 0, _only_source(["posts"], source)
    query = """
        select * from posts where source = $1 and account = $2 and gone_at is null
          and last_seen_at < $3 and ($4::timestamp is null or posted_at > $4)"""
    with lake.reader(query, only) as reader:
        result = reader.execute(query, values)
        while posts := Post.fetch(result, GONE_POSTS):
            marked += lake.upsert([replace(post, gone_at=since) for post in posts])
    return marked


def _known_post(
    post: Mapping[str, Any],
    likes: int | None,
    comments: int | None,
    read_at: datetime | None,
    thread_comments: int | None,
    pictures: int,
    gap: Mapping[str, Any] | None,
) -> KnownPost:
    return KnownPost(
        post=Post.from_values(post),
        likes=likes,
        comments=comments,
        thread_read_at=None if read_at is None else as_utc(read_at),
        thread_comments=thread_comments,
        pictures=pictures,
        gap=Gap.from_values(gap) if gap is not None and gap["post_id"] is not None else None,
    )
