"""The report as one HTML file without external references, with at most one script of its own. No external text can run in it."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tasks.report import wording
from tasks.report.alternative_text import in_words
from tasks.report.content import Heading, RankedChart, Report, TopTable
from tasks.report.explorer import script, script_hash
from tasks.report.findings import Finding, ratio_in_words
from tasks.report.lift_wording import direction, find_difference, interval, lift_meaning, lift_of, p_value
from tasks.report.names import clean, shorten
from tasks.thumbnails import PREFIX
from warehouse.ranking.plain_statistics import OPTIONAL, PLAIN_STATISTICS
from warehouse.schema.utc import as_utc

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: only pictures and styles of the page itself, and its own script where it has one."""

BAR_STEPS = 20
"""Lengths of the bars in small tables; the style sheet has a class for each."""
MAX_NOTICES = 4
"""Notices at the top of the page."""

_TEMPLATES = Path(__file__).parent / "templates"
_WEB = re.compile(r"https?://[^\s\x00-\x20\"'<>\\]+", re.IGNORECASE)
_THUMBNAIL = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9+/=]+")


def render_page(report: Report) -> str:
    """The report as the text of an HTML file (to be written as UTF-8)."""
    policy = POLICY if report.explorer is None else f"{POLICY}; script-src '{script_hash()}'"
    return _environment().get_template("report.html").render(report=report, policy=policy)


def web_address(url: str) -> str | None:
    """`url` if it is an http or https address, else None."""
    return url if _WEB.fullmatch(url) else None


def day(moment: datetime) -> str:
    """For example '5 October 2025', in UTC."""
    return wording.full_date(as_utc(moment).date())


def short_day(moment: datetime) -> str:
    """For example '5 Oct 2025', in UTC."""
    moment = as_utc(moment)
    return f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime) -> str:
    """For example '5 October 2025, 04:30 UTC'."""
    return f"{day(moment)}, {as_utc(moment):%H:%M} UTC"


def chart_source(svg: str) -> str:
    """A chart for `<img src>`.

    It is not inline SVG, because a browser runs no script, follows no link and loads nothing in an image. So an error
    in the chart can't affect the page. The chart's text can't be selected; the table below it can.
    """
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def thumbnail_source(thumbnail: str | None) -> str | None:
    """The thumbnail for `<img src>`; None unless it is a data URI from `thumbnails.py`."""
    return thumbnail if thumbnail is not None and _THUMBNAIL.fullmatch(thumbnail) else None


def columns(heading: Heading) -> tuple[str, ...]:
    """The columns of numbers in the table below a chart."""
    if heading.by_lift:
        return ("posts", "accounts", "lift", "interval", "q", "mean", "median", "share")
    # By count each post counts 1, so the total equals the posts, and mean and median are 1.
    if heading.by == "count":
        return ("posts", "accounts", "share")
    optional = (heading.statistic,) if heading.statistic in OPTIONAL else ()
    return ("posts", "accounts", *optional, "total", "mean", "median")


def column_title(column: str) -> str:
    """The name of a column in the head of the table."""
    return column if column == "q" else wording.statistic_name(column).capitalize()


def caption(heading: Heading) -> str:
    """The caption of the table below a chart."""
    text = f"{wording.title(heading)}. {wording.scope(heading)}."
    if heading.by_lift:
        return (
            f"{text} Lift: {lift_meaning(heading)}, with its 95% interval. q: the p-value corrected for the number of"
            f" labels. Mean and median of {heading.by}. Share of the compared posts."
        )
    if heading.by == "count":
        return text
    note = PLAIN_STATISTICS[heading.statistic].note
    return f"{text} Total, mean and median of {heading.by}. {note}".rstrip()


def table_rows(chart: RankedChart) -> Iterator[tuple[str, str, list[str]]]:
    """Rank, label and the formatted numbers of `columns` for each row."""
    digits = wording.column_decimals(chart.ranking)
    for row in chart.ranking.iter_rows(named=True):
        yield str(row["rank"]), row["label"], [_cell(row, name, digits) for name in columns(chart.heading)]


def _cell(row: dict[str, Any], column: str, digits: dict[str, int]) -> str:
    if column == "share":
        return wording.percent(row["share"])
    if column == "lift":
        return lift_of(row)
    if column == "interval":
        return interval(row["low"], row["high"])
    if column == "q":
        return p_value(row["q"])
    return wording.number(row[column], digits.get(column, 0))


def top_title(heading: Heading) -> str:
    """The title of a small table, such as 'Mean likes'."""
    if heading.by == "count":
        return "Most posts"
    return f"{wording.statistic_name(heading.statistic).capitalize()} {heading.by}"


def top_rows(table: TopTable) -> Iterator[tuple[str, str, str, int]]:
    """Label, number, number of posts, and the length of the bar (0 to `BAR_STEPS`) for each row of a small table."""
    by = wording.measure(table.ranking, table.heading)
    largest = max((value for value in table.ranking[by.column] if value is not None), default=0) or 1
    for row in table.ranking.iter_rows(named=True):
        value = row[by.column]
        level = round(BAR_STEPS * value / largest) if value is not None and isfinite(value) else 0
        posts = wording.percent(row["share"]) if by.column == "posts" else wording.number(row["posts"])
        yield row["label"], wording.number(value, by.decimals), posts, level


def inline(text: str) -> Markup:
    """Part of a sentence, cleaned and escaped, with the space at its ends that `clean` removes."""
    before, after = (" " if part.isspace() else "" for part in (text[:1], text[-1:]))
    return escape(f"{before}{clean(text)}{after}")


def finding_ratio(finding: Finding) -> str:
    """The lift of a finding as a mark beside its sentence, such as '1.6' with a times sign; empty if it has none."""
    return "" if finding.lift is None else f"×{ratio_in_words(finding.lift)}"


def finding_kind(finding: Finding) -> str:
    """Its class in the style sheet: more or less than usual for certain, or a hint."""
    if not finding.certain:
        return "hint"
    return "more" if direction(finding.low, finding.high) > 0 else "less"


def short_notices(notices: Sequence[str]) -> str:
    """The first words of the notices, which are the stage, its lane and its status; the section Data has them all."""
    parts = [shorten(notice.partition(". ")[0], 40) for notice in notices[:MAX_NOTICES]]
    more = len(notices) - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more else "")


def nav_links(report: Report) -> Iterator[tuple[str, str]]:
    """Anchor and title of each section of the page, in its order; a new section adds its link here."""
    for number, section in enumerate(report.sections, start=1):
        yield f"section-{number}", section.classifier
    if report.over_time:
        yield "over-time", "Over time"
    if report.posting_advice:
        yield "posting-advice", "What to post and when"
    if report.comments:
        yield "comments", "What people say"
    if report.forecast:
        yield "forecast", "Forecast"
    for number, compared in enumerate(report.comparisons, start=1):
        yield f"compared-{number}", f"{compared.one} and {compared.other}"
    if report.explorer:
        yield "explore", "Explore"
    yield "data", "Data"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # All text on the page is cleaned here, so that no template can forget it.
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.filters |= {
        "number": wording.number,
        "day": day,
        "minute": minute,
        "shorten": shorten,
        "web_address": web_address,
        "chart_source": chart_source,
        "thumbnail_source": thumbnail_source,
        "caption": caption,
        "columns": columns,
        "column_title": column_title,
        "table_rows": table_rows,
        "top_title": top_title,
        "top_rows": top_rows,
        "short_day": short_day,
        "short_notices": short_notices,
        "inline": inline,
        "ratio": finding_ratio,
        "kind": finding_kind,
        "nav_links": nav_links,
    }
    environment.globals |= {
        "in_words": in_words,
        "title": wording.title,
        "find_difference": find_difference,
        "explorer_script": script,
    }
    return environment
