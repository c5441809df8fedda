"""Storing what a source showed: posts, their pictures' addresses, observations, comments and account sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from warehouse.known import known_pictures, known_posts, last_observed
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

    Observations come last: a post that has one has everything else too. Files may bring older observations
    after newer ones: a post's row and pictures are those of its newest.
    """
    seen = sorted(_with_what_was_known(lake, seen), key=lambda one: one.observation.observed_at, reverse=True)
    newest = _newest(lake, seen)
    lake.upsert([one.post for one in newest], keep=["first_seen_at"])
    lake.upsert(_with_known_hashes(lake, [picture for one in newest for picture in one.pictures]))
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


def _newest(lake: Lake, seen: Sequence[Seen]) -> list[Seen]:
    """Each post once, of several the newest; one that is known from a newer observation stays as it is."""
    posts: dict[str, Seen] = {}
    for one in seen:
        posts[one.post.post_id] = _merged(posts.get(one.post.post_id, one), one)
    observed = last_observed(lake, seen[0].post.source, list(posts)) if posts else {}
    older = [
        key for key, one in posts.items() if key in observed and one.observation.observed_at < observed[key]
    ]
    known = known_posts(lake, seen[0].post.source, older) if older else {}
    return [_kept(one, known[key].post) if key in known else one for key, one in posts.items()]


def _merged(newer: Seen, older: Seen) -> Seen:
    first = min(newer.post.first_seen_at, older.post.first_seen_at)
    last = max(newer.post.last_seen_at, older.post.last_seen_at)
    return replace(newer, post=replace(newer.post, first_seen_at=first, last_seen_at=last))


def _kept(older: Seen, known: Post) -> Seen:
    last = max(known.last_seen_at, older.post.last_seen_at)
    return replace(older, post=replace(known, last_seen_at=last, gone_at=None), pictures=())


def _with_known_hashes(lake: Lake, pictures: Sequence[PostPicture]) -> list[PostPicture]:
    """Keep what is known of pictures whose address changed in its signature only.

    Signed addresses change every few days while the path stays; a picture at the same place in the
    same post and under the same path is the same picture, and is not fetched again. A file on this machine
    is the same while its whole address is (it tells the file's time and size), and when it was deleted after
    it was taken in place of the address that is left.
    """
    known = known_pictures(lake, pictures)
    result = []
    for picture in pictures:
        before = known.get((picture.source, picture.post_id, picture.position))
        if before is not None and _is_same(before[0], picture.picture_url):
            result.append(replace(picture, sha256=before[1]))
        else:
            result.append(picture)
    return result


def _is_same(before: str, now: str) -> bool:
    was, is_now = urlsplit(before), urlsplit(now)
    if "file" in (was.scheme, is_now.scheme):
        return before == now or is_now.scheme != "file"
    return was.path == is_now.path
