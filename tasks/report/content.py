"""The content of a report: frozen values that the stage fills and `page.py` shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from warehouse.overview.summary import AccountSummary
from warehouse.ranking.measures import By
from warehouse.ranking.plain_statistics import Statistic


@dataclass(frozen=True, slots=True)
class Heading:
    """Identifies a ranking; `account` is None for all accounts together.

    By count, each post counts 1 and `statistic` has no effect.
    """

    classifier: str
    by: By
    statistic: Statistic
    account: str | None = None

    @property
    def by_lift(self) -> bool:
        """Whether the labels are ordered by their lift."""
        return self.statistic == "lift" and self.by != "count"


@dataclass(frozen=True, slots=True)
class Example:
    """A picture with a top label, and its post; unknown numbers are None.

    `thumbnail` is a data URI from `thumbnails.thumbnail`, or None for an unreadable picture. `caption` is that of the
    post, `sentence` what a classifier of the kind caption wrote about the picture.
    """

    label: str
    thumbnail: str | None
    post_url: str
    caption: str | None
    likes: int | None
    comments: int | None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class RankedChart:
    """One ranking: its numbers, its charts as SVG text, and pictures. `charts.ranked_chart` creates it.

    `narrow_svg` is the chart for phones; if it is None, phones get `svg`. `why_empty` explains an empty ranking,
    `compared` describes the posts that a ranking by lift compares.
    """

    heading: Heading
    # Frames compare element by element, so that two of these could not be compared.
    ranking: pl.DataFrame = field(compare=False)
    svg: str
    examples: tuple[Example, ...] = ()
    narrow_svg: str | None = None
    why_empty: str = ""
    compared: str = ""


@dataclass(frozen=True, slots=True)
class ThemePictures:
    """A theme, the number of its posts, and its most typical pictures."""

    name: str
    posts: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The rankings of one classifier; if it has labelled nothing, `version` is None and `why_empty` has the reason.

    `themes` is empty for all kinds but themes.
    """

    classifier: str
    version: str | None
    rankings: tuple[RankedChart, ...]
    why_empty: str = ""
    themes: tuple[ThemePictures, ...] = ()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A picture to which two classifiers give different labels; `thumbnail` is a data URI or None."""

    thumbnail: str | None
    labels: str
    other_labels: str


@dataclass(frozen=True, slots=True)
class ComparisonSection:
    """Two classifiers side by side: sentences, a chart as SVG text, its alternative text, and pictures."""

    one: str
    other: str
    sentences: tuple[str, ...]
    svg: str
    alternative_text: str
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True, slots=True)
class Explorer:
    """Rankings that a reader chooses: data as JSON for a script element, with at most `max_labels` labels each.

    `left_out` is a sentence on the choices that the data lack; it is empty if they have all.
    """

    data: str
    max_labels: int
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The complete page.

    `posts` and `pictures` are totals over all accounts; `since` and `until` are the times of the first and last post
    (None if there are none). `notices` are sentences about sources and lanes that are incomplete; `note` is a remark
    about the report, such as that its numbers are invented.
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
    comparisons: tuple[ComparisonSection, ...] = ()
    explorer: Explorer | None = None
