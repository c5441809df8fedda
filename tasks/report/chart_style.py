"""The theme of all charts: fonts, colours for light and dark pages, and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from warehouse.ranking.measures import By

WIDTH = 620
"""Width of a complete chart in pixels; the PNG has `charts.SCALE` times as many."""
NARROW = 350
"""Width of a chart for phones."""

_LIKES, _COMMENTS, _COUNT = "#c8321e", "#2a52d8", "#0f9b76"
COLOURS: dict[By, str] = {
    "likes": _LIKES,
    "likes_per_follower": _LIKES,
    "likes_first_day": _LIKES,
    "likes_first_week": _LIKES,
    "comments": _COMMENTS,
    "comments_per_like": _COMMENTS,
    "tone": _COMMENTS,
    "questions": _COMMENTS,
    "spam": _COMMENTS,
    "count": _COUNT,
    "shares": _COUNT,
}
UNCERTAIN = "#5c626e"
"""The colour of an interval that includes 1."""
INK, GREY, GRID, GROUND = "#1f2430", "#6b7280", "#e8eaee", "#ffffff"
DARK = {
    INK: "#e9ebf0",
    GREY: "#a3abba",
    GRID: "#333844",
    GROUND: "#1e2128",
    UNCERTAIN: "#9aa1ad",
    _LIKES: "#f5694a",
    _COMMENTS: "#5c97f0",
    _COUNT: "#35dba0",
}
"""The colour on a dark page for each colour of a chart."""

TITLE_SIZE, LABEL_SIZE, VALUE_SIZE, SMALL_SIZE, SUBTITLE_SIZE = 16, 13, 12, 11, 12
TITLE_LINE, SUBTITLE_LINE, TITLE_GAP = 20, 16, 14
"""Heights of the lines of titles, and all the space between a title, its subtitle and the chart."""
ROW = 30
"""Height of a row of a chart."""

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
OTHER_SCRIPTS_FONT = "Noto Sans, DejaVu Sans, Arial Unicode MS, Arial, sans-serif"
"""For labels with characters that the first font does not have; a browser and vl-convert look further where these lack them."""


@alt.theme.register("likelens", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    return {
        "config": {
            "font": FONT,
            "background": GROUND,
            "view": {"stroke": None},
            "title": {
                "anchor": "start",
                "frame": "bounds",
                "offset": 14,
                "lineHeight": TITLE_LINE,
                "subtitleLineHeight": SUBTITLE_LINE,
                "color": INK,
                "fontSize": TITLE_SIZE,
                "subtitleColor": GREY,
                "subtitleFontSize": SUBTITLE_SIZE,
                "subtitlePadding": 5,
            },
            "axis": {
                "labelColor": GREY,
                "titleColor": GREY,
                "titleFontWeight": "normal",
                "gridColor": GRID,
                "domain": False,
                "ticks": False,
            },
        }
    }


class MarkLayers(alt.LayerChart):
    """Marks over each other, of which each has its own data or the chart's, and none has parameters.

    `alt.LayerChart` looks for data and parameters that its layers share, and copies all of them several times for
    that: when it is made, and again when it becomes a dictionary.
    """

    def __init__(self, data: Any = alt.Undefined, layer: Sequence[alt.Chart] = (), **properties: Any) -> None:
        alt.TopLevelLayerSpec.__init__(self, data=data, layer=list(layer), **properties)


def style_chart(layers: alt.LayerChart, chart_title: alt.TitleParams, pixels: int = WIDTH) -> alt.LayerChart:
    """The chart with its title, `pixels` wide; Vega measures the texts beside its plot and makes the plot narrower."""
    # Not with `properties`, which copies the chart with all its rows each time.
    layers.title = chart_title
    layers.width, layers.padding = pixels, margin(pixels)
    layers.autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    return layers


def margin(pixels: int) -> int:
    """The empty space on each side of a chart that is `pixels` wide."""
    return 16 if pixels >= WIDTH else 8


def layer_marks(
    layers: list[alt.Chart], rows: list[dict[str, Any]], height: float | alt.Step
) -> alt.LayerChart:
    """The marks of `layers` over each other; all draw the same rows."""
    return MarkLayers(data={"values": rows}, layer=layers, height=height)


def dark_style() -> str:
    """A style sheet that gives a chart's SVG, also inside `<img>`, the colours of `DARK` where the reader prefers a dark page.

    The colours in an SVG of Vega are attributes, which a style sheet overrides.
    """
    rules = [
        f'[{name}="{light}"]{{{name}:{dark}}}' for light, dark in DARK.items() for name in ("fill", "stroke")
    ]
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"
