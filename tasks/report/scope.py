"""Which posts a report is about, and whether it is for sending on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tasks.report.content import Report, Section
from tasks.report.forecast.content import ForecastSettings
from warehouse.ranking.ranking_query import RankingQuery, file_stem

SHARED_NOTICE = "The last run was incomplete."
"""In place of the notices, which may have addresses and paths."""


@dataclass(frozen=True, slots=True)
class ReportScope:
    """The posts of an account (None: of all) from `since` to `until` (UTC, both included; None: no limit).

    With `share` the report is for sending on: `strip_private` leaves out what is of other people. With `quote` it may
    have texts of comments. `forecasts` are the models and candidates that it shows.
    """

    account: str | None = None
    since: date | None = None
    until: date | None = None
    share: bool = False
    quote: bool = False
    forecasts: ForecastSettings | None = None

    @property
    def has_all_posts(self) -> bool:
        """Whether no post is left out."""
        return self.account is None and self.since is None and self.until is None

    @property
    def chosen(self) -> RankingQuery:
        """The posts, as a query of no classifier."""
        return RankingQuery("", account=self.account, since=self.since, until=self.until)

    @property
    def stem(self) -> str:
        """A file name without extension, such as `report-ann-since-2026-01-01`; two scopes never share one."""
        parts = ["report"] if self.account is None else ["report", self.account]
        parts += [f"{name}-{day}" for name, day in (("since", self.since), ("until", self.until)) if day]
        return file_stem(*parts, *(["share"] if self.share else []))

    def choose(self, questions: Sequence[RankingQuery]) -> list[RankingQuery]:
        """The questions about the posts of the scope alone."""
        return [replace(one, account=self.account, since=self.since, until=self.until) for one in questions]

    def describe(self) -> str:
        """For example 'account ann, 2026-01-01 to 2026-06-30'; empty if it has all posts."""
        parts = [] if self.account is None else [f"account {self.account}"]
        if self.since and self.until:
            parts.append(f"{self.since} to {self.until}")
        elif self.since or self.until:
            parts.append(f"since {self.since}" if self.since else f"until {self.until}")
        return ", ".join(parts)


EVERYTHING = ReportScope()
"""All posts, and all parts of the page."""


def strip_private(report: Report) -> Report:
    """The report without pictures, texts of posts and commenters, links to posts, and what the data of the home are.

    Names of accounts, labels, findings and numbers stay. A part of the page that is not named here is left out.
    """
    return Report(
        title=report.title,
        generated_at=report.generated_at,
        run_id=report.run_id,
        note=report.note,
        accounts=report.accounts,
        posts=report.posts,
        pictures=report.pictures,
        since=report.since,
        until=report.until,
        notices=(SHARED_NOTICE,) if report.notices else (),
        sections=tuple(map(_strip_section, report.sections)),
        findings=report.findings,
        fresh_until=report.fresh_until,
        over_time=report.over_time,
        posting_advice=report.posting_advice,
        explorer=report.explorer,
        comments=report.comments and report.comments.without_quotes(),
        forecast=report.forecast and report.forecast.without_candidates(),
    )


def _strip_section(section: Section) -> Section:
    return Section(section.classifier, section.version, section.rankings, tables=section.tables)
