"""The report of a home with a ranking by lift."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.report.stage import write_report
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery

pytestmark = pytest.mark.slow


@pytest.fixture
def home(pet_home: Home, tmp_path: Path) -> Home:
    """A copy, in which a test writes a report."""
    return Home(shutil.copytree(pet_home.folder, tmp_path / "home"))


def test_a_ranking_by_lift_has_its_files_and_its_part_of_the_page(home: Home) -> None:
    """The chart's files are written; the page has the sentence of the best label and the compared posts."""
    page = write_report(home, [RankingQuery("c", statistic="lift")], None).read_text("utf-8")
    assert {f"c-likes-lift.{kind}" for kind in ("svg", "png", "html")} <= {
        path.name for path in home.report.iterdir()
    }
    assert "Posts with the label “<bdi>dog</bdi>” get 2." in page
    assert "40 posts compared; left out: none." in page


def test_an_empty_ranking_by_lift_has_its_reason_on_the_page(home: Home) -> None:
    """Where no post has comments, the page says so, and has no sentence about labels."""
    page = write_report(home, [RankingQuery("c", by="comments", statistic="lift")], None).read_text("utf-8")
    assert "None of the 40 posts has a known number of comments." in page
    assert 'class="finding"' not in page


def test_other_rankings_compare_no_posts(home: Home) -> None:
    """A ranking by mean or by count has no sentence about compared posts."""
    questions = [RankingQuery("c"), RankingQuery("c", by="count", statistic="lift")]
    page = write_report(home, questions, None).read_text("utf-8")
    assert "posts compared" not in page
    assert 'class="finding"' not in page
