"""The report of a home with a ranking by lift."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tasks.report.stage import write_report
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.tables import Observation, Post, PostPicture

START = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def home(empty_home: Home, tmp_path: Path) -> Home:
    """A published home of 40 posts, whose pictures show a dog or a cat in turn; dogs get far more likes."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path / "home"))
    Image.new("RGB", (20, 20), (80, 0, 0)).save(home.folder / "picture.png")
    numbers = range(40)
    home.lake.append([
        Post(source="s", post_id=f"{one}", account="ann", url=f"http://x.org/{one}", kind="image",
             posted_at=START + timedelta(days=one), caption=None, place=None, pinned=None, first_seen_at=SEEN,
             last_seen_at=SEEN)
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        PostPicture(source="s", post_id=f"{one}", position=0, picture_url="http://x.org/p", sha256=f"{one:064x}")
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        Observation(source="s", post_id=f"{one}", observed_at=SEEN, likes=100 + one % 7 + 200 * (one % 2),
                    comments=None, likes_hidden=False)
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        Picture(sha256=f"{one:064x}", bytes=1, width=20, height=20, format="png", path="picture.png", fetched_at=SEEN)
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        PictureLabel(sha256=f"{one:064x}", classifier="c", version="1", region=0, rank=1,
                     label=("cat", "dog")[one % 2], label_id=None, score=0.9, x0=None, y0=None, x1=None, y1=None,
                     labelled_at=SEEN)
        for one in numbers
    ])  # fmt: skip
    journal = begin_run(home.lake)
    journal.start("classify", "c")
    journal.finish("classify", "c", StageResult("done", 40, version="1"))
    publish(home)
    return home


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
