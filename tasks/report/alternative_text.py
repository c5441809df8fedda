"""A ranking as a paragraph, the alternative text of its chart."""

from __future__ import annotations

import polars as pl

from tasks.report.content import Heading
from tasks.report.lift_wording import lifts_in_words
from tasks.report.names import shorten
from tasks.report.wording import Measure, measure, number, posts, scope, title


def in_words(ranking: pl.DataFrame, heading: Heading) -> str:
    """The title of a ranking, and the label and number of each row."""
    lead = f"{title(heading)}. {scope(heading)}."
    if ranking.is_empty():
        return f"{lead} Nothing to rank yet."
    if heading.by_lift:
        return f"{lead} {lifts_in_words(ranking, heading)}"
    by = measure(ranking, heading)
    rows = ranking.select("rank", "label", "posts", worth=by.column).iter_rows()
    entries = [_entry(*row, heading=heading, by=by) for row in rows]
    return f"{lead} {by.name.capitalize()}: {'; '.join(entries)}."


def _entry(rank: int, label: str, count: int, worth: float | None, *, heading: Heading, by: Measure) -> str:
    suffix = "" if heading.by == "count" else f" ({posts(count)})"
    return f"{rank}. {shorten(label, 60)} {number(worth, by.decimals)}{suffix}"
