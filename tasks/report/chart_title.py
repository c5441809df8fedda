"""The title of a ranking's chart, and below it what its marks and numbers are."""

from __future__ import annotations

import altair as alt
import polars as pl

from tasks.report.chart_style import (
    SUBTITLE_LINE,
    SUBTITLE_SIZE,
    TITLE_GAP,
    TITLE_LINE,
    TITLE_SIZE,
    WIDTH,
    margin,
)
from tasks.report.content import Heading
from tasks.report.lift_chart import has_arrows
from tasks.report.lift_wording import MAX_Q, lift_meaning
from tasks.report.names import wrap
from tasks.report.wording import measure, scope, title_lines

_BOLD = 1.08
"""How much wider bold letters are."""


def chart_title(ranking: pl.DataFrame, heading: Heading, pixels: int) -> tuple[alt.TitleParams, float]:
    """The title with its subtitle, on as many lines as they need, and the height of both with the space below them."""
    inner = pixels - 2 * margin(pixels)
    lines = title_lines(heading)
    text = wrap([": ".join(lines)] if pixels >= WIDTH else lines, inner / (TITLE_SIZE * _BOLD), apart=True)
    phrases = [*([] if ranking.is_empty() else _legend(ranking, heading)), scope(heading)]
    subtitle = wrap(phrases, inner / SUBTITLE_SIZE)
    height = len(text) * TITLE_LINE + len(subtitle) * SUBTITLE_LINE + TITLE_GAP
    # Vega does not know where the names begin, so the title begins where the inner area does.
    return alt.TitleParams(text, subtitle=subtitle, frame="group"), height


def _legend(ranking: pl.DataFrame, heading: Heading) -> list[str]:
    if not heading.by_lift:
        share = "%: share of the labelled posts" if heading.by == "count" else "n: posts with the label"
        return [f"bar: {measure(ranking, heading).name}", share]
    legend = [
        f"dot: {lift_meaning(heading)}",
        "line: 95% interval",
        f"● certain (q < {MAX_Q})",
        "○ may be chance",
        "n: posts with the label",
    ]
    return [*legend, "arrow: the interval goes on"] if has_arrows(ranking) else legend
