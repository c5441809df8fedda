"""From an answer of business discovery to posts, and to the account's counts."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tasks.scrape.crawl.response_values import (
    Findings,
    Record,
    Required,
    check_pictures,
    check_required,
    identifier,
    misfit,
)
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.pages import AccountInfo, ScrapedPost

INTERFACE = "Instagram's Graph API"
KINDS = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "carousel"}
REQUIRED = (
    Required("id or permalink", "id", 1),
    Required("media_type", "kind", 2),
    Required("timestamp", "posted_at", 2),
    Required("like_count", "likes", 5),
    Required("comments_count", "comments", 5),
)


@dataclass(frozen=True, slots=True)
class Media:
    """A page of media: the account's counts, the posts, and the cursor to older ones, unchecked."""

    head: AccountInfo
    posts: tuple[ScrapedPost, ...]
    listed: int
    after: Any


def read_media(answer: Response, document: Any, findings: Findings, *, first: bool) -> Media:
    """A page of an account's media. Raises `LayoutChanged` where it is none."""
    account = document.get("business_discovery") if isinstance(document, dict) else None
    if not isinstance(account, dict):
        raise misfit(answer.url, INTERFACE, "there is no business_discovery")
    # Every page has the counts again; once told is enough.
    record = Record(account, "the account", findings if first else Findings())
    # Media that are archived or kept from us are counted too: so it is no least number of posts.
    head = AccountInfo(
        followers=record.count("followers_count", "followers"), posts=record.count("media_count", "posts")
    )
    media = account.get("media")
    if media is None and (not first or head.posts == 0):
        return Media(head, (), 0, None)
    listed = media.get("data") if isinstance(media, dict) else None
    if not isinstance(listed, list):
        raise misfit(answer.url, INTERFACE, "business_discovery has no list media.data")
    found = [_post(one if isinstance(one, dict) else {}, findings) for one in listed]
    posts = tuple(post for post in found if post is not None)
    check_required(answer, INTERFACE, findings, len(listed), REQUIRED)
    check_pictures(answer, INTERFACE, posts)
    return Media(head, posts, len(listed), _after(media))


def _after(media: Any) -> Any:
    paging = media.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) else None
    return cursors.get("after") if isinstance(cursors, dict) else None


def _post(fields: Mapping[str, Any], findings: Findings) -> ScrapedPost | None:
    post_id = identifier(fields.get("id"))
    url = Record(fields, "", findings).address("permalink")
    if post_id is None or url is None:
        lacks = "id" if post_id is None else "permalink"
        findings.add("id", f"a post without {lacks} was left out ({post_id or url or 'nothing tells which'})")
        return None
    record = Record(fields, f"post {post_id}", findings)
    kind, pictures = _shown(record)
    likes_hidden = fields.get("like_count") is None
    return ScrapedPost(
        post_id=post_id,
        url=url,
        kind=kind,
        posted_at=record.time("timestamp", "posted_at"),
        caption=record.text("caption", "caption"),
        likes=record.count("like_count", "likes"),
        comments=record.count("comments_count", "comments"),
        likes_hidden=likes_hidden,
        pictures=pictures,
    )


def _shown(record: Record) -> tuple[str, tuple[str, ...]]:
    """The post's kind and pictures. A carousel of videos alone is a video, for it has no picture."""
    media_type = record.fields.get("media_type")
    kind = KINDS.get(media_type) if isinstance(media_type, str) else None
    if kind is None:
        record.findings.add("kind", f"{record.what}: media_type is {media_type!r:.60}, which is not known")
        kind = "carousel" if record.fields.get("children") else _guessed(record)
    if kind == "carousel":
        return _carousel(record)
    if kind == "video":
        return kind, ()
    return kind, _picture(record.fields, record)


def _carousel(record: Record) -> tuple[str, tuple[str, ...]]:
    children = record.fields.get("children")
    listed = children.get("data") if isinstance(children, dict) else None
    if not isinstance(listed, list) or not listed:
        record.findings.add(
            "pictures", f"{record.what}: the carousel's children are missing; its cover is kept"
        )
        return "carousel", _picture(record.fields, record)
    pictures: list[str] = []
    videos = 0
    for child in listed:
        fields = child if isinstance(child, dict) else {}
        if fields.get("media_type") == "VIDEO":
            videos += 1
        else:
            pictures += _picture(fields, record)
    return ("video" if videos == len(listed) else "carousel"), tuple(pictures)


def _picture(fields: Mapping[str, Any], record: Record) -> tuple[str, ...]:
    address = Record(fields, record.what, record.findings).address("media_url")
    if address is None:
        record.findings.add("pictures", f"{record.what}: a picture of it has no media_url")
        return ()
    return (address,)


def _guessed(record: Record) -> str:
    """The kind by the name of the file, where the type is missing."""
    address = record.address("media_url") or ""
    return (
        "video" if (mimetypes.guess_type(urlsplit(address).path)[0] or "").startswith("video/") else "image"
    )
