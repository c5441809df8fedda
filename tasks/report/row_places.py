"""Where the rows of a ranking are in its chart, and the marks of their names.

Vega is given every place in pixels, so that it has no text to measure: names have as many lines as they need, and rows
as much height as their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from tasks.report.chart_style import GROUND, INK, LABEL_SIZE, ROW, WIDTH, margin
from tasks.report.label_lines import font_of, full_name, label_lines
from tasks.report.names import width

LINE = 16
"""From one line of a name to the next."""
GAP = 12
"""Between a name and its row's mark."""
_MAX_NAMES = 200
"""The part of a wide chart for names; longer ones have several lines."""
_TEXT_TO_MARK = 20
"""From the numbers of a narrow chart's row to its mark."""
_ROW_END = 20
"""From the mark to the next row."""


@dataclass(frozen=True, slots=True)
class RowPlaces:
    """The places of all rows, in pixels from the upper left corner of the chart's inner area.

    `inner` and `height` are its size. The names end at `names` if the chart is `wide`; else each is above its mark.
    """

    wide: bool
    inner: float
    names: float
    height: float

    @property
    def left(self) -> float:
        """The left end of the marks."""
        return self.names + GAP if self.wide else 0


def place_rows(rows: list[dict[str, Any]], pixels: int, numbers: float) -> RowPlaces:
    """Add to each row its `lines` and `font`, and the places of its mark (`y`), name (`name_y`) and numbers (`number_y`).

    `numbers` is the width of the numbers beside a name in a narrow chart. There a row also has the ends of its
    texts, `top` and `bottom`.
    """
    wide, inner = pixels >= WIDTH, pixels - 2 * margin(pixels)
    y, names = 0.0, 0.0
    for row in rows:
        row["label"] = full_name(row["label"])
        row["font"] = font_of(row["label"])
        row["lines"] = label_lines(row["label"], (_MAX_NAMES if wide else inner) / LABEL_SIZE)
        more = LINE * (len(row["lines"]) - 1)
        names = max(names, *(_pixels(line) for line in row["lines"]))
        if wide:
            height = ROW + more
            row |= {"y": y + height / 2, "name_y": y + ROW / 2, "number_y": y + height / 2}
        else:
            fits = _pixels(row["lines"][-1]) <= inner - numbers - GAP
            row |= {"top": y, "name_y": y + LINE / 2, "number_y": y + LINE / 2 + more + (0 if fits else LINE)}
            row |= {"bottom": row["number_y"] + LINE / 2, "y": row["number_y"] + _TEXT_TO_MARK}
            height = row["y"] + _ROW_END - y
        y += height
    return RowPlaces(wide, inner, min(names, _MAX_NAMES) if wide else 0, y)


def _pixels(name: str) -> float:
    return width(name) * LABEL_SIZE


def name_marks(places: RowPlaces) -> list[alt.Chart]:
    """The names of the rows; in a narrow chart on a ground that the lines of the plot do not cross."""
    style: dict[str, Any] = {
        "align": "right" if places.wide else "left",
        "fontSize": LABEL_SIZE,
        "color": INK,
    }
    texts = alt.Chart().mark_text(lineHeight=LINE, font=alt.ExprRef("datum.font"), aria=False, **style)
    names = texts.encode(y=y_of("name_y"), x=alt.XValue(places.names), text=alt.Text("lines:N"))  # type: ignore[no-untyped-call]
    if places.wide:
        return [names]
    ground = alt.Chart().mark_rect(color=GROUND, aria=False)
    ends = {"x": alt.XValue(0), "x2": alt.X2Value(places.inner), "y2": alt.Y2("bottom:Q")}  # type: ignore[no-untyped-call]
    return [ground.encode(y=y_of("top"), **ends), names]


def y_of(field: str) -> alt.Y:
    """The vertical place of a mark: a field that has it in pixels."""
    return alt.Y(f"{field}:Q", scale=None, axis=None)
