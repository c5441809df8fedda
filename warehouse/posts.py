"""Storing what a source showed: posts, their pictures' addresses, observations, comments and account sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from warehouse.lake import Lake
from warehouse.precision import is_coarser_count, is_coarser_time
from warehouse.stored_posts import KnownPost, known_pictures, known_posts, last_observed
from warehouse.tables import AccountObservation, Comment, Observation, Post, PostPicture, Thread


@dataclass(frozen=True, slots=True)
class ScrapedRows:
    """One post as a page showed it, with its counts at that time.

    `partial`: a page of its own would tell more, so what is null here may be known from before. `unread` names
    the fields that were not looked at, so that their null replaces nothing. `likes_least` and `comments_least` are the smallest counts that the source
    shows as the rounded ones. `thread` is None unless its comments, or its own page, were read.
    """

    post: Post
    observation: Observation
    pictures: tuple[PostPicture, ...]
    comments: tuple[Comment, ...] = ()
    thread: Thread | None = None
    partial: bool = False
    unread: tuple[str, ...] = ()
    likes_least: int | None = None
    comments_least: int | None = None


def store_seen(lake: Lake, seen: Sequence[ScrapedRows], accounts: Sequence[AccountObservation] = ()) -> int:
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
    lake.append([one.observation for one in seen if has_count(one.observation)])
    return len(seen)


def has_count(observation: Observation) -> bool:
    """Whether an observation says anything: a count, or that the likes are hidden."""
    return observation.likes is not None or observation.comments is not None or observation.likes_hidden


def _with_what_was_known(lake: Lake, seen: Sequence[ScrapedRows]) -> Sequence[ScrapedRows]:
    """Posts with what is known of them where this reading says less: nothing, or the same with fewer digits."""
    if not seen:
        return seen
    known = known_posts(lake, seen[0].post.source, [one.post.post_id for one in seen])
    return [
        _completed(one, before) if (before := known.get(one.post.post_id)) is not None else one
        for one in seen
    ]


def _completed(one: ScrapedRows, before: KnownPost) -> ScrapedRows:
    post, was = one.post, before.post
    # A list that shows a carousel's or a video's cover alone takes it for an image.
    gave_more = one.partial and post.kind == "image" and was.kind != "image"
    unread = {*one.unread, *(("caption", "place") if one.partial else ())}
    return replace(
        one,
        post=replace(
            post,
            kind=was.kind if gave_more else post.kind,
            posted_at=_finer_time(post.posted_at, was.posted_at),
            caption=_caption(one, was),
            place=was.place if post.place is None and "place" in unread else post.place,
            pinned=was.pinned if post.pinned is None else post.pinned,
        ),
        observation=_with_known_counts(one, before),
        # The cover that a list shows may be another file than the carousel's first picture, or a small copy.
        pictures=() if gave_more or ("pictures" in one.unread and before.pictures) else one.pictures,
    )


def _caption(one: ScrapedRows, was: Post) -> str | None:
    """A list often cuts a caption off, and its own page has all of it."""
    if was.caption is not None and (one.partial or (one.post.caption is None and "caption" in one.unread)):
        return was.caption
    return one.post.caption


def _finer_time(now: datetime | None, before: datetime | None) -> datetime | None:
    """A post's time: one that is known stays where this reading has none, or the same without its time of day."""
    if now is None or (before is not None and is_coarser_time(now, before)):
        return before
    return now


def _with_known_counts(one: ScrapedRows, before: KnownPost) -> Observation:
    """The observation, with the known count where the source shows the same one rounded.

    It stays marked as rounded: the source did not show all digits this time. Where a count was not looked at and
    the others did not change, the reading says nothing new, and its observation is emptied.
    """
    seen = one.observation
    likes = _finer_count(seen.likes, seen.likes_rounded, one.likes_least, before.likes)
    comments = _finer_count(seen.comments, seen.comments_rounded, one.comments_least, before.comments)
    skips_likes = "likes" in one.unread and before.likes is not None
    skips_comments = "comments" in one.unread and before.comments is not None
    if (skips_likes and comments in (None, before.comments)) or (
        skips_comments and likes in (None, before.likes) and not seen.likes_hidden
    ):
        likes = comments = None
    return replace(seen, likes=likes, comments=comments)


def _finer_count(now: int | None, rounded: bool | None, least: int | None, before: int | None) -> int | None:
    if now is not None and rounded and before is not None and is_coarser_count(now, least, before):
        return before
    return now


def _newest(lake: Lake, seen: Sequence[ScrapedRows]) -> list[ScrapedRows]:
    """Each post once, of several the newest; one that is known from a newer observation stays as it is."""
    posts: dict[str, ScrapedRows] = {}
    for one in seen:
        posts[one.post.post_id] = _merged(posts.get(one.post.post_id, one), one)
    observed = last_observed(lake, seen[0].post.source, list(posts)) if posts else {}
    older = [
        key for key, one in posts.items() if key in observed and one.observation.observed_at < observed[key]
    ]
    known = known_posts(lake, seen[0].post.source, older) if older else {}
    return [_kept(one, known[key].post) if key in known else one for key, one in posts.items()]


def _merged(newer: ScrapedRows, older: ScrapedRows) -> ScrapedRows:
    first = min(newer.post.first_seen_at, older.post.first_seen_at)
    last = max(newer.post.last_seen_at, older.post.last_seen_at)
    return replace(newer, post=replace(newer.post, first_seen_at=first, last_seen_at=last))


def _kept(older: ScrapedRows, known: Post) -> ScrapedRows:
    last = max(known.last_seen_at, older.post.last_seen_at)
    return replace(older, post=replace(known, last_seen_at=last, gone_at=None), pictures=())


def _with_known_hashes(lake: Lake, pictures: Sequence[PostPicture]) -> list[PostPicture]:
    """Keep what is known of pictures whose address changed in its signature only.

    SignedRequest addresses change every few days while the path stays; a picture at the same place in the
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
