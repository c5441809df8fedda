"""What a reading of a source gave, in counts, and what the next readings must still give.

The counts are stored in `runs.counts`. A source that suddenly has no posts, or loses a field that its posts
always had, has changed: the run fails for it before it stores anything of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.errors import SourceChanged
from tasks.scrape.coverage import Coverage
from tasks.scrape.model import CHECKED
from tasks.scrape.pages import Page, ScrapedPost
from warehouse.records.runs import stage_runs
from warehouse.records.stored_posts import KnownPost, count_known_posts, known_posts
from warehouse.storage.lake import Lake

FIELDS = ("posted_at", "likes", "comments", "caption", "pictures", "place")
"""Fields of a post whose nulls are counted."""
MIN_KNOWN = 2
"""A field is lost where at least so many known posts have lost it …"""
MIN_NEW = 5
"""… or where at least so many new posts miss it and every post of the runs before had it."""
RUNS_COMPARED = 40
"""Earlier runs that are compared: more than there are between two full ones."""


@dataclass(slots=True)
class Counts:
    """What one reading of a source gave.

    `lost` counts, by field, known posts that had the field and miss it now. `to_end`: the reading got to the
    source's last page; where it was cut off before, `resume_at` is the address of the next page.
    """

    pages: int = 0
    posts: int = 0
    comments: int = 0
    problems: int = 0
    nulls: Counter[str] = field(default_factory=Counter)
    unparsed: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    to_end: bool = False
    resume_at: str | None = None
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, page: Page, known: Mapping[str, KnownPost]) -> None:
        """Count a page; `known` are those of its posts that are stored."""
        self.pages += 1
        self.posts += len(page.posts)
        self.problems += len(page.problems)
        self.unparsed.update(page.unparsed)
        self.to_end = page.next_url is None and not page.more
        self.resume_at = page.next_url
        self.coverage.add(page)
        for post in page.posts:
            self.comments += len(post.thread)
            missing = [name for name in FIELDS if _is_missing(post, name)]
            self.nulls.update(missing)
            if (before := known.get(post.post_id)) is not None:
                self.lost.update(name for name in missing if _had(before, name))

    def as_json(self) -> str:
        """The value of `runs.counts`."""
        values: dict[str, Any] = {
            "pages": self.pages,
            "posts": self.posts,
            "comments": self.comments,
            "problems": self.problems,
            "nulls": {name: self.nulls[name] for name in FIELDS},
            "unparsed": dict(sorted(self.unparsed.items())),
            "to_end": self.to_end,
        }
        if self.resume_at is not None:
            values["resume_at"] = self.resume_at
        return json.dumps(values, ensure_ascii=False)


def count_pages(lake: Lake, source: str, batches: Iterable[Sequence[Page]]) -> Counts:
    """Count what a reading gave, batch by batch, and compare it with the stored posts."""
    counts = Counts()
    for pages in batches:
        known = known_posts(lake, source, [post.post_id for page in pages for post in page.posts])
        for page in pages:
            counts.add(page, known)
    return counts


def check(lake: Lake, source: str, counts: Counts, may_lack: Sequence[str] = ()) -> None:
    """Raise `SourceChanged` where a source has lost its posts or a field.

    A field is lost when no post of this reading has it, though known posts among them had it, or though every
    post of the runs before had it. `may_lack` names what a source may be without.
    """
    if counts.posts == 0:
        if "posts" not in may_lack and (before := count_known_posts(lake, source)):
            raise SourceChanged(_no_posts_message(source, before), counts.as_json())
        return
    always = _fields_always_had(lake, source)
    for name in CHECKED:
        if name == "posts" or name in may_lack or counts.nulls[name] < counts.posts:
            continue
        if counts.lost[name] >= MIN_KNOWN or (counts.posts >= MIN_NEW and name in always):
            raise SourceChanged(_lost_field_message(source, name, counts), counts.as_json())


@dataclass(frozen=True, slots=True)
class PastRuns:
    """The last runs of a source that stored something, newest first: their `counts`, and when each ended.

    `resume_at` is where the very last run was cut off.
    """

    counts: tuple[dict[str, Any], ...]
    ended: tuple[datetime, ...]
    resume_at: str | None

    def to_end_since(self, when: datetime) -> bool:
        """Whether a run has read until the source's last page since then."""
        return any(
            ended >= when and counts.get("to_end", False)
            for counts, ended in zip(self.counts, self.ended, strict=True)
        )


def past_runs(lake: Lake, source: str) -> PastRuns:
    """Read the last runs of the source."""
    rows = stage_runs(lake, "stage = 'scrape' and lane = ? and ended_at is not null", [source])[::-1]
    stored = [row for row in rows if row.counts is not None and row.status != "failed"][:RUNS_COMPARED]
    # Of the last run only, so that a wrong address is used once.
    resume_at = json.loads(rows[0].counts or "{}").get("resume_at") if rows and rows[0] in stored else None
    return PastRuns(
        tuple(json.loads(row.counts or "{}") for row in stored),
        tuple(row.ended_at for row in stored if row.ended_at is not None),
        resume_at,
    )


def _fields_always_had(lake: Lake, source: str) -> set[str]:
    before = past_runs(lake, source).counts
    if sum(counts.get("posts", 0) for counts in before) < MIN_NEW:
        return set()
    return {name for name in FIELDS if not any(counts["nulls"].get(name, 0) for counts in before)}


def _is_missing(post: ScrapedPost, name: str) -> bool:
    if name == "pictures":
        return post.kind != "video" and not post.pictures and name not in post.unread
    if name == "likes" and post.likes_hidden:
        return False
    # A list that shows less than a post's own page has not lost a field.
    if name in post.unread or (post.partial and name in ("caption", "place", "posted_at")):
        return False
    return getattr(post, name) is None


def _had(before: KnownPost, name: str) -> bool:
    if name == "pictures":
        return before.pictures > 0
    if name in ("likes", "comments"):
        return getattr(before, name) is not None
    return getattr(before.post, name) is not None


def _no_posts_message(source: str, before: int) -> str:
    return (
        f"The source {source} shows no post at all, though {before:,} are known. Nothing was stored; what is"
        ' published stays. Look at the source: if its owner has removed all posts, set may_lack = ["posts"] for'
        " it, or remove the source."
    )


def _lost_field_message(source: str, name: str, counts: Counts) -> str:
    unparsed = f" ({counts.unparsed[name]} values could not be read)" if counts.unparsed[name] else ""
    return (
        f"The source {source} always had {name}, and none of its {counts.posts:,} posts has it now{unparsed}."
        " Nothing was stored; what is published stays. Look at the source: if the site has changed, fix the"
        f' profile or report it; if its owner hides {name}, set may_lack = ["{name}"] for the source.'
    )
