"""What is decided after each page: whether to read on, and which posts' own pages are wanted.

A nightly reading ends at the first whole page of posts that are all known and older than `refresh_days`;
a full one goes to the end. A pinned post at the top ends nothing: pinned posts do not count, and where
a source does not say which are pinned, a first page of so few posts that all may be pinned does not either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.visit import Verdict
from warehouse.known import KnownPost, known_posts
from warehouse.lake import Lake

MOST_PINNED = 3
"""An account pins so many posts at most (Instagram's limit)."""


@dataclass(slots=True)
class NightlyJudge:
    """Decides after each page of a source.

    `resume_at` is where an earlier reading was cut off: what lies before it, down to there, is known. `first` is
    False where the spool has pages already.
    """

    lake: Lake
    source: str
    now: datetime
    refresh_days: int
    full: bool
    resume_at: str | None = None
    first: bool = True

    def __call__(self, page: Page) -> Verdict:
        """The verdict on a page."""
        known = known_posts(self.lake, self.source, [post.post_id for post in page.posts])
        details = tuple(post.post_id for post in page.posts if self._wants_detail(post, known))
        telling = self._telling(page)
        self.first = self.first and not page.posts
        if self.resume_at is not None and telling and all(post.post_id in known for post in telling):
            jump, self.resume_at = self.resume_at, None
            return Verdict(jump_to=jump, details=details)
        ends = not self.full and bool(telling) and all(self._is_settled(post, known) for post in telling)
        return Verdict(go_on=not ends, details=details)

    def _telling(self, page: Page) -> list[ScrapedPost]:
        """Posts of the page that stand in the order of time."""
        may_be_pinned = self.first and len(page.posts) <= MOST_PINNED
        return [post for post in page.posts if not (post.pinned or (post.pinned is None and may_be_pinned))]

    def _is_settled(self, post: ScrapedPost, known: dict[str, KnownPost]) -> bool:
        before = known.get(post.post_id)
        # One that was gone and is back has others below it that may be back too.
        return before is not None and before.post.gone_at is None and self._is_old(post, before)

    def _is_old(self, post: ScrapedPost, before: KnownPost) -> bool:
        born = post.posted_at or before.post.posted_at or before.post.first_seen_at
        return born < self.now - timedelta(days=self.refresh_days)

    def _wants_detail(self, post: ScrapedPost, known: dict[str, KnownPost]) -> bool:
        before = known.get(post.post_id)
        if before is None or not before.thread_read:
            return True
        if post.comments is None:
            return not self._is_old(post, before)
        return post.comments != before.thread_comments
