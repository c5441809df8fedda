"""What a report holds: frozen values that the stage fills and `page.py` only shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from warehouse.rankings import By, Statistic


@dataclass(frozen=True, slots=True)
class Heading:
    """Which ranking it is; `account` is None for all accounts together.

    Ranked by count, each post counts 1 and `statistic` does not matter.
    """

    classifier: str
    by: By
    statistic: Statistic
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A picture that shows a top label, with its post; numbers are None where they are unknown.

    `thumbnail` is what `thumbnails.thumbnail` answers: a data URI, or None for an unreadable picture.
    """

    label: str
    thumbnail: str | None
    post_url: str
    caption: str | None
    likes: int | None
    comments: int | None


@dataclass(frozen=True, slots=True)
class RankedChart:
    """One ranking: its numbers, their charts as SVG text, and pictures; `charts.ranked_chart` makes it.

    `narrow_svg` is the chart for phones; None shows them `svg` too. `why_empty` says why there is nothing to rank.
    """

    heading: Heading
    # Frames compare element by element, which would make two of these incomparable.
    ranking: pl.DataFrame = field(compare=False)
    svg: str
    examples: tuple[Example, ...] = ()
    narrow_svg: str | None = None
    why_empty: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The rankings of one classifier; `version` is None while it has labelled nothing, and `why_empty` says why."""

    classifier: str
    version: str | None
    rankings: tuple[RankedChart, ...]
    why_empty: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A picture about which the two say different things; `thumbnail` is a data URI or None."""

    thumbnail: str | None
    says: str
    other_says: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Two classifiers side by side, as the page shows them: sentences, a chart as SVG text, and pictures."""

    one: str
    other: str
    sentences: tuple[str, ...]
    svg: str
    words: str
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """An account that was studied: its posts that are stored, its followers when last seen (or None)."""

    source: str
    account: str
    posts: int
    followers: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole page.

    `posts` and `pictures` are counted over all accounts; `since` and `until` are the times of the first
    and last post (None when there are none). `notices` are sentences that say which source or lane did
    not run and why; `note` is a remark on the whole, such as that the numbers are invented.
    """

    title: str
    generated_at: datetime
    run_id: str
    note: str | None
    accounts: tuple[AccountSummary, ...]
    posts: int
    pictures: int
    since: datetime | None
    until: datetime | None
    notices: tuple[str, ...]
    sections: tuple[Section, ...]
    comparisons: tuple[Compared, ...] = ()
