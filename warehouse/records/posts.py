"""Storing scraped posts: their rows, picture addresses, observations and comments, and account sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from warehouse.records.precision import is_coarser_count, is_coarser_time
from warehouse.records.stored_posts import KnownPost, known_pictures, known_posts, last_observed
from warehouse.schema.tables import AccountObservation, Comment, Observation, Post, PostPicture, Thread
from warehouse.storage.lake import Lake


@dataclass(frozen=True, slots=True)
class ScrapedRows:
    """One post as a page showed it, with its counts at that time.

    `partial`: the post's own page may have more, so a null here does not replace a stored value. `unread` names
    the fields that were not read; their nulls replace nothing. `likes_least` and `comments_least` are the smallest
    counts that the source shows as these rounded ones. `thread` is None unless its comments or its own page were
    read.
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


def store_scraped(
    lake: Lake, seen: Sequence[ScrapedRows], accounts: Sequence[AccountObservation] = ()
) -> int:
    """Store a batch; storing it again changes nothing. Returns the number of posts in the batch.

    Observations come last, so a post with an observation has everything else too. Files may have older
    observations after newer ones; the row and pictures of a post come from its newest observation.
    """
    seen = sorted(_with_stored_values(lake, seen), key=lambda one: one.observation.observed_at, reverse=True)
    newest = _newest(lake, seen)
    observed = [one.post for one in newest if _is_observed(one)]
    # A new time alone would rewrite a file with each batch; `refresh_last_seen` writes it at the end of a reading.
    lake.upsert(observed, keep=["first_seen_at"], never_alone=["last_seen_at"])
    lake.upsert([one.post for one in newest if not _is_observed(one)], keep=["first_seen_at"])
    lake.upsert(_with_known_hashes(lake, [picture for one in newest for picture in one.pictures]))
    lake.upsert([comment for one in seen for comment in one.comments])
    lake.upsert([one.thread for one in seen if one.thread is not None])
    lake.append(accounts)
    lake.append([one.observation for one in seen if has_count(one.observation)])
    return len(seen)


def _is_observed(one: ScrapedRows) -> bool:
    """Whether an observation says when the post was seen, as well as its row."""
    return has_count(one.observation) and one.observation.observed_at == one.post.last_seen_at


def has_count(observation: Observation) -> bool:
    """Whether an observation has information: a count, or that the likes are hidden."""
    return observation.likes is not None or observation.comments is not None or observation.likes_hidden


def _with_stored_values(lake: Lake, seen: Sequence[ScrapedRows]) -> Sequence[ScrapedRows]:
    """The posts with stored values where the page has none, or the same with fewer digits."""
    if not seen:
        return seen
    known = known_posts(lake, seen[0].post.source, [one.post.post_id for one in seen])
    return [
        _with_stored_post(one, before) if (before := known.get(one.post.post_id)) is not None else one
        for one in seen
    ]


def _with_stored_post(one: ScrapedRows, before: KnownPost) -> ScrapedRows:
    post, was = one.post, before.post
    # A list that shows only the cover of a carousel or a video reports an image.
    is_cover = one.partial and post.kind == "image" and was.kind != "image"
    unread = {*one.unread, *(("caption", "place") if one.partial else ())}
    return replace(
        one,
        post=replace(
            post,
            kind=was.kind if is_cover else post.kind,
            posted_at=_finer_time(post.posted_at, was.posted_at),
            caption=_caption(one, was),
            place=was.place if post.place is None and "place" in unread else post.place,
            pinned=was.pinned if post.pinned is None else post.pinned,
        ),
        observation=_with_known_counts(one, before),
        # The cover in a list may be another file than the carousel's first picture, or a small copy.
        pictures=() if is_cover or ("pictures" in one.unread and before.pictures) else one.pictures,
    )


def _caption(one: ScrapedRows, was: Post) -> str | None:
    """The caption: a list often truncates it, so the stored one stays."""
    if was.caption is not None and (one.partial or (one.post.caption is None and "caption" in one.unread)):
        return was.caption
    return one.post.caption


def _finer_time(now: datetime | None, before: datetime | None) -> datetime | None:
    """The post's time: the stored one stays if the page has none, or the same without its time of day."""
    if now is None or (before is not None and is_coarser_time(now, before)):
        return before
    return now


def _with_known_counts(one: ScrapedRows, before: KnownPost) -> Observation:
    """The observation, with the stored count where the source shows the same count rounded.

    It stays marked as rounded, because the source did not show all digits this time. If a count was not read and
    the other did not change, the page has nothing new, and the observation becomes empty.
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
    """Each post once, from its newest observation; if the stored observation is newer, the stored row stays."""
    posts: dict[str, ScrapedRows] = {}
    for one in seen:
        posts[one.post.post_id] = _merged(posts.get(one.post.post_id, one), one)
    observed = last_observed(lake, seen[0].post.source, list(posts)) if posts else {}
    older = [
        key for key, one in posts.items() if key in observed and one.observation.observed_at < observed[key]
    ]
    known = known_posts(lake, seen[0].post.source, older) if older else {}
    return [_with_stored_row(one, known[key].post) if key in known else one for key, one in posts.items()]


def _merged(newer: ScrapedRows, older: ScrapedRows) -> ScrapedRows:
    first = min(newer.post.first_seen_at, older.post.first_seen_at)
    last = max(newer.post.last_seen_at, older.post.last_seen_at)
    return replace(newer, post=replace(newer.post, first_seen_at=first, last_seen_at=last))


def _with_stored_row(older: ScrapedRows, known: Post) -> ScrapedRows:
    last = max(known.last_seen_at, older.post.last_seen_at)
    return replace(older, post=replace(known, last_seen_at=last, gone_at=None), pictures=())


def _with_known_hashes(lake: Lake, pictures: Sequence[PostPicture]) -> list[PostPicture]:
    """The pictures with the stored hashes of those whose address changed only in its signature.

    Signed addresses change every few days while the path stays. A picture at the same position of the same post
    and with the same path is the same picture, and is not fetched again. A local file is the same only if its
    complete address is, which has the file's time and size; if the file was deleted after it was stored and the
    post now has a web address in its place, the picture is the same too.
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
