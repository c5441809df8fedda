"""What is known of posts that a source shows again: asked before, while and after they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from warehouse.lake import Lake
from warehouse.tables import Gap, Post, PostPicture

GONE_POSTS = 20_000


@dataclass(frozen=True, slots=True)
class KnownPost:
    """A stored post with the last count that was seen of each kind.

    A null that was stored after a count does not replace it; hidden likes do. `thread_read_at` (UTC): when its
    comments, or its own page, were last read; the source counted `thread_comments` then. `gap`: its own page
    could not be read since.
    """

    post: Post
    likes: int | None
    comments: int | None
    thread_read_at: datetime | None
    thread_comments: int | None
    pictures: int
    gap: Gap | None = None


def known_posts(lake: Lake, source: str, post_ids: Sequence[str]) -> dict[str, KnownPost]:
    """Those of the posts that are stored, by their id."""
    columns = ", ".join(f"posts.{field.name}" for field in fields(Post))
    with lake.reader() as reader:
        found = reader.execute(
            f"""with asked as (select unnest($2) as post_id),
                mine as (from posts semi join asked using (post_id) where source = $1),
                latest as (
                    select post_id,
                           arg_max(struct_pack(likes), observed_at) filter (likes is not null or likes_hidden) as liked,
                           arg_max(comments, observed_at) as comments
                    from observations semi join asked using (post_id) where source = $1 group by post_id),
                shown as (select post_id, count(*) as pictures from post_pictures
                          semi join asked using (post_id) where source = $1 group by post_id)
                select {columns}, liked.likes, latest.comments, threads.read_at, threads.comments,
                       coalesce(pictures, 0),
                       case when threads.read_at is null or threads.read_at < gaps.last_attempt_at then gaps end
                from mine posts left join latest using (post_id) left join shown using (post_id)
                left join threads on threads.source = $1 and threads.post_id = posts.post_id
                left join gaps on gaps.source = $1 and gaps.post_id = posts.post_id""",
            [source, list(post_ids)],
        )
        rows = found.fetchall()
    width = len(fields(Post))
    return {row[1]: _known(row[:width], row[width:]) for row in rows}


def last_observed(lake: Lake, source: str, post_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of the posts that are stored was last observed, by its id."""
    with lake.reader() as reader:
        found = reader.execute(
            """select post_id, max(observed_at) from observations
               where source = $1 and post_id in (select unnest($2)) group by post_id""",
            [source, list(post_ids)],
        )
        rows = found.fetchall()
    return {post_id: _utc(observed_at) for post_id, observed_at in rows}


def known_pictures(
    lake: Lake, pictures: Sequence[PostPicture]
) -> dict[tuple[str, str, int], tuple[str, str | None]]:
    """Address and hash of the posts' pictures as they are stored, by source, post and position."""
    sources = sorted({picture.source for picture in pictures})
    posts = sorted({picture.post_id for picture in pictures})
    with lake.reader() as reader:
        rows = reader.execute(
            """select source, post_id, position, picture_url, sha256 from post_pictures
               where list_contains(?, source) and post_id in (select unnest(?))""",
            [sources, posts],
        ).fetchall()
    return {(source, post_id, position): (url, sha256) for source, post_id, position, url, sha256 in rows}


def count_known(lake: Lake, source: str) -> int:
    """How many posts of the source are stored and not marked as gone."""
    with lake.reader() as reader:
        found = reader.execute(
            "select count(*) from posts where source = ? and gone_at is null", [source]
        ).fetchone()
    return int(found[0]) if found else 0


def mark_gone(lake: Lake, source: str, account: str, since: datetime, newer_than: datetime | None) -> int:
    """Mark the account's posts that were not seen `since` then as gone; returns how many were marked.

    `newer_than`: only posts that were posted after it, for the source was read down to there alone.
    """
    columns = ", ".join(field.name for field in fields(Post))
    values = [source, account, _plain(since), None if newer_than is None else _plain(newer_than)]
    marked = 0
    with lake.reader() as reader:
        found = reader.execute(
            f"""select {columns} from posts where source = $1 and account = $2 and gone_at is null
                and last_seen_at < $3 and ($4::timestamp is null or posted_at > $4)""",
            values,
        )
        while rows := found.fetchmany(GONE_POSTS):
            marked += lake.upsert([replace(_post(row), gone_at=since) for row in rows])
    return marked


def _known(post: Sequence[Any], more: Sequence[Any]) -> KnownPost:
    likes, comments, read_at, counted, pictures, gap = more
    is_gap = gap is not None and gap["post_id"] is not None
    return KnownPost(
        post=_post(post),
        likes=likes,
        comments=comments,
        thread_read_at=_utc(read_at),
        thread_comments=counted,
        pictures=pictures,
        gap=Gap(**{name: _utc(value) for name, value in gap.items()}) if is_gap else None,
    )


def _post(row: Sequence[Any]) -> Post:
    return Post(**{field.name: _utc(value) for field, value in zip(fields(Post), row, strict=True)})


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _plain(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None)
