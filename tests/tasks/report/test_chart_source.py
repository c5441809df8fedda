"""What stands below a chart, and the scripts that its HTML stores."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tasks.report import chart_html
from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import NARROW, WIDTH
from tasks.report.charts import chart_svg, ranking_chart, save_chart
from tasks.report.content import Heading

SOURCE = ChartSource(
    1, 1, datetime(2025, 10, 5), datetime(2026, 1, 2), "likelens.duckdb", "R1", "visual-2", date(2026, 2, 3), ("within dog",)
)  # fmt: skip
LIKES = Heading("visual", "likes", "lift")


@pytest.mark.parametrize("pixels", [WIDTH, NARROW])
@pytest.mark.parametrize("labels", [("cat",), ()])
def test_a_chart_says_what_it_counts_and_where_it_comes_from(ranking, texts, pixels, labels):
    """It has the number of posts and accounts, the period, further choices, the run, the version and the day."""
    heading = Heading("visual", "likes", "mean")
    shown = " ".join(texts(chart_svg(ranking_chart(ranking(labels), heading, pixels, SOURCE))))
    for text in (
        "n = 1 post of 1 account", "5 October 2025 to 2 January 2026", "within dog", "likelens.duckdb, run R1", "visual-2",
        "drawn 3 February 2026",
    ):  # fmt: skip
        assert text in shown


def test_the_arrow_is_explained_only_where_there_is_one(lifts, texts):
    """A chart without arrows does not mention them."""
    usual = [(f"label {number}", 1.1, 1.0, 1.25, None) for number in range(6)]
    for rows, mentioned in ((usual, False), ([*usual, ("rare", 1.0, 0.001, 900.0, None)], True)):
        shown = " ".join(texts(chart_svg(ranking_chart(lifts(*rows), LIKES))))
        assert ("arrow: the interval goes on" in shown) == mentioned


def test_a_long_label_is_complete_in_every_chart(lifts, texts):
    """A label of a hundred characters has several lines in wide and narrow charts, and no text is lost."""
    label = (
        "soft-coated wheaten terrier, Bedlington terrier or one of many other curly dogs with very long ears"
    )
    for heading in (LIKES, Heading("visual", "likes", "mean")):
        for pixels in (WIDTH, NARROW):
            shown = texts(chart_svg(ranking_chart(lifts((label, 1.2, 0.9, 1.5, None)), heading, pixels)))
            assert label in " ".join(shown)


def test_the_scripts_of_html_files_are_made_once(lifts, tmp_path, monkeypatch):
    """A later process reads them from the folder; a file that is damaged is made again."""
    made = []
    monkeypatch.setattr(chart_html, "_bundle", lambda: made.append(1) or "const vega = 1;")
    chart = ranking_chart(lifts(("dog", 1.2, 0.9, 1.5, None)), LIKES)
    for damage in (None, None, "const", None):
        if damage:
            (stored,) = tmp_path.glob(".vega-lite-*.js")
            stored.write_text(damage)
        monkeypatch.setattr(chart_html, "_bundles", {})
        assert "const vega = 1;" in save_chart(chart, tmp_path, "chart").html.read_text()
    assert len(made) == 2
