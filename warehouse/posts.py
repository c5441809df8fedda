"""Storing what a source showed: posts, their pictures' addresses, observations, comments and account sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from warehouse.known import known_pictures, known_posts
from warehouse.lake import Lake
from warehouse.tables import AccountObservation, Comment, Observation, Post, PostPicture, Thread


@dataclass(frozen=True, slots=True)
class Seen:
    """One post as a page showed it, with its counts at that time.

    `partial`: a page of its own would tell more, so what is null here may be known from before. `thread`
    is None unless its comments, or its own page, were read.
    """

    post: Post
    observation: Observation
    pictures: tuple[PostPicture, ...]
    comments: tuple[Comment, ...] = ()
    thread: Thread | None = None
    partial: bool = False


def store_seen(lake: Lake, seen: Sequence[Seen], accounts: Sequence[AccountObservation] = ()) -> int:
    """Store a batch; storing it again changes nothing. Returns how many posts the batch has.

    Observations come last: a post that has one has everything else too.
    """
    seen = _with_what_was_known(lake, seen)
    lake.upsert([one.post for one in seen], keep=["first_seen_at"])
    lake.upsert(_with_known_hashes(lake, [picture for one in seen for picture in one.pictures]))
    lake.upsert([comment for one in seen for comment in one.comments])
    lake.upsert([one.thread for one in seen if one.thread is not None])
    lake.append(accounts)
    lake.append([one.observation for one in seen])
    return len(seen)


def _with_what_was_known(lake: Lake, seen: Sequence[Seen]) -> Sequence[Seen]:
    """Posts of which only a part was read keep the rest: a list that shows less takes nothing away."""
    partial = [one for one in seen if one.partial]
    if not partial:
        return seen
    known = known_posts(lake, partial[0].post.source, [one.post.post_id for one in partial])
    return [_completed(one, known[one.post.post_id].post) if one.partial and one.post.post_id in known else one
            for one in seen]  # fmt: skip


def _completed(one: Seen, before: Post) -> Seen:
    post = one.post
    gave_several = before.kind == "carousel" and post.kind == "image"
    return replace(
        one,
        post=replace(
            post,
            kind=before.kind if gave_several else post.kind,
            posted_at=post.posted_at or before.posted_at,
            # A list often cuts a caption off; its own page has the whole one.
            caption=before.caption if before.caption is not None else post.caption,
            place=post.place or before.place,
            pinned=before.pinned if post.pinned is None else post.pinned,
        ),
        # The cover that a list shows may be another file than the carousel's first picture.
        pictures=() if gave_several else one.pictures,
    )


def _with_known_hashes(lake: Lake, pictures: Sequence[PostPicture]) -> list[PostPicture]:
    """Keep what is known of pictures whose address changed in its signature only.

    Signed addresses change every few days while the path stays; a picture at the same place in the
    same post and under the same path is the same picture, and is not fetched again.
    """
    known = known_pictures(lake, pictures)
    result = []
    for picture in pictures:
        before = known.get((picture.source, picture.post_id, picture.position))
        if before is not None and _path(before[0]) == _path(picture.picture_url):
            result.append(replace(picture, sha256=before[1]))
        else:
            result.append(picture)
    return result


def _path(url: str) -> str:
    return urlsplit(url).path
