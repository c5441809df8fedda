"""A response of business discovery as posts and as the account's counts."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tasks.scrape.crawl.response_values import (
    Findings,
    Record,
    RequiredField,
    check_pictures,
    check_required,
    layout_changed,
)
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.pages import AccountInfo, ScrapedPost
from tasks.scrape.values.json_text import at, items
from tasks.scrape.values.text import identifier, shown

INTERFACE = "Instagram's Graph API"
KINDS = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "carousel"}
REQUIRED = (
    RequiredField("id or permalink", "id", 1),
    RequiredField("media_type", "kind", 2),
    RequiredField("timestamp", "posted_at", 2),
    RequiredField("like_count", "likes", 5),
    RequiredField("comments_count", "comments", 5),
)


@dataclass(frozen=True, slots=True)
class Media:
    """A page of media: the account's counts, the posts, and the cursor to older ones, not validated."""

    head: AccountInfo
    posts: tuple[ScrapedPost, ...]
    listed: int
    after: Any


def read_media(response: Response, document: Any, findings: Findings, *, first: bool) -> Media:
    """Read a page of an account's media. Raises `LayoutChanged` where the response is not one."""
    account = document.get("business_discovery") if isinstance(document, dict) else None
    if not isinstance(account, dict):
        raise layout_changed(response.url, INTERFACE, "there is no business_discovery")
    # Every page repeats the counts; their problems are reported once.
    record = Record(account, "the account", findings if first else Findings())
    # Archived and hidden media are counted too, so it is not a minimum number of posts.
    head = AccountInfo(
        followers=record.count("followers_count", "followers"), posts=record.count("media_count", "posts")
    )
    media = account.get("media")
    if media is None and (not first or head.posts == 0):
        return Media(head, (), 0, None)
    listed = media.get("data") if isinstance(media, dict) else None
    if not isinstance(listed, list):
        raise layout_changed(response.url, INTERFACE, "business_discovery has no list media.data")
    read = [_post(one if isinstance(one, dict) else {}, findings) for one in listed]
    posts = tuple(post for post in read if post is not None)
    check_required(response, INTERFACE, findings, len(listed), REQUIRED)
    check_pictures(response, INTERFACE, posts)
    return Media(head, posts, len(listed), at(media, "paging", "cursors", "after"))


def _post(fields: Mapping[str, Any], findings: Findings) -> ScrapedPost | None:
    post_id = identifier(fields.get("id"))
    url = Record(fields, "", findings).address("permalink")
    if post_id is None or url is None:
        missing = "id" if post_id is None else "permalink"
        findings.add("id", f"a post without {missing} was skipped ({post_id or url or 'it has neither'})")
        return None
    record = Record(fields, f"post {post_id}", findings)
    kind, pictures = _kind_and_pictures(record)
    return ScrapedPost(
        post_id=post_id,
        url=url,
        kind=kind,
        posted_at=record.time("timestamp", "posted_at"),
        caption=record.text("caption", "caption"),
        likes=record.count("like_count", "likes"),
        comments=record.count("comments_count", "comments"),
        likes_hidden=fields.get("like_count") is None,
        pictures=pictures,
    )


def _kind_and_pictures(record: Record) -> tuple[str, tuple[str, ...]]:
    """The post's kind and pictures. A carousel with only videos is a video, because it has no picture."""
    media_type = record.fields.get("media_type")
    kind = KINDS.get(media_type) if isinstance(media_type, str) else None
    if kind is None:
        record.findings.add("kind", f"{record.what}: media_type is {shown(media_type)}, which is unknown")
        kind = "carousel" if record.fields.get("children") else _guess_kind(record)
    if kind == "carousel":
        return _carousel(record)
    if kind == "video":
        return kind, ()
    return kind, _picture(record.fields, record)


def _carousel(record: Record) -> tuple[str, tuple[str, ...]]:
    listed = items(at(record.fields.get("children"), "data"))
    if not listed:
        record.findings.add(
            "pictures", f"{record.what}: the carousel's children are missing; its cover is used"
        )
        return "carousel", _picture(record.fields, record)
    children = [child if isinstance(child, dict) else {} for child in listed]
    pictured = [child for child in children if child.get("media_type") != "VIDEO"]
    pictures = tuple(address for child in pictured for address in _picture(child, record))
    return "carousel" if pictured else "video", pictures


def _picture(fields: Mapping[str, Any], record: Record) -> tuple[str, ...]:
    address = Record(fields, record.what, record.findings).address("media_url")
    if address is None:
        record.findings.add("pictures", f"{record.what}: one of its pictures has no media_url")
        return ()
    return (address,)


def _guess_kind(record: Record) -> str:
    """The kind by the file's name, where the type is missing."""
    path = urlsplit(record.address("media_url") or "").path
    return "video" if (mimetypes.guess_type(path)[0] or "").startswith("video/") else "image"
