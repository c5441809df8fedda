"""The decision after each page: whether it is the account's, whether to stop, and which posts' own pages to read.

A nightly reading stops at the first page of posts that are all known and older than `refresh_days`; a full
one reads until the last page. A pinned post at the top stops nothing. Where a source does not show which
posts are pinned, the first page stops nothing when it has so few posts that all may be pinned.

A post's own page is read for a new post, and where the number of comments has changed. Where likes or comments
are on that page only, reading it is the post's observation: in every run while the post is younger than
`refresh_days`, and more and more rarely after that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.errors import LayoutChanged
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.read_context import NextStep
from warehouse.records.gaps import is_known_gap, is_retry_due
from warehouse.records.precision import is_coarser_count
from warehouse.records.stored_posts import KnownPost, count_known_posts, known_posts
from warehouse.storage.lake import Lake

MAX_PINNED = 3
"""How many posts an account can pin (Instagram's limit)."""
REOBSERVED_AT_AGE = 0.1
"""An old post whose counts are on its own page is observed again after this fraction of its age."""


@dataclass(slots=True)
class StopPolicy:
    """Decides after each page of a source.

    `resume_at` is the page where an earlier run was cut off: that run has read the pages before it. `first` is
    False where the spool has pages already.
    """

    lake: Lake
    source: str
    now: datetime
    refresh_days: int
    full: bool
    resume_at: str | None = None
    first: bool = True

    def __call__(self, page: Page) -> NextStep:
        """Decide after a page. Raises `LayoutChanged` where its posts may not be the account's."""
        known = known_posts(self.lake, self.source, [post.post_id for post in page.posts])
        check_identity(page, len(known), lambda: count_known_posts(self.lake, self.source))
        details = tuple(post.post_id for post in page.posts if self._needs_detail(post, known))
        retried = tuple(
            post_id for post_id in details if post_id in known and is_known_gap(known[post_id].gap)
        )
        ordered = self._posts_in_order(page)
        self.first = self.first and not page.posts
        if self.resume_at is not None and ordered and all(post.post_id in known for post in ordered):
            jump, self.resume_at = self.resume_at, None
            return NextStep(jump_to=jump, details=details, retried=retried)
        stop = not self.full and bool(ordered) and all(self._is_settled(post, known) for post in ordered)
        return NextStep(stop=stop, details=details, retried=retried)

    def _posts_in_order(self, page: Page) -> list[ScrapedPost]:
        """Posts of the page that are ordered by time: all but those that are, or may be, pinned."""
        may_be_pinned = self.first and len(page.posts) <= MAX_PINNED
        return [post for post in page.posts if not (post.pinned or (post.pinned is None and may_be_pinned))]

    def _is_settled(self, post: ScrapedPost, known: dict[str, KnownPost]) -> bool:
        before = known.get(post.post_id)
        # Where a post that was gone is back, posts below it may be back too.
        return before is not None and before.post.gone_at is None and self._is_old(post, before)

    def _is_old(self, post: ScrapedPost, before: KnownPost) -> bool:
        return _age(post, before, self.now) > timedelta(days=self.refresh_days)

    def _needs_detail(self, post: ScrapedPost, known: dict[str, KnownPost]) -> bool:
        before = known.get(post.post_id)
        if before is None:
            return True
        if before.gap is not None and not is_retry_due(before.gap, self.now):
            return False
        if before.thread_read_at is None or is_known_gap(before.gap):
            return True
        if post.counts_on_own_page and self._is_due(post, before, before.thread_read_at):
            return True
        if post.comments is None:
            return not self._is_old(post, before)
        return not _is_same_count(post, before.thread_comments)

    def _is_due(self, post: ScrapedPost, before: KnownPost, read_at: datetime) -> bool:
        """Whether a post whose counts are on its own page is due for an observation."""
        if not self._is_old(post, before):
            return True
        age = _age(post, before, self.now)
        return self.now - read_at >= max(timedelta(days=self.refresh_days), age * REOBSERVED_AT_AGE)


def _age(post: ScrapedPost, before: KnownPost, now: datetime) -> timedelta:
    return now - (post.posted_at or before.post.posted_at or before.post.first_seen_at)


def check_identity(page: Page, known: int, stored: Callable[[], int]) -> None:
    """Raise `LayoutChanged` where the posts of a page may not be the account's.

    A page that does not name the account is accepted where at least half of its posts are known. Where its
    address is the account's, one known post is enough, or a source without stored posts. `known` is how many of
    the page's posts are stored; `stored` counts all stored posts of the source.
    """
    if page.identity == "account" or (page.posts and 2 * known >= len(page.posts)):
        return
    if page.identity == "address" and (known or not stored()):
        return
    where = "leads to another address" if page.identity == "unknown" else "does not name it"
    raise LayoutChanged(
        f"{page.url} can't be taken for a page of the account {page.account}: it {where}, its pager does not"
        f" lead to the account's pages, and {known} of its {len(page.posts)} posts are known. Nothing of it was"
        " stored. Open the address; where the account has moved, set its new address in the settings."
    )


def _is_same_count(post: ScrapedPost, counted: int | None) -> bool:
    """Whether the post has as many comments as were counted before, as far as a rounded number can show."""
    if post.comments == counted or post.comments is None or counted is None:
        return post.comments == counted
    return post.comments_rounded and is_coarser_count(post.comments, post.comments_least, counted)
