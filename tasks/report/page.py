"""The report as one HTML file: no script, nothing to load, and nothing of strangers that could run."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.report import wording
from tasks.report.content import Heading, RankedChart, Report
from tasks.report.names import clean, shorten
from tasks.report.thumbnails import PREFIX

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: only pictures and styles that are in the page itself."""

_TEMPLATES = Path(__file__).parent / "templates"
_WEB = re.compile(r"https?://[^\s\x00-\x20\"'<>\\]+", re.IGNORECASE)
_THUMBNAIL = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9+/=]+")


def render_page(report: Report) -> str:
    """The whole report as the text of an HTML file (to be written as UTF-8)."""
    return _environment().get_template("report.html").render(report=report, policy=POLICY)


def web_address(url: str) -> str | None:
    """`url` where a browser may follow it: http and https only, whatever a post says."""
    return url if _WEB.fullmatch(url) else None


def day(moment: datetime) -> str:
    """For example '5 October 2025', in UTC."""
    moment = _utc(moment)
    return f"{moment.day} {moment:%B %Y}"


def minute(moment: datetime) -> str:
    """For example '5 October 2025, 04:30 UTC'."""
    return f"{day(moment)}, {_utc(moment):%H:%M} UTC"


def chart_source(svg: str) -> str:
    """A chart for `<img src>`.

    Not inline in the page: in an image a browser runs no script, follows no link and loads nothing, so
    that not even a mistake of the chart's maker could reach the page. The price is that its text can't be
    selected, which the table under each chart makes good.
    """
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def thumbnail_source(thumbnail: str | None) -> str | None:
    """The thumbnail for `<img src>`; None for anything but a data URI as `thumbnails.py` makes it."""
    return thumbnail if thumbnail is not None and _THUMBNAIL.fullmatch(thumbnail) else None


def columns(heading: Heading) -> tuple[str, ...]:
    """Which numbers the table under a chart shows."""
    # Ranked by count each post counts 1: its total would be the posts again, its mean and median 1.
    rest = ("share",) if heading.by == "count" else ("total", "mean", "median")
    return ("posts", "accounts", *rest)


def caption(heading: Heading) -> str:
    """What the numbers in the table under a chart are."""
    said = f"{wording.title(heading)}. {wording.whose(heading)}."
    return said if heading.by == "count" else f"{said} Total, mean and median of {heading.by}."


def table_rows(chart: RankedChart) -> Iterator[tuple[str, str, list[str]]]:
    """Rank, label and the numbers of `columns` for each row, ready to show."""
    digits = wording.places(chart.ranking)
    for row in chart.ranking.iter_rows(named=True):
        shown = {
            column: wording.number(row[column], digits.get(column, 0)) for column in columns(chart.heading)
        }
        if "share" in shown:
            shown["share"] = wording.percent(row["share"])
        yield str(row["rank"]), row["label"], list(shown.values())


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever the page shows is cleaned, so that no template has to remember it.
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
        "table_rows": table_rows,
    }
    environment.globals |= {"in_words": wording.in_words, "title": wording.title}
    return environment


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
