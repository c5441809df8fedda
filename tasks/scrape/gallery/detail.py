"""From a post's own page to the post with all that is known of it, its comments included."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import Detail
from tasks.scrape.gallery.addresses import same_site
from tasks.scrape.gallery.extract import FIELD_KEYS, is_rounded, kind_of, least, number, told
from tasks.scrape.gallery.fields import FieldReader, as_name
from tasks.scrape.gallery.messages import misfit
from tasks.scrape.gallery.profile import DetailPlaces, Profile
from tasks.scrape.gallery.selector_types import Part
from tasks.scrape.gallery.thread import read_thread
from tasks.scrape.pages import ScrapedComment, ScrapedPost
from tasks.scrape.values.counts import Count
from warehouse.precision import is_coarser_count, is_coarser_time


def read_detail_page(
    profile: Profile, page: Part, url: str, account: str, post: ScrapedPost, *, comments: bool = True
) -> Detail:
    """The post with what its own page tells; where that tells nothing of a field, it stays as it was.

    A post that is `detailed` already was read on an earlier page of its comments. Raises `LayoutChanged`
    when the page is no post's.
    """
    reader = FieldReader(profile, url, account, page.base)
    for trouble in page.troubles:
        reader.tell(f"{url}: {trouble}")
    further = post.detailed
    if not further:
        _check_present(reader, page)
        changed = _changed(reader, page, post)
        if (
            profile.detail.present is None
            and profile.detail.tells_more
            and not changed
            and not reader.unparsed
        ):
            raise LayoutChanged(misfit(profile, url, "detail", "all of its places", told("nothing", page)))
        post = replace(post, **changed, unread=_still_unread(post, profile.detail))
    next_url = None
    if comments and profile.comments is not None:
        thread = read_thread(reader, page, post.post_id)
        fresh = _fresh(post.thread, thread)
        _tell_if_none(reader, post, thread)
        post = replace(post, thread=(*post.thread, *fresh))
        # A page without a new comment ends it: a pager may lead in a circle.
        next_url = _next_url(reader, page) if fresh else None
    return Detail(post, reader.told(), tuple(reader.unparsed), next_url)


def _check_present(reader: FieldReader, page: Part) -> None:
    place = reader.profile.detail.present
    if place is not None and not reader.is_there("detail.present", place, page):
        raise LayoutChanged(
            misfit(reader.profile, reader.url, "detail.present", place, told("nothing of a post", page))
        )


def _changed(reader: FieldReader, page: Part, post: ScrapedPost) -> dict[str, Any]:
    """The fields of the post that its own page tells."""
    places = reader.profile.detail
    is_video = post.kind == "video" or reader.is_there("detail.video", places.video, page)
    pictures = () if is_video else reader.addresses("detail.picture", places.picture, page)
    found: dict[str, Any] = {
        "posted_at": reader.read("detail.posted_at", places.posted_at, page, reader.read_date),
        "caption": reader.text("detail.caption", places.caption, page),
        "place": reader.read("detail.place", places.place, page, as_name),
    }
    for key, place in (("likes", places.likes), ("comments", places.comments)):
        count = reader.count(f"detail.{key}", place, page)
        if count is not None and not _is_coarser(post, key, count):
            found |= {key: number(count), f"{key}_rounded": is_rounded(count), f"{key}_least": least(count)}
    if found["posted_at"] and post.posted_at and is_coarser_time(found["posted_at"], post.posted_at):
        found["posted_at"] = None
    if pictures:
        found |= {"pictures": pictures, "kind": kind_of(pictures, is_video=False)}
    if is_video and post.kind != "video":
        found |= {"pictures": (), "kind": "video"}
    if reader.is_there("detail.hidden", places.hidden, page):
        found |= {"likes": None, "likes_rounded": False, "likes_hidden": True}
    elif "likes" in found:
        found["likes_hidden"] = False
    return {key: value for key, value in found.items() if value is not None or key == "likes"}


def _is_coarser(post: ScrapedPost, key: str, count: Count) -> bool:
    """Whether the list shows the same count with more digits."""
    listed: int | None = getattr(post, key)
    return listed is not None and is_rounded(count) and is_coarser_count(count.value, count.least, listed)


def _still_unread(post: ScrapedPost, places: DetailPlaces) -> tuple[str, ...]:
    """Fields that neither the list nor the post's own page has a place for."""
    return tuple(name for name in post.unread if getattr(places, FIELD_KEYS.get(name, name)) is None)


def _fresh(
    known: Collection[ScrapedComment], thread: Collection[ScrapedComment]
) -> tuple[ScrapedComment, ...]:
    """The comments that earlier pages did not show; the same page may show the same words twice."""
    seen = {_identity(comment) for comment in known}
    fresh, ids = [], set()
    for comment in thread:
        if _identity(comment) in seen or comment.comment_id in ids:
            continue
        if comment.comment_id is not None:
            ids.add(comment.comment_id)
        fresh.append(comment)
    return tuple(fresh)


def _identity(comment: ScrapedComment) -> object:
    if comment.comment_id is not None:
        return comment.comment_id
    return (comment.author, comment.text, comment.posted_at)


def _tell_if_none(reader: FieldReader, post: ScrapedPost, thread: Collection[ScrapedComment]) -> None:
    places = reader.profile.comments
    if places is not None and not (thread or post.thread) and post.comments:
        reader.tell(
            f"post {post.post_id}: comments.comment ({places.comment}) finds no comment, though it counts"
            f" {post.comments}"
        )


def _next_url(reader: FieldReader, page: Part) -> str | None:
    places = reader.profile.comments
    address = None if places is None else reader.address("comments.next", places.next, page)
    if address is None:
        return None
    link = same_site(reader.url, reader.url, address)
    if link is None:
        reader.tell(f"{reader.url}: comments.next leads away from the site ({address[:120]})")
    return None if link == reader.url else link
