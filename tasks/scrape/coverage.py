"""How far a reading of a source got: which known posts it must have shown if they still exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tasks.scrape.pages import Page
from tasks.scrape.stop_policy import MAX_PINNED
from warehouse.records.precision import latest_time


@dataclass(slots=True)
class Coverage:
    """The posts that a reading covers, from its pages in their order.

    `down_to`: it covers every post newer than this; None where its posts are not ordered by time. An item
    that could not be read is a gap: it may be any known post, so no post counts as gone then.
    """

    began: datetime | None = None
    accounts: set[str] = field(default_factory=set)
    down_to: datetime | None = None
    _posts: int = 0
    _without_gap: bool = True
    _ended: bool = True
    _in_order: bool = True
    _gap: bool = False

    def add(self, page: Page) -> None:
        """Add a page."""
        # A page with the account's own numbers alone may have a time of its own, in a file.
        if self.began is None or (page.posts and not self._posts):
            self.began = page.observed_at
        self.accounts.add(page.account)
        unread = "id" in page.unparsed or "page" in page.unparsed
        self._without_gap = self._without_gap and not page.more and not unread
        self._ended = page.next_url is None
        self._gap = self._gap or unread or (page.more and page.next_url is not None)
        for post in page.posts:
            self._posts += 1
            may_be_pinned = post.pinned is None and self._posts <= MAX_PINNED
            if post.pinned or may_be_pinned or post.posted_at is None:
                continue
            if self.down_to is not None and post.posted_at > self.down_to:
                self._in_order = False
            latest = latest_time(post.posted_at)
            self.down_to = latest if self.down_to is None else min(self.down_to, latest)

    @property
    def is_full(self) -> bool:
        """Whether the reading went from the first page to the source's last page without a gap."""
        return self._without_gap and self._ended

    @property
    def finds_gone(self) -> bool:
        """Whether a known post that is covered and was not shown is gone."""
        return not self._gap and (self.is_full or (self._in_order and self.down_to is not None))

    @property
    def newer_than(self) -> datetime | None:
        """The reading covers posts newer than this; None: all posts."""
        return None if self.is_full else self.down_to
