"""A page of an account's statuses as posts, and the account's own response as counts.

Only statuses with media of their own are posts. Boosts and replies to others are skipped, though a server should
not list them when the request excludes them.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tasks.errors import AccountNotFound
from tasks.scrape.crawl.response_values import (
    Findings,
    Record,
    RequiredField,
    check_pictures,
    check_required,
    layout_changed,
    read_json_response,
)
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.mastodon.text import plain_text
from tasks.scrape.mastodon.thread import INTERFACE
from tasks.scrape.pages import AccountInfo, ScrapedPost
from tasks.scrape.values.json_text import at
from tasks.scrape.values.text import identifier, quote, shown

VIDEOS = frozenset({"video", "gifv", "audio"})
REQUIRED = (
    # Posts without media are skipped like those without an id, so they are checked first.
    RequiredField("media_attachments", "media", 1),
    RequiredField("id or url", "id", 1),
    RequiredField("created_at", "posted_at", 2),
    RequiredField("favourites_count", "likes", 5),
    RequiredField("replies_count", "comments", 5),
)


@dataclass(frozen=True, slots=True)
class Statuses:
    """The contents of a page of statuses: `ids` of all of them, `posts`, and the account's name if present."""

    ids: tuple[str, ...]
    posts: tuple[ScrapedPost, ...]
    account: str | None


def read_account(response: Response) -> tuple[str, AccountInfo, Findings]:
    """The account's id and counts. Raises `AccountNotFound` for a suspended one, or `LayoutChanged`."""
    fields = read_json_response(response, INTERFACE)
    if not isinstance(fields, dict) or (account_id := identifier(fields.get("id"))) is None:
        message = quote(fields.get("error")) if isinstance(fields, dict) else ""
        what = "the account has no id" + (f"; the server reports {message!r}" if message else "")
        raise layout_changed(response.url, INTERFACE, what)
    if fields.get("suspended") is True:
        raise AccountNotFound(f"The account at {response.url} is suspended by its server. Remove the source.")
    findings = Findings()
    record = Record(fields, "the account", findings)
    head = AccountInfo(
        followers=record.count("followers_count", "followers"),
        following=record.count("following_count", "following"),
        # Counts all statuses, not only those with pictures, so it is not a minimum number of posts.
        posts=record.count("statuses_count", "posts"),
        locked=fields.get("locked") is True,
    )
    return account_id, head, findings


def read_statuses(response: Response, findings: Findings, account_id: str = "") -> Statuses:
    """Read the posts on a page of statuses. Raises `LayoutChanged` where it is not one, or is another account's."""
    listed = read_json_response(response, INTERFACE)
    if not isinstance(listed, list):
        message = quote(listed.get("error")) if isinstance(listed, dict) else ""
        what = "there is no list of statuses" + (f"; the server reports {message!r}" if message else "")
        raise layout_changed(response.url, INTERFACE, what)
    statuses = [one if isinstance(one, dict) else {} for one in listed]
    ids = (identifier(status.get("id")) for status in statuses)
    by_account = [status for status in statuses if not _is_by_another(status, account_id)]
    own = [status for status in by_account if not _is_of_others(status)]
    if len(by_account) < len(statuses) and not own:
        what = f"it lists the posts of another account, not of the one with the id {account_id}"
        raise layout_changed(response.url, INTERFACE, what)
    posts = [post for status in own if (post := _post(status, findings)) is not None]
    check_required(response, INTERFACE, findings, len(own), REQUIRED)
    check_pictures(response, INTERFACE, posts)
    return Statuses(tuple(one for one in ids if one is not None), tuple(posts), _account(own))


def _account(own: Sequence[dict[str, Any]]) -> str | None:
    names = (identifier(at(status, "account", "acct")) for status in own)
    return next((name for name in names if name), None)


def _is_by_another(status: dict[str, Any], account_id: str) -> bool:
    """Whether a status names another account as its author, and is not a boost."""
    author = identifier(at(status, "account", "id"))
    return status.get("reblog") is None and bool(account_id) and author not in (None, account_id)


def _is_of_others(status: dict[str, Any]) -> bool:
    """Whether it is a boost, or a reply to someone else."""
    if status.get("reblog") is not None:
        return True
    own = identifier(at(status, "account", "id"))
    replied_to = identifier(status.get("in_reply_to_account_id"))
    return replied_to is not None and own is not None and replied_to != own


def _post(status: Mapping[str, Any], findings: Findings) -> ScrapedPost | None:
    post_id = identifier(status.get("id"))
    url = Record(status, "", findings).address("url", "uri")
    if post_id is None or url is None:
        missing = "id" if post_id is None else "url"
        findings.add("id", f"a post without {missing} was skipped ({post_id or url or 'it has neither'})")
        return None
    record = Record(status, f"post {post_id}", findings)
    attached = status.get("media_attachments")
    if not isinstance(attached, list):
        findings.add("media", f"post {post_id}: media_attachments is not a list, so the post was skipped")
        findings.unparsed.append("id")  # a post that was skipped for this is not gone
        return None
    if not attached:
        return None
    pictures, videos = _media(record.what, attached, findings)
    kind = "video" if videos and videos == len(attached) else "carousel" if len(attached) > 1 else "image"
    pinned = status.get("pinned")
    return ScrapedPost(
        post_id=post_id,
        url=url,
        kind=kind,
        posted_at=record.time("created_at", "posted_at"),
        caption=_caption(record),
        pinned=pinned if isinstance(pinned, bool) else None,
        likes=record.count("favourites_count", "likes"),
        comments=record.count("replies_count", "comments"),
        shares=record.count("reblogs_count", "shares"),
        pictures=pictures,
    )


def _caption(record: Record) -> str | None:
    """The text, after the content warning of its author."""
    content = record.text("content", "caption")
    parts = (record.text("spoiler_text", "caption"), None if content is None else plain_text(content))
    return "\n\n".join(part for part in parts if part) or None


def _media(what: str, attached: Sequence[Any], findings: Findings) -> tuple[tuple[str, ...], int]:
    """Addresses of the pictures, and the number of attachments that are videos."""
    pictures: list[str] = []
    videos = 0
    for one in attached:
        media = one if isinstance(one, dict) else {}
        # The server's own copy first: the original may no longer exist, and the preview is small.
        address = Record(media, what, findings).address("url", "remote_url", "preview_url")
        kind = _kind(media.get("type"), address)
        if kind == "video":
            videos += 1
        elif kind == "image" and address is not None:
            pictures.append(address)
        elif kind == "image":
            findings.add("pictures", f"{what}: one of its pictures has no address")
        else:
            findings.add("pictures", f"{what}: its media type {shown(media.get('type'))} is unknown")
    return tuple(pictures), videos


def _kind(media_type: Any, address: str | None) -> str | None:
    """Image or video. A server that has not fetched remote media calls it unknown; then the file name decides."""
    if media_type == "image":
        return "image"
    if isinstance(media_type, str) and media_type in VIDEOS:
        return "video"
    guessed = mimetypes.guess_type(urlsplit(address or "").path)[0] or ""
    kind = guessed.partition("/")[0]
    return {"image": "image", "video": "video", "audio": "video"}.get(kind)
