"""The node of a JSON file as a post, in both generations of nodes and in files without a wrapper.

The names are those of Instaloader 4.15.1's `structures.py` and of Instagram's responses: anonymous
(`edge_…`, `taken_at_timestamp`) and logged in (`date`, `caption`, `iphone_struct`). Very old files have
`code` and `display_src`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from tasks.scrape.pages import AccountInfo, ScrapedPost
from tasks.scrape.values.fields import Fields
from tasks.scrape.values.json_text import at, items
from tasks.scrape.values.text import text_of

_SHORTCODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = {"GraphImage": "image", "GraphVideo": "video", "GraphSidecar": "carousel"}
_MEDIA_TYPES = {1: "image", 2: "video", 8: "carousel"}


@dataclass(frozen=True, slots=True)
class Node:
    """The contents of a JSON file: a post, a profile, or something else that Instaloader saves."""

    type: Literal["post", "profile", "other"]
    value: dict[str, Any]


def node_of(value: Any) -> Node:
    """The node of a file's value; without Instaloader's wrapper it is a post if it has a shortcode."""
    node, kind = at(value, "node"), at(value, "instaloader", "node_type")
    if isinstance(node, dict) and isinstance(at(value, "instaloader"), dict):
        named: dict[Any, Literal["post", "profile"]] = {"Post": "post", "Profile": "profile"}
        return Node(named.get(kind, "other") if isinstance(kind, str) else "other", node)
    bare = isinstance(value, dict) and ("shortcode" in value or "code" in value)
    return Node("post" if bare else "other", value if isinstance(value, dict) else {})


def shortcode_of(node: dict[str, Any]) -> str | None:
    """The post's id; None where the file has none."""
    code = next((code for code in (at(node, "shortcode"), at(node, "code")) if code is not None), None)
    return code if isinstance(code, str) and _SHORTCODE.fullmatch(code) else None


def owner_of(node: dict[str, Any]) -> str | None:
    """The name of the account that posted it; None where the file has only its number."""
    return text_of(at(node, "owner", "username")) or text_of(at(node, "iphone_struct", "user", "username"))


def post_of(node: dict[str, Any], shortcode: str, fields: Fields) -> ScrapedPost:
    """The post without pictures and comments; a value that can't be read is None, and a problem in `fields`."""
    hidden = _hides_likes(node)
    return ScrapedPost(
        post_id=shortcode,
        url=f"https://www.instagram.com/p/{shortcode}/",
        kind=_kind(node),
        posted_at=fields.time(
            "posted_at",
            [at(node, "taken_at_timestamp"), at(node, "date"), at(node, "iphone_struct", "taken_at")],
        ),
        caption=_caption(node),
        place=text_of(at(node, "location", "name")) or text_of(at(node, "iphone_struct", "location", "name")),
        pinned=_pinned(node),
        likes=None if hidden else fields.count("likes", _likes(node)),
        comments=fields.count("comments", _comments(node)),
        likes_hidden=hidden,
    )


def head_of(node: dict[str, Any], fields: Fields) -> AccountInfo:
    """An account's own numbers, from a profile's node."""

    def both(edge: str, plain: str) -> list[Any]:
        return [at(node, edge, "count"), at(node, plain), at(node, "iphone_struct", plain)]

    return AccountInfo(
        followers=fields.count("followers", both("edge_followed_by", "follower_count")),
        following=fields.count("following", both("edge_follow", "following_count")),
        posts=fields.count("posts", both("edge_owner_to_timeline_media", "media_count")),
    )


def _kind(node: dict[str, Any]) -> str:
    named = at(node, "__typename")
    if isinstance(named, str) and (kind := _KINDS.get(named.removeprefix("XDT"))):
        return kind
    number = at(node, "iphone_struct", "media_type")
    if isinstance(number, int) and (kind := _MEDIA_TYPES.get(number)):
        return kind
    if items(at(node, "edge_sidecar_to_children", "edges")):
        return "carousel"
    return "video" if at(node, "is_video") is True else "image"


def _caption(node: dict[str, Any]) -> str | None:
    texts = (
        at(node, "edge_media_to_caption", "edges", 0, "node", "text"),
        at(node, "caption"),
        at(node, "caption", "text"),
        at(node, "iphone_struct", "caption", "text"),
    )
    return next((text for one in texts if (text := text_of(one)) is not None), None)


def _likes(node: dict[str, Any]) -> list[Any]:
    counted = [at(node, name, "count") for name in ("edge_media_preview_like", "edge_liked_by", "likes")]
    return [*counted, at(node, "iphone_struct", "like_count")]


def _comments(node: dict[str, Any]) -> list[Any]:
    plain = at(node, "comments")
    return [
        at(node, "edge_media_to_comment", "count"),
        at(node, "edge_media_to_parent_comment", "count"),
        at(plain, "count") if isinstance(plain, dict) else plain,
        at(node, "iphone_struct", "comment_count"),
    ]


def _hides_likes(node: dict[str, Any]) -> bool:
    """Hidden likes are -1; where the counts are disabled, the number has no meaning."""
    name = "like_and_view_counts_disabled"
    disabled = at(node, name) is True or at(node, "iphone_struct", name) is True
    return disabled or next((likes for likes in _likes(node) if likes is not None), None) == -1


def _pinned(node: dict[str, Any]) -> bool | None:
    lists = (at(node, "pinned_for_users"), at(node, "iphone_struct", "timeline_pinned_user_ids"))
    flags = [bool(one) for one in lists if isinstance(one, list)]
    return any(flags) if flags else None
