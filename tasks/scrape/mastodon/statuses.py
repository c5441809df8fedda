"""From a page of an account's statuses to its posts, and from the account's own answer to its counts.

Only statuses with media of their own are posts: what the account boosted, and what it answered to others,
is left, though a server should not show it when it is asked not to.
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
    Required,
    check_pictures,
    check_required,
    identifier,
    misfit,
    read_json,
    told,
)
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.mastodon.text import plain_text
from tasks.scrape.mastodon.thread import INTERFACE
from tasks.scrape.pages import AccountInfo, ScrapedPost

VIDEOS = frozenset({"video", "gifv", "audio"})
REQUIRED = (
    # Posts without media are left out as those without an id, so they are looked at first.
    Required("media_attachments", "media", 1),
    Required("id or url", "id", 1),
    Required("created_at", "posted_at", 2),
    Required("favourites_count", "likes", 5),
    Required("replies_count", "comments", 5),
)


@dataclass(frozen=True, slots=True)
class Statuses:
    """What a page of statuses has: `ids` of all of them, `posts`, and the account's name where it is told."""

    ids: tuple[str, ...]
    posts: tuple[ScrapedPost, ...]
    account: str | None


def read_account(answer: Response) -> tuple[str, AccountInfo, Findings]:
    """The account's id and counts. Raises `AccountNotFound` for a suspended one, or `LayoutChanged`."""
    fields = read_json(answer, INTERFACE)
    if not isinstance(fields, dict) or (account_id := identifier(fields.get("id"))) is None:
        said = told(fields.get("error")) if isinstance(fields, dict) else ""
        what = "the account has no id" + (f"; the server says {said!r}" if said else "")
        raise misfit(answer.url, INTERFACE, what)
    if fields.get("suspended") is True:
        raise AccountNotFound(f"The account at {answer.url} is suspended by its server. Remove the source.")
    findings = Findings()
    record = Record(fields, "the account", findings)
    head = AccountInfo(
        followers=record.count("followers_count", "followers"),
        following=record.count("following_count", "following"),
        # Of all statuses, not only of those with pictures: so it is no least number of posts.
        posts=record.count("statuses_count", "posts"),
        locked=fields.get("locked") is True,
    )
    return account_id, head, findings


def read_statuses(answer: Response, findings: Findings, account_id: str = "") -> Statuses:
    """The posts of an account on a page of statuses. Raises `LayoutChanged` where it is none, or another account's."""
    listed = read_json(answer, INTERFACE)
    if not isinstance(listed, list):
        said = told(listed.get("error")) if isinstance(listed, dict) else ""
        what = "there is no list of statuses" + (f"; the server says {said!r}" if said else "")
        raise misfit(answer.url, INTERFACE, what)
    ids: list[str] = []
    own = []
    by_others = 0
    for fields in listed:
        status = fields if isinstance(fields, dict) else {}
        ids += [found for found in (identifier(status.get("id")),) if found is not None]
        if _is_by_another(status, account_id):
            by_others += 1
        elif not _is_of_others(status):
            own.append(status)
    if by_others and not own:
        what = f"it lists the posts of another account, not of the one with the id {account_id}"
        raise misfit(answer.url, INTERFACE, what)
    posts = [post for status in own if (post := _post(status, findings)) is not None]
    check_required(answer, INTERFACE, findings, len(own), REQUIRED)
    check_pictures(answer, INTERFACE, posts)
    return Statuses(tuple(ids), tuple(posts), _account(own))


def _account(own: Sequence[Mapping[str, Any]]) -> str | None:
    accounts = (status.get("account") for status in own)
    names = (identifier(account.get("acct")) for account in accounts if isinstance(account, dict))
    return next((name for name in names if name), None)


def _is_by_another(status: Mapping[str, Any], account_id: str) -> bool:
    """Whether a status names another account as its author, and does not boost."""
    account = status.get("account")
    author = identifier(account.get("id")) if isinstance(account, dict) else None
    return status.get("reblog") is None and bool(account_id) and author not in (None, account_id)


def _is_of_others(status: Mapping[str, Any]) -> bool:
    """Whether the account boosted it, or answered someone else with it."""
    if status.get("reblog") is not None:
        return True
    account = status.get("account")
    own = identifier(account.get("id")) if isinstance(account, dict) else None
    answered = identifier(status.get("in_reply_to_account_id"))
    return answered is not None and own is not None and answered != own


def _post(status: Mapping[str, Any], findings: Findings) -> ScrapedPost | None:
    post_id = identifier(status.get("id"))
    url = Record(status, "", findings).address("url", "uri")
    if post_id is None or url is None:
        lacks = "id" if post_id is None else "url"
        findings.add("id", f"a post without {lacks} was left out ({post_id or url or 'nothing tells which'})")
        return None
    record = Record(status, f"post {post_id}", findings)
    attached = status.get("media_attachments")
    if not isinstance(attached, list):
        findings.add("media", f"post {post_id}: media_attachments is no list, so it was left out")
        findings.unparsed.append("id")  # a post that is not shown for this is not gone
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
        pictures=pictures,
    )


def _caption(record: Record) -> str | None:
    """The text, behind the warning that its author put before it."""
    content = record.text("content", "caption")
    parts = (record.text("spoiler_text", "caption"), None if content is None else plain_text(content))
    return "\n\n".join(part for part in parts if part) or None


def _media(what: str, attached: Sequence[Any], findings: Findings) -> tuple[tuple[str, ...], int]:
    """Addresses of the pictures, and how many of the attachments are videos."""
    pictures: list[str] = []
    videos = 0
    for one in attached:
        media = one if isinstance(one, dict) else {}
        # The server's own copy first: the original may be gone, and the preview is small.
        address = Record(media, what, findings).address("url", "remote_url", "preview_url")
        kind = _kind(media.get("type"), address)
        if kind == "video":
            videos += 1
        elif kind == "image" and address is not None:
            pictures.append(address)
        elif kind == "image":
            findings.add("pictures", f"{what}: a picture of it has no address")
        else:
            findings.add("pictures", f"{what}: it has media of the type {str(media.get('type'))[:40]!r}")
    return tuple(pictures), videos


def _kind(told_type: Any, address: str | None) -> str | None:
    """Image or video. A server that has not fetched another's media calls it unknown; then the name tells."""
    if told_type == "image":
        return "image"
    if isinstance(told_type, str) and told_type in VIDEOS:
        return "video"
    guessed = mimetypes.guess_type(urlsplit(address or "").path)[0] or ""
    kind = guessed.partition("/")[0]
    return {"image": "image", "video": "video", "audio": "video"}.get(kind)
