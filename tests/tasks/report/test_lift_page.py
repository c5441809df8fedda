"""A ranking by lift on the page: its sentence, its table, and the posts that were compared."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tasks.report.content import Heading, RankedChart, Report, Section
from tasks.report.page import render_page

LIKES = Heading("visual", "likes", "lift")
DOG = ("dog", 1.35, 1.2, 1.52, 0.0004)
COMPARED = "54 posts compared; left out: 2 with hidden likes."


@pytest.fixture
def page(lifts):
    """Render a report with one ranking by lift."""

    def render(
        *rows: tuple[str, float | None, float | None, float | None, float | None], why: str = ""
    ) -> str:
        svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
        chart = RankedChart(LIKES, lifts(*rows), svg, why_empty=why, compared=COMPARED)
        now = datetime(2025, 11, 24, tzinfo=UTC)
        sections = (Section("visual", "visual-2", (chart,)),)
        return render_page(Report("Likes", now, "run", None, (), 1, 1, now, now, (), sections))

    return render


def cells(html: str) -> list[list[str]]:
    """The rows of the table, as text."""
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    ]


def test_the_table_has_the_columns_of_the_lift(page):
    """The table has lift, interval and q in place of the total."""
    head = ["Rank", "Label", "Posts", "Accounts", "Lift", "Interval", "q", "Mean", "Median", "Share"]
    row = ["1", "dog", "48", "3", "1.35", "1.20 to 1.52", "<0.001", "25,720", "24,000", "12%"]
    assert cells(page(DOG).replace("&lt;0", "<0")) == [head, row]


def test_an_unknown_number_is_a_dash(page):
    """A null lift, bound or q is an en dash."""
    (_, row) = cells(page(("cat", None, None, None, None)))
    assert row[4:7] == ["–", "–", "–"]


def test_the_page_says_which_posts_were_compared(page, parse):
    """The sentence about the compared posts is below the table, and the caption explains the columns."""
    html = page(DOG)
    assert html.index("</table>") < html.index(COMPARED)
    text = parse(html).text
    assert "Lift: times the likes of the account's other posts of that time, with its 95% interval." in text
    assert "q: the p-value corrected for the number of labels." in text


def test_a_sentence_above_the_chart_has_its_result(page, parse):
    """The sentence precedes the chart, with the label's own direction of text."""
    html = page(DOG)
    assert html.index('class="finding"') < html.index("data:image/svg")
    assert "“<bdi>dog</bdi>” get 1.35 times their account&#39;s usual likes" in html
    assert "None of these labels differs for certain yet" in parse(page(("cat", 1.0, 0.9, 1.1, 0.9))).text


def test_an_empty_ranking_by_lift_has_its_reason_only(page):
    """Without rows there is no sentence about labels and no table."""
    html = page(why="No label has 10 posts with a known number.")
    assert "No label has 10 posts with a known number." in html
    assert 'class="finding"' not in html
    assert "The numbers" not in html


def test_hostile_labels_are_only_text_on_the_page(page, parse, hostile):
    """A label with markup in the sentence and the table does not change the page's elements."""
    plain = [tag for tag, _ in parse(page(("plain", *DOG[1:]))).tags]
    for name in hostile:
        html = page((name, *DOG[1:]))
        assert [tag for tag, _ in parse(html).tags] == plain
        assert not re.search("[\x00-\x08\x0b\u202a-\u202e\u2066-\u2069]", html)
