"""The report as a Markdown file: findings and tables, without charts and pictures.

Names and messages are external text. Names become code spans, in which Markdown and HTML mean nothing and no program
makes links or mentions; in messages the characters that have a meaning are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.markdown import escape_signs
from tasks.report.comments.content import CommentSection
from tasks.report.content import Heading, RankedChart, Report, Section, TopTable
from tasks.report.forecast.content import ForecastSection
from tasks.report.lift_wording import find_difference
from tasks.report.names import clean, shorten
from tasks.report.page import caption, column_title, columns, day, minute, table_rows
from tasks.report.trends.content import TrendTable
from tasks.report.wording import number, title

_MAX_NAME_EMS = 60
_EXPLANATION = (
    "In brackets: the 95% interval and the number of posts. This is no experiment: what the pictures show need not be the"
    " cause."
)


def render_markdown(report: Report) -> str:
    """The report as text, to be written as UTF-8."""
    return "\n".join(_lines(report)) + "\n"


def as_code(name: str, *, in_table: bool = False) -> str:
    """A name as a code span: cleaned, on one line, with as many backticks around it as it needs."""
    text = shorten(name, _MAX_NAME_EMS) or "(no name)"
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    # In a table a bar ends the cell, also in a code span.
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|" if in_table else "|")


def escape(text: str) -> str:
    """A sentence that may have external text, cleaned, on one line, with its special characters escaped."""
    return escape_signs(clean(text))


def _lines(report: Report) -> Iterator[str]:
    yield f"# {escape(report.title)}"
    yield ""
    yield from _facts(report)
    if report.note:
        yield from ("", f"> {escape(report.note)}")
    if report.notices:
        yield from ("", "Incomplete:", "")
        yield from (f"- {escape(notice)}" for notice in report.notices)
    if report.findings:
        yield from ("", "## Findings", "")
        for finding in report.findings:
            # `clean` would remove the space before and after the name.
            opening, rest = map(escape_signs, (finding.opening, finding.rest))
            yield f"- {opening}{as_code(finding.name) if finding.name else ''}{rest}"
        yield from ("", _EXPLANATION)
    for section in report.sections:
        yield from _section(section, one_account=report.has_one_account)
    if report.comments:
        yield from _comments(report.comments)
    if report.forecast:
        yield from _forecast(report.forecast)
    yield from ("", f"Made by likelens on {minute(report.generated_at)}.")


def _facts(report: Report) -> Iterator[str]:
    period = " to ".join(day(one) for one in (report.since, report.until) if one)
    yield f"{number(report.posts)} posts, {number(report.pictures)} pictures{f', {period}' if period else ''}."
    if report.accounts:
        yield ""
        yield f"Accounts: {', '.join(as_code(one.account) for one in report.accounts[:20])}" + (
            f" and {len(report.accounts) - 20:,} more." if len(report.accounts) > 20 else "."
        )


def _section(section: Section, *, one_account: bool) -> Iterator[str]:
    yield from ("", f"## {as_code(section.classifier)}")
    if section.version is None:
        yield from ("", f"No labels yet. {escape(section.why_empty)}".rstrip())
    for chart in section.rankings:
        yield from _ranking(chart.heading, chart, one_account=one_account)
        if chart.ranking.is_empty() and chart.why_empty:
            yield from ("", escape(chart.why_empty))
        if chart.compared:
            yield from ("", escape(chart.compared))
    for table in section.tables:
        yield from _ranking(table.heading, _as_chart(table), one_account=one_account)


def _comments(section: CommentSection) -> Iterator[str]:
    yield from ("", "## What people say", "")
    yield from (f"- {escape(sentence)}" for sentence in section.sentences)
    for one in section.differences:
        yield f"- {escape(one.before)} {as_code(one.label)} {escape(one.after)}"
    for group in section.topics:
        yield from ("", f"### Topics in {escape(group.title)}", "")
        yield from ("| Topic | Comments | Share | Posts |", "|:---|---:|---:|---:|")
        for row in group.rows:
            yield f"| {as_code(row.name, in_table=True)} | {row.comments} | {row.share} | {row.posts} |"
        quotes = [row.quote for row in group.rows if row.quote]
        if quotes:
            yield from ("", *(f"> {escape(quote)}\n>" for quote in quotes))
        if group.note:
            yield from ("", escape(group.note))
    if section.languages:
        yield from ("", "### Languages", "")
        yield from ("| Language | Comments | Share | With tone | Topics |", "|:---|---:|---:|---:|---:|")
        yield from (
            f"| {row.name} | {row.comments} | {row.share} | {row.with_tone} | {row.topics} |"
            for row in section.languages
        )


def _forecast(section: ForecastSection) -> Iterator[str]:
    yield from ("", "## Forecast", "")
    yield from (f"- {escape(sentence)}" for sentence in section.sentences)
    yield from ("", "### What the forecast is worth")
    yield from _table(section.skill)
    for chart in section.charts:
        yield from ("", f"### {chart.card.title}")
        yield from _table(chart.card.table)
    if section.next:
        yield from ("", "### What to post next", "", *map(escape, section.next.sentences), "")
        yield f"| Rank | Picture | {section.next.measure.capitalize()} | 80% interval | First gets more |"
        yield "|---:|:---|---:|---:|---:|"
        for one in section.next.candidates:
            name = as_code(one.name, in_table=True)
            yield f"| {one.rank} | {name} | {one.median} | {one.interval} | {one.wins} |"
        if section.next.note:
            yield from ("", section.next.note)
    if section.remarks:
        yield from ("", *map(escape, section.remarks))


def _table(table: TrendTable) -> Iterator[str]:
    yield from ("", f"| {' | '.join(table.columns)} |", f"|:---|{'---:|' * (len(table.columns) - 1)}")
    yield from (f"| {' | '.join(row)} |" for row in table.rows)
    yield from ("", escape(table.caption))


def _ranking(heading: Heading, chart: RankedChart, *, one_account: bool) -> Iterator[str]:
    yield from ("", f"### {escape(title(heading))}")
    if chart.ranking.is_empty():
        return
    if heading.by_lift:
        finding = find_difference(chart.ranking, heading, one_account=one_account)
        name = f" {as_code(finding.label)} " if finding.label else ""
        yield from ("", f"{escape(finding.before)}{name}{escape(finding.after)}")
    names = [column_title(name) for name in columns(heading)]
    yield from ("", f"| Rank | Label | {' | '.join(names)} |", f"|---:|:---|{'---:|' * len(names)}")
    for rank, label, values in table_rows(chart):
        yield f"| {rank} | {as_code(label, in_table=True)} | {' | '.join(map(escape, values))} |"
    yield from ("", escape(caption(heading)))


def _as_chart(table: TopTable) -> RankedChart:
    return RankedChart(table.heading, table.ranking, "")
