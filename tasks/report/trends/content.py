"""The content of a section: frozen values that `tasks/report/templates/trends.html` shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence; `label`, an external name in quotation marks, stands between its two texts."""

    before: str
    label: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class TrendTable:
    """The numbers behind a chart as formatted text; the first column has the names of the rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TrendCard:
    """A chart as SVG text, for wide screens and for phones, with its table. `narrow_svg` is None if one fits both."""

    title: str
    svg: str
    alternative_text: str
    table: TrendTable
    narrow_svg: str | None = None


@dataclass(frozen=True, slots=True)
class TrendSection:
    """One to four sentences, the cards, and remarks on what the numbers do not say."""

    sentences: tuple[Sentence, ...]
    cards: tuple[TrendCard, ...]
    remarks: tuple[str, ...] = ()
