"""The likes of each account over time on a logarithmic axis: dots are posts, the line is the account's level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from tasks.report.chart_style import (
    COLOURS,
    GREY,
    GRID,
    INK,
    LABEL_SIZE,
    SUBTITLE_SIZE,
    WIDTH,
    layer_marks,
    margin,
    row_key,
    style_chart,
)
from tasks.report.names import shorten, wrap
from warehouse.overview.account_levels import AccountLevels
from warehouse.ranking.lift.blocks import BLOCK_POSTS

TITLE = "Likes of each post"
_HEIGHT = 150
_AXIS = 52
"""Space for the labels of the y axis."""
_GRID_COLOUR: Any = {
    "condition": {"test": "indexof('125', slice(format(datum.value, '.0e'), 0, 1)) >= 0", "value": GRID},
    "value": "transparent",
}
"""Lines at 1, 2, 5, 10, …: a logarithmic axis has one at each digit."""
_LEAST = 1
"""Posts with fewer likes are drawn here: a logarithmic axis has no 0."""


@debug_mode(False)
def draw_timelines(accounts: Sequence[AccountLevels], pixels: int) -> alt.FacetChart:
    """A plot for each account, with the same axis of time and an axis of likes of its own."""
    rows = [
        row
        for index, one in enumerate(accounts)
        for row in _rows(one, row_key(index, shorten(one.account, 24)))
    ]
    axis = alt.Axis(gridColor=_GRID_COLOUR, tickCount=4, format="~s", title=None)
    scale = alt.Scale(type="log", nice=True)
    time_axis = alt.Axis(grid=False, title=None, tickCount=6 if pixels >= WIDTH else 4, labelOverlap=True)
    x = alt.X("at:T", scale=alt.Scale(type="utc"), axis=time_axis)
    dots = alt.Chart().mark_circle(size=22, color=COLOURS["likes"], opacity=0.45, aria=False)
    line = alt.Chart().mark_line(color=INK, strokeWidth=2.5, aria=False)
    levels = line.encode(x=x, y=alt.Y("level:Q", scale=scale)).transform_filter("datum.level !== null")
    layers = [dots.encode(x=x, y=alt.Y("likes:Q", axis=axis, scale=scale)), levels]
    inner = layer_marks(layers, [], _HEIGHT)
    styled = style_chart(inner, _title(accounts, pixels), pixels)
    chart = alt.FacetChart(
        data={"values": rows},
        spec=alt.LayerChart(layer=layers, height=_HEIGHT, width=pixels - 2 * margin(pixels) - _AXIS),
        facet=alt.Facet(
            "account:N",
            title=None,
            header=alt.Header(
                labelExpr="substring(datum.value, 5)",
                labelAnchor="start",
                labelFontSize=LABEL_SIZE,
                labelFontWeight=600,
                labelColor=INK,
                labelPadding=4,
            ),
        ),
        columns=1,
        spacing=14,
        resolve=alt.Resolve(scale=alt.LegendResolveMap(y="independent")),
    )
    chart.title, chart.background = styled.title, styled.background
    chart.padding, chart.config = styled.padding, styled.config
    return chart


def _rows(levels: AccountLevels, key: str) -> list[dict[str, Any]]:
    """A row for each dot, and two for each run: the flat part of its line."""
    dots = [
        {"account": key, "at": _milliseconds(at), "likes": max(value, _LEAST), "level": None}
        for at, value in levels.dots.select("posted_at", "value").iter_rows()
    ]
    runs = [
        {"account": key, "at": _milliseconds(at), "likes": None, "level": max(median, _LEAST)}
        for first, last, median in levels.runs.select("first", "last", "median").iter_rows()
        for at in (first, last)
    ]
    return [*dots, *runs]


def _milliseconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000)


def _title(accounts: Sequence[AccountLevels], pixels: int) -> alt.TitleParams:
    thinned = any(one.step > 1 for one in accounts)
    legend = [
        f"dot: {'some of the posts' if thinned else 'a post'}",
        "line: median of about 20 posts"
        if max(max(one.runs["posts"]) for one in accounts) < 2 * BLOCK_POSTS
        else "line: median of a run of posts",
        "logarithmic axis",
    ]
    if any((one.dots["value"] < _LEAST).any() for one in accounts):
        legend.append("posts without likes are drawn at 1")
    subtitle = wrap(legend, (pixels - 2 * margin(pixels)) / SUBTITLE_SIZE)
    return alt.TitleParams(
        TITLE, subtitle=subtitle, anchor="start", frame="bounds", offset=14, subtitleColor=GREY
    )
