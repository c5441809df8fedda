"""The charts of `test_chart_pictures.py`, and how far a picture may be from the stored one.

`python -m tests.tasks.report.chart_pictures` draws the stored pictures again. Look at them before you commit them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import vl_convert
from PIL import Image

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import NARROW, WIDTH
from tasks.report.charts import chart_svg, ranking_chart
from tasks.report.content import Heading

STORED = Path(__file__).parent / "pictures"
MAX_MARKS = 0.0001
"""Share of pixels that may differ where a chart has no text: another version of the library may draw edges otherwise."""
MAX_MEAN, MAX_INK = 15.0, 1.4
"""With texts: the mean difference (0 to 255), and the ratio of all ink. Another font has less, missing texts have more."""
_DIFFERENT = 16
MARKS = "-marks"

SOURCE = ChartSource(
    540, 3, datetime(2025, 10, 5), datetime(2026, 11, 26), "likelens.duckdb", "20261127T001134Z-78a736",
    "visual-2", date(2026, 11, 27),
)  # fmt: skip
LABELS = (
    ("dog", 1.35, 1.2, 1.52, 0.001),
    ("soft-coated wheaten terrier, Bedlington terrier or one of many other curly dogs with long ears", 1.3, 1.05, 1.6, 0.2),
    ("<b>bold</b> & Straße", 1.2, 0.9, 1.5, 0.4),
    ("wide", 1.1, 0.2, 30.0, 0.5),
    ("screen", 0.7, 0.6, 0.82, 0.01),
)  # fmt: skip


def ranking() -> pl.DataFrame:
    """A ranking with certain and uncertain labels, a long one, and an interval that leaves the scale."""
    columns = ("label", "lift", "low", "high", "q")
    rows = [
        {"rank": place, "posts": 50 - place, "accounts": 3, "total": 900_000 // place, "mean": 18_000 / place}
        | {
            "median": 15_000.0 / place,
            "share": 0.3 / place,
            "p": 0.01,
            **dict(zip(columns, row, strict=True)),
        }
        for place, row in enumerate(LABELS, start=1)
    ]
    return pl.DataFrame(rows)


def charts() -> Iterator[tuple[str, str]]:
    """The name and the SVG of each chart, with its texts, and without them: then it does not depend on fonts."""
    for name, heading in (
        ("lift", Heading("visual", "likes", "lift")),
        ("mean", Heading("inception_v3", "comments", "mean", "instagram")),
    ):
        for pixels in (WIDTH, NARROW):
            svg = chart_svg(ranking_chart(ranking(), heading, pixels, SOURCE))
            yield f"{name}-{pixels}", svg
            yield f"{name}-{pixels}{MARKS}", re.sub(r"<text.*?</text>", "", svg)


def draw(svg: str) -> Image.Image:
    """The picture of a chart."""
    return Image.open(io.BytesIO(vl_convert.svg_to_png(svg))).convert("RGB")


def is_like(name: str, svg: str) -> bool:
    """Whether a chart is like the stored picture of that name: with its texts about, and without them closely."""
    with Image.open(STORED / f"{name}.png") as picture:
        stored = np.asarray(picture.convert("RGB"), np.int16)
    drawn = np.asarray(draw(svg), np.int16)
    if drawn.shape != stored.shape:
        return False
    apart = np.abs(drawn - stored).max(axis=2)
    if name.endswith(MARKS):
        return bool((apart > _DIFFERENT).mean() <= MAX_MARKS)
    ink = (255 - drawn).sum() / (255 - stored).sum()
    return bool(apart.mean() <= MAX_MEAN and 1 / MAX_INK <= ink <= MAX_INK)


def main() -> None:
    """Draw the stored pictures again."""
    STORED.mkdir(exist_ok=True)
    for name, svg in charts():
        # Fewer colours make the pictures with texts small; marks are compared closely.
        picture = draw(svg) if name.endswith(MARKS) else draw(svg).quantize(32)
        picture.save(STORED / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
