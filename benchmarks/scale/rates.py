"""Assumptions: what accounts post, what a night reads, and prices. Change them for accounts of your own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tasks.scrape.storing import STORE_POSTS

DAYS = 365


@dataclass(frozen=True, slots=True)
class Rates:
    """What accounts post and what a night reads of it. Pictures are those of a night, of all accounts together."""

    pictures: float
    accounts: int
    accounts_in_source: int = 100
    pictures_per_post: float = 1.2
    labels_per_picture: int = 5
    classifiers: int = 2
    refresh_days: int = 14
    """The default of `[scrape] refresh_days`: so long a post is observed every night."""
    full_days: int = 7
    """The default of `[scrape] full_days`: every so many nights all posts are observed; 0: never."""
    posts_per_page: int = 40
    """Mastodon's limit for a page of statuses; galleries show 12 to 24."""
    page_bytes: int = 120_000
    """JSON of 40 statuses, uncompressed."""
    picture_bytes: int = 216_000
    """The mean of the files of `benchmarks.classify`, 1080 x 1350."""

    @property
    def sources(self) -> int:
        """Number of sources."""
        return max(1, self.accounts // self.accounts_in_source)

    @property
    def posts(self) -> float:
        """New posts a night."""
        return self.pictures / self.pictures_per_post

    def window(self, night: int) -> int:
        """Days whose posts the night observes: the young ones, or in a full reading all of them."""
        is_full = bool(self.full_days) and night % self.full_days == 0
        return night if is_full else min(night, self.refresh_days)

    def observed(self, night: int) -> float:
        """Posts that the night observes."""
        return self.posts * self.window(night)

    def pages(self, night: int) -> float:
        """Pages of posts that the night requests: at least one for each account."""
        posts = self.observed(night) / self.accounts
        return self.accounts * max(1, math.ceil(posts / self.posts_per_page))

    def scrape_batches(self, night: int) -> float:
        """Batches of posts that are stored, each by one write to `posts`, `post_pictures` and `observations`."""
        return self.sources * math.ceil(self.observed(night) / self.sources / STORE_POSTS)


TARGET = Rates(pictures=100e6 / DAYS, accounts=10_000)
"""10,000 accounts, 100 million pictures in a year: 27 pictures a day and account."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars. Assumptions of 2026-11, list prices of large clouds rounded; they are no quotation."""

    gigabyte_month: float = 0.023
    """Object storage, first class."""
    thousand_writes: float = 0.005
    """PUT and LIST requests."""
    thousand_reads: float = 0.0004
    """GET requests."""
    gpu_hour: float = 4.0
    """One H100 with 16 cores, on demand."""
    cpu_hour: float = 0.10
    """Two cores with 8 GB."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """Pictures per second, measured: docs/measurements.md, 'Speed', 'Speed on a GPU' and 'Fetch'."""

    gpu_lane: float = 705
    """Inception v3, complete lane from files of 216 KB: one H100 with 16 cores, which decode."""
    cpu_lane: float = 17.7
    """Inception v3, complete lane, float32: two cores."""
    fetch: float = 529
    """From one host behind 50 ms: two cores, 32 at once."""
    delay_seconds: float = 5.0
    """The default of `[scrape] delay_seconds`: between two pages of one host."""
