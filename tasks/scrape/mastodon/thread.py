"""A post's context as its comments: the server's `descendants`, each with the comment that it replies to."""

from __future__ import annotations

from typing import Any

from tasks.scrape.crawl.response_values import Findings, Record, layout_changed, read_json_response
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.mastodon.text import plain_text
from tasks.scrape.pages import ScrapedComment
from tasks.scrape.values.text import identifier

INTERFACE = "Mastodon's interface"


def read_thread(response: Response, post_id: str, findings: Findings) -> tuple[ScrapedComment, ...]:
    """The comments under a post, as `/api/v1/statuses/ID/context` lists them; ancestors are skipped.

    Raises `LayoutChanged` where the response is not a context.
    """
    context = read_json_response(response, INTERFACE)
    descendants = context.get("descendants") if isinstance(context, dict) else None
    if not isinstance(descendants, list):
        raise layout_changed(response.url, INTERFACE, "a post's context has no list of descendants")
    thread: dict[str, ScrapedComment] = {}
    for fields in descendants:
        if (comment := _comment(fields, post_id, findings)) and comment.comment_id:
            thread.setdefault(comment.comment_id, comment)
    if descendants and not thread:
        raise layout_changed(
            response.url, INTERFACE, f"none of a post's {len(descendants)} descendants has an id"
        )
    thread.pop(post_id, None)
    return tuple(thread.values())


def _comment(fields: Any, post_id: str, findings: Findings) -> ScrapedComment | None:
    comment_id = identifier(fields.get("id")) if isinstance(fields, dict) else None
    if comment_id is None:
        findings.add("comment_id", f"post {post_id}: a comment without id was skipped")
        return None
    record = Record(fields, f"comment {comment_id} of post {post_id}", findings)
    parent_id = identifier(fields.get("in_reply_to_id"))
    content = record.text("content", "text")
    author = fields.get("account")
    return ScrapedComment(
        comment_id=comment_id,
        author=Record(author, record.what, findings).text("acct", "author")
        if isinstance(author, dict)
        else None,
        text=None if content is None else plain_text(content),
        parent_id=None if parent_id == post_id else parent_id,
        posted_at=record.time("created_at", "comment_posted_at"),
        likes=record.count("favourites_count", "comment_likes"),
    )
