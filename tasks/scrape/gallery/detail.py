"""Read a post page: more fields of the post, and its comments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from tasks.scrape.crawl.site_adapter import Detail
from tasks.scrape.gallery.addresses import same_site
from tasks.scrape.gallery.extract import with_troubles
from tasks.scrape.gallery.fields import FieldReader, count_fields
from tasks.scrape.gallery.posts import PROFILE_KEYS, kind_of
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import Part
from tasks.scrape.gallery.thread import read_thread
from tasks.scrape.pages import ScrapedComment, ScrapedPost
from tasks.scrape.values.counts import Count
from warehouse.records.precision import is_coarser_count, is_coarser_time


def read_detail_page(
    profile: Profile, page: Part, url: str, account: str, post: ScrapedPost, *, comments: bool = True
) -> Detail:
    """Return the post with the fields of its page; a field that is not on the page stays as it was.

    If the post is `detailed`, the page is a further page of its comments. Raises `LayoutChanged` if the page is
    not a post page.
    """
    reader = FieldReader(profile, page, url, account)
    if not post.detailed:
        if profile.detail.present is not None and not reader.matches("detail.present", page):
            raise profile.layout_changed(url, "detail.present", with_troubles("nothing of a post", page))
        changed = _changed_fields(reader, page, post)
        may_change = profile.detail.present is None and profile.detail.has_fields
        if may_change and not changed and not reader.unparsed:
            result = with_troubles("nothing", page)
            raise profile.layout_changed(url, "detail", result, selector="all of its selectors")
        post = replace(post, **changed, unread=_still_unread(post, profile))
    next_url = None
    if comments and profile.comments is not None:
        thread = read_thread(reader, page, post.post_id)
        new = _new_comments(post.thread, thread)
        if post.comments and not (thread or post.thread):
            reader.report(
                f"post {post.post_id}: comments.comment ({profile.comments.comment}) finds no comment, but the"
                f" post counts {post.comments}"
            )
        post = replace(post, thread=(*post.thread, *new))
        # A page without a new comment is the last: a pager may lead in a circle.
        next_url = _next_url(reader, page) if new else None
    return Detail(post, reader.problems, tuple(reader.unparsed), next_url)


def _changed_fields(reader: FieldReader, page: Part, post: ScrapedPost) -> dict[str, Any]:
    """The fields of the post that its page has."""
    is_video = post.kind == "video" or reader.matches("detail.video", page)
    pictures = () if is_video else reader.addresses("detail.picture", page)
    found: dict[str, Any] = {
        "posted_at": reader.date("detail.posted_at", page),
        "caption": reader.text("detail.caption", page),
        "place": reader.name("detail.place", page),
    }
    for field in ("likes", "comments"):
        count = reader.count(f"detail.{field}", page)
        if count is not None and not _is_coarser(post, field, count):
            found |= count_fields(field, count)
    if found["posted_at"] and post.posted_at and is_coarser_time(found["posted_at"], post.posted_at):
        found["posted_at"] = None
    if pictures:
        found |= {"pictures": pictures, "kind": kind_of(pictures, is_video=False)}
    if is_video and post.kind != "video":
        found |= {"pictures": (), "kind": "video"}
    if reader.matches("detail.hidden", page):
        found |= {"likes": None, "likes_rounded": False, "likes_hidden": True}
    elif "likes" in found:
        found["likes_hidden"] = False
    return {field: value for field, value in found.items() if value is not None or field == "likes"}


def _is_coarser(post: ScrapedPost, field: str, count: Count) -> bool:
    """Whether the list shows the same count with more digits."""
    listed: int | None = getattr(post, field)
    return listed is not None and count.rounded and is_coarser_count(count.value, count.least, listed)


def _still_unread(post: ScrapedPost, profile: Profile) -> tuple[str, ...]:
    """Fields for which neither the list nor the post page has a selector."""
    return tuple(
        field for field in post.unread if getattr(profile.detail, PROFILE_KEYS.get(field, field)) is None
    )


def _new_comments(
    known: Collection[ScrapedComment], thread: Collection[ScrapedComment]
) -> tuple[ScrapedComment, ...]:
    """The comments that earlier pages did not show. A page may show the same words twice, but not the same id."""
    seen = {_identity(comment) for comment in known}
    new, ids = [], set()
    for comment in thread:
        if _identity(comment) in seen or comment.comment_id in ids:
            continue
        if comment.comment_id is not None:
            ids.add(comment.comment_id)
        new.append(comment)
    return tuple(new)


def _identity(comment: ScrapedComment) -> object:
    if comment.comment_id is not None:
        return comment.comment_id
    return (comment.author, comment.text, comment.posted_at)


def _next_url(reader: FieldReader, page: Part) -> str | None:
    address = reader.address("comments.next", page)
    if address is None:
        return None
    link = same_site(reader.url, reader.url, address)
    if link is None:
        reader.report(f"{reader.url}: comments.next leads away from the site ({address[:120]})")
    return None if link == reader.url else link
