"""The charts by lift as Markdown for Prefect's pages: each with its picture in it, since a page can't open files."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from tasks.markdown import escape
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery

MAX_WIDTH = 1000
"""Pixels; the pages of Prefect show about 850."""
MAX_BYTES = 200_000
"""A chart whose picture is larger is left out: artifacts are rows of Prefect's database."""
COLOURS = 64


def chart_artifacts(home: Home, questions: Sequence[RankingQuery]) -> Iterator[tuple[str, str, str]]:
    """Key, Markdown and description of the chart by lift of likes of each classifier that has one."""
    for question in questions:
        file = home.report / f"{question.stem}.png"
        if not question.by_lift or question.by != "likes" or not file.exists():
            continue
        picture = _small_png(file)
        if len(picture) <= MAX_BYTES:
            name = escape(question.classifier)
            data = base64.b64encode(picture).decode()
            key = re.sub(r"[^a-z0-9]+", "-", f"chart-{question.stem}".lower()).strip("-")
            yield key, f"![Lift of likes, {name}](data:image/png;base64,{data})", f"Lift of likes, {name}"


def _small_png(file: Path) -> bytes:
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    if picture.width > MAX_WIDTH:
        height = max(1, round(picture.height * MAX_WIDTH / picture.width))
        picture = picture.resize((MAX_WIDTH, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
