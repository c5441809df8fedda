"""The chart of a ranking by lift: a dot and an interval for each label, and a line at 1."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from tasks.report.chart_style import COLOURS, GROUND, NARROW, UNCERTAIN, WIDTH
from tasks.report.charts import chart_svg, ranked_chart, ranking_chart, save_chart
from tasks.report.content import Heading

LIKES = Heading("visual", "likes", "lift")
ROWS = (
    ("dog", 1.35, 1.2, 1.52, 0.001),
    ("golden retriever", 1.2, 0.9, 1.6, 0.4),
    ("screen", 0.7, 0.6, 0.82, 0.01),
)
WIDTHS = pytest.mark.parametrize("pixels", [WIDTH, NARROW])


def rows_of(chart) -> list[dict[str, object]]:
    """The rows that a chart draws."""
    (rows,) = chart.to_dict()["datasets"].values()
    return rows


def domain_of(chart) -> list[float]:
    """The ends of the chart's scale."""
    scales = re.findall(r'"domain": (\[[^\]]*\])', json.dumps(chart.to_dict()))
    (domain,) = {tuple(json.loads(scale)) for scale in scales}
    return list(domain)


@WIDTHS
@pytest.mark.parametrize("by", ["likes", "comments"])
def test_a_ranking_by_lift_has_a_chart(lifts, texts, check_harmless, by, pixels):
    """The chart is valid, and has the requested width, its labels, its numbers, and the title and colour of its measure."""
    chart = ranking_chart(lifts(*ROWS), Heading("visual", by, "lift"), pixels)
    chart.to_dict(validate=True)
    svg = chart_svg(chart)
    assert float(ElementTree.fromstring(svg).attrib["width"]) == pytest.approx(pixels, abs=2)
    shown = texts(svg)
    assert {"dog", "golden retriever", "screen", "×1.35", "(1.20 to 1.52)", "×0.70"} <= set(shown)
    assert shown.count("n = 48") == len(ROWS)
    assert f"visual: labels by lift of {by}" in ": ".join(shown)
    assert f"times the {by} of the account's other posts of that time" in " ".join(shown)
    assert "line: 95% interval" in " ".join(shown)
    assert COLOURS[by] in svg
    check_harmless(svg)


@WIDTHS
def test_labels_have_the_order_of_the_ranking(lifts, texts, pixels):
    """The first label of the ranking is on top, independent of the alphabet."""
    names = ("zebra", "ant", "mole")
    frame = lifts(*((name, 1.0, 0.8, 1.2, None) for name in names))
    shown = texts(chart_svg(ranking_chart(frame, LIKES, pixels)))
    # The white outline of a text is a text too.
    assert list(dict.fromkeys(text for text in shown if text in names)) == list(names)


@WIDTHS
def test_the_axis_has_ratios_and_marks_the_usual(lifts, texts, pixels):
    """The ticks are ratios; the tick at 1 is marked as the usual."""
    shown = texts(chart_svg(ranking_chart(lifts(("dog", 1.6, 0.45, 4.2, 0.5)), LIKES, pixels)))
    assert {"×0.5", "×1", "usual", "×2", "×4"} <= set(shown)


def test_certain_and_uncertain_differ_by_more_than_their_colour(lifts):
    """Only a dot that differs for certain is filled: not where q is large or unknown, or the interval includes 1."""
    rows = (*ROWS, ("hint", 1.3, 1.05, 1.6, 0.2), ("unknown", 1.3, 1.05, 1.6, None))
    svg = chart_svg(ranking_chart(lifts(*rows), LIKES))
    dots = re.findall(r'aria-roledescription="point"[^>]*fill="([^"]+)"[^>]*stroke="([^"]+)"', svg)
    filled = COLOURS["likes"]
    assert [fill for fill, _ in dots] == [filled, GROUND, filled, GROUND, GROUND]
    assert [stroke for _, stroke in dots] == [filled, UNCERTAIN, filled, filled, filled]


@WIDTHS
def test_each_dot_has_a_description(lifts, pixels):
    """A screen reader hears the lift, the interval and the number of posts of each row once."""
    svg = chart_svg(ranking_chart(lifts(*ROWS), LIKES, pixels))
    described = re.findall(r'aria-label="([^"]*)" role="graphics-symbol"', svg)
    dots = [text for text in described if "times the likes" in text]
    assert len(dots) == len(ROWS)
    assert "dog: 1.35 times the likes" in dots[0]
    assert "interval 1.20 to 1.52, 48 posts" in dots[0]


def test_the_tooltip_has_all_columns(lifts):
    """The tooltip has every column of the ranking except its rank, formatted."""
    chart = ranking_chart(lifts(*ROWS), LIKES).to_dict()
    (tooltip,) = [layer["encoding"]["tooltip"] for layer in chart["layer"] if "tooltip" in layer["encoding"]]
    fields = [entry["field"] for entry in tooltip]
    expected = "label posts accounts lift low high p q total mean median share"
    assert fields == expected.split()
    (rows,) = chart["datasets"].values()
    assert [rows[0][field] for field in fields] == [
        *("dog", "48", "3", "1.35", "1.20", "1.52", "0.010", "0.001"),
        *("1,234,567", "25,720", "24,000", "12%"),
    ]


@WIDTHS
def test_a_far_wider_interval_is_clipped_with_an_arrow(lifts, texts, pixels):
    """The others stay readable; the clipped interval has arrows, and its bounds are in the text."""
    usual = [(f"label {number}", 1.1, 1.0, 1.25, None) for number in range(6)]
    chart = ranking_chart(lifts(*usual, ("rare", 1.0, 0.001, 900.0, None)), LIKES, pixels)
    left, right = domain_of(chart)
    assert 0.5 < left < 1 < right < 2
    *others, rare = rows_of(chart)
    assert all(row["left"] is None and row["right"] is None for row in others)
    assert (rare["from"], rare["to"], rare["left"], rare["right"]) == (left, right, left, right)
    assert "(0.001 to 900)" in texts(chart_svg(chart))


def test_a_far_away_lift_is_not_clipped(lifts):
    """A label that differs much, with an interval like the others, is on the scale with its interval."""
    usual = [(f"label {number}", 1.0, 0.9, 1.1, None) for number in range(6)]
    chart = ranking_chart(lifts(("dog", 6.0, 5.5, 6.6, 0.001), *usual), LIKES)
    assert domain_of(chart)[1] > 6.6
    assert all(row["left"] is None and row["right"] is None for row in rows_of(chart))


@WIDTHS
def test_extreme_and_unknown_numbers_have_a_chart(lifts, texts, check_harmless, pixels):
    """Huge, tiny, infinite and missing numbers are drawn without an error, on a scale that stays readable."""
    frame = lifts(
        ("huge", 1e9, 1e8, 1e10, 0.0),
        ("tiny", 1e-9, 1e-10, 1e-8, 0.0),
        ("open", 2.0, 0.0, float("inf"), None),
        ("unknown", None, None, None, None),
        ("not a number", float("nan"), float("nan"), float("nan"), float("nan")),
    )
    chart = ranking_chart(frame, LIKES, pixels)
    svg = chart_svg(chart)
    check_harmless(svg)
    assert {">×1,000", "<×0.001", "(0 to >1,000)", "–"} <= set(texts(svg))
    left, right = domain_of(chart)
    assert 0.01 < left < right < 100
    rows = rows_of(chart)
    assert [row["right"] for row in rows] == [right, None, right, None, None]
    assert [row["left"] for row in rows] == [None, left, left, None, None]


@WIDTHS
@pytest.mark.parametrize("bounds", [(1.0, 1.0, 1.0), (1.1, 0.9, 1.4), (0.5, 0.3, 0.8)])
def test_one_label_has_a_chart(lifts, texts, pixels, bounds):
    """A single row has a chart with its label and the line at 1, also when its bounds are equal."""
    shown = texts(chart_svg(ranking_chart(lifts(("cat", *bounds, None)), LIKES, pixels)))
    assert {"cat", "×1", "usual"} <= set(shown)


@WIDTHS
def test_an_empty_ranking_by_lift_has_a_chart_that_says_so(lifts, texts, pixels):
    """A ranking without rows has a chart with its title and the text 'Nothing to rank yet'."""
    shown = texts(chart_svg(ranking_chart(lifts(), Heading("visual", "likes", "lift", "someone"), pixels)))
    assert {"Nothing to rank yet", "Account someone"} <= set(shown)


@WIDTHS
def test_hostile_names_are_only_text(lifts, texts, check_harmless, hostile, pixels):
    """Markup, control characters, emoji and huge names in labels, account and classifier become text only."""
    for name in hostile:
        heading = Heading(name, "likes", "lift", name)
        svg = chart_svg(ranking_chart(lifts((name, 1.3, 1.1, 1.5, 0.01)), heading, pixels))
        check_harmless(svg)
        assert "\u202e" not in svg
        assert len(svg) < 60_000
    shown = texts(chart_svg(ranking_chart(lifts(("</text></svg>", 1.3, 1.1, 1.5, None)), LIKES, pixels)))
    assert "</text></svg>" in shown


def test_hostile_names_are_only_text_in_the_html(lifts, hostile, parse, tmp_path):
    """No label ends the script with the chart's data, or becomes markup."""
    frame = lifts(*((name, 1.3, 1.1, 1.5, None) for name in hostile))
    pages = [
        parse(save_chart(ranking_chart(one, LIKES), tmp_path, "chart").html.read_text())
        for one in (lifts(*ROWS), frame)
    ]
    assert [tag for tag, _ in pages[0].tags] == [tag for tag, _ in pages[1].tags]
    assert not re.search("[<>&'\u2028\u2029]", pages[1].scripts[0][1])


def test_a_ranked_chart_by_lift_has_both_widths(lifts):
    """It has the wide chart, the chart for phones, and the description of the compared posts."""
    chart = ranked_chart(lifts(*ROWS), LIKES, compared="54 posts compared; left out: none.")
    widths = [float(ElementTree.fromstring(svg).attrib["width"]) for svg in (chart.svg, chart.narrow_svg)]
    assert widths == [WIDTH, NARROW]
    assert chart.compared == "54 posts compared; left out: none."
