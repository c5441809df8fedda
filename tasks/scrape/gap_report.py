"""Posts whose own page could not be read: at first a problem, later a known gap."""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.scrape.pages import Page
from warehouse.records.gaps import (
    ATTEMPTS,
    MIN_SYSTEMATIC_GAPS,
    MIN_SYSTEMATIC_SHARE,
    RETRY_AFTER,
    count_known_gaps,
    is_known_gap,
    record_failures,
)
from warehouse.records.stored_posts import count_known_posts
from warehouse.storage.lake import Lake


@dataclass(slots=True)
class GapReport:
    """Collects the post pages of one reading that could not be read. `problems` are those that are not known gaps."""

    source: str
    problems: list[str] = field(default_factory=list)

    def add(self, lake: Lake, page: Page) -> None:
        """Store the failed attempts of a page of posts in the table `gaps`."""
        if not page.unread_pages:
            return
        failed = {one.post_id: one.why for one in page.unread_pages}
        for post_id, gap in record_failures(lake, self.source, failed, page.observed_at).items():
            if not is_known_gap(gap):
                self.problems.append(
                    f"post {post_id}: its own page was not read (attempt {gap.attempts} of {ATTEMPTS}): {gap.message}"
                )

    def summary(self, lake: Lake, posts: int) -> str:
        """The known gaps of the source in a sentence; empty where it has none.

        `posts` is how many posts the reading had. Where the own pages of many posts are known gaps, the site has
        changed: that is one more problem.
        """
        known = count_known_gaps(lake, self.source)
        if not known:
            return ""
        stored = max(posts, count_known_posts(lake, self.source))
        if known >= MIN_SYSTEMATIC_GAPS and known > MIN_SYSTEMATIC_SHARE * stored:
            self.problems.append(
                f"the own pages of {known:,} of {stored:,} posts can't be read: the site has probably changed, or"
                " refuses us. Open one of them, and fix the profile, or raise delay_seconds"
            )
        posts_of, pages = ("post", "page") if known == 1 else ("posts", "pages")
        return (
            f"Known gaps: {known:,} {posts_of} whose own {pages} could not be read {ATTEMPTS} times; `likelens status`"
            f" lists them, and they are requested again every {RETRY_AFTER.days} days."
        )
