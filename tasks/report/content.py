"""The content of a report: frozen values that the stage fills and `page.py` shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from tasks.report.comments.content import CommentSection
from tasks.report.forecast.content import ForecastSection
from tasks.report.trends.content import TrendSection
from warehouse.overview.summary import AccountSummary
from warehouse.ranking.measures import By
from warehouse.ranking.plain_statistics import Statistic

if TYPE_CHECKING:
    # It uses the values of this module.
    from tasks.report.findings import Finding


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

    `thumbnail` is a data URI from `tasks/thumbnails.py`, or None for an unreadable picture. `caption` is that of the
    post, `sentence` what a classifier of the kind caption wrote about the picture. `place` is the picture's place among
    those with the label, such as 'best' or 'typical'; empty where they have no order.
    """

    label: str
    thumbnail: str | None
    post_url: str
    caption: str | None
    likes: int | None
    comments: int | None
    sentence: str | None = None
    posted_at: datetime | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """The pictures behind a label, or behind several labels that have the same ones, best first.

    `anchor` is the id of its place on the page.
    """

    labels: tuple[str, ...]
    anchor: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class TopTable:
    """A ranking that the page shows as a small table, without a chart."""

    heading: Heading
    ranking: pl.DataFrame = field(compare=False)


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table of the section Data: texts and numbers in columns; `numbers` are the names of the columns of numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RankedChart:
    """One ranking: its numbers and its charts as SVG text. `charts.ranked_chart` creates it.

    `narrow_svg` is the chart for phones; if it is None, phones get `svg`. `why_empty` explains an empty ranking,
    `compared` describes the posts that a ranking by lift compares.
    """

    heading: Heading
    # Frames compare element by element, so that two of these could not be compared.
    ranking: pl.DataFrame = field(compare=False)
    svg: str
    narrow_svg: str | None = None
    why_empty: str = ""
    compared: str = ""


@dataclass(frozen=True, slots=True)
class ThemePictures:
    """A theme, the number of its posts, its most typical pictures, and the id of its place on the page."""

    name: str
    posts: int
    examples: tuple[Example, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The rankings of one classifier; if it has labelled nothing, `version` is None and `why_empty` has the reason.

    `rankings` have charts, `tables` are the classic top tens beside them, and `strips` the pictures of the labels in both.
    `themes` is empty for all kinds but themes.
    """

    classifier: str
    version: str | None
    rankings: tuple[RankedChart, ...]
    why_empty: str = ""
    themes: tuple[ThemePictures, ...] = ()
    tables: tuple[TopTable, ...] = ()
    strips: tuple[Strip, ...] = ()

    def anchor(self, label: str) -> str | None:
        """The id of the place with the label's pictures; None if it has none."""
        anchors = {theme.name: theme.anchor for theme in self.themes}
        anchors |= {label: strip.anchor for strip in self.strips for label in strip.labels}
        return anchors.get(label)


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

    Labels with a `q` below `max_q` differ for certain.

    `left_out` is a sentence on the choices that the data lack; it is empty if they have all.
    """

    data: str
    max_labels: int
    max_q: float
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The complete page.

    `posts` and `pictures` are totals over all accounts; `since` and `until` are the times of the first and last post
    (None if there are none). `notices` are sentences about sources and lanes that are incomplete; `note` is a remark
    about the report, such as that its numbers are invented. `fresh_until` is when a source was last read. `over_time`,
    `posting_advice`, `comments` and `forecast` are None where data are missing.
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
    findings: tuple[Finding, ...] = ()
    fresh_until: datetime | None = None
    data: tuple[DataTable, ...] = ()
    over_time: TrendSection | None = None
    posting_advice: TrendSection | None = None
    explorer: Explorer | None = None
    comments: CommentSection | None = None
    forecast: ForecastSection | None = None

    @property
    def has_one_account(self) -> bool:
        """Whether all posts are of one account."""
        return len(self.accounts) == 1

    def anchor(self, finding: Finding) -> str | None:
        """The id of the place with the pictures of a finding; None if it has none."""
        found = (one.anchor(finding.label) for one in self.sections if one.classifier == finding.classifier)
        return next(found, None)
