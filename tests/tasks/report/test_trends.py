"""The sections 'Over time' and 'What to post and when' of the page: planted effects, missing data, hostile names."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.report.chart_source import ChartSource
from tasks.report.explorer import script
from tasks.report.stage import write_report
from tasks.report.trends.over_time import over_time
from tasks.report.trends.posting_advice import posting_advice
from tasks.report.trends.sections import make_trends
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.posting_lifts import rank_posting
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.tables import Observation, Post, PostPicture, Row

pytestmark = pytest.mark.slow

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = datetime(2026, 8, 1, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\u202e مرحبا 日本"
ACCOUNTS = (HOSTILE, "ann", "bob", "eve", "joe", "kim")
LABELS = ("dog", "cat", "beach", "tree", "<img src=x onerror=alert(2)>")
SOURCE = ChartSource(9, 1, None, None, "likelens.duckdb", "", "", SEEN.date())
AGES = {0.5: 0.45, 1: 0.7, 2: 0.85, 3.5: 0.95, 12: 1.0}
"""The share of the final likes by days."""


def make_rows() -> Iterator[Row]:
    """120 posts of each account in 200 days; carousels, Saturdays, evenings and dogs earn more, cats rise in spring."""
    draw = random.Random(5)
    for index, account in enumerate(ACCOUNTS):
        for number in range(120 - 2 * index):
            post_id, sha = f"{index}-{number}", f"{index * 1_000 + number:064x}"
            at = BEGIN + timedelta(hours=draw.randrange(24 * 200), minutes=7)
            kind = draw.choice(("image", "image", "carousel"))
            labels = draw.sample(LABELS, 2)
            likes = 300 * (index + 1) * draw.lognormvariate(0, 0.3)
            likes *= 1.6 if kind == "carousel" else 1
            likes *= 1.6 if at.weekday() == 5 else 1
            likes *= 1.5 if 18 <= at.hour < 22 else 1
            likes *= 1.9 if "dog" in labels else 1
            likes *= (1.8 if at > BEGIN + timedelta(days=110) else 0.7) if "cat" in labels else 1
            yield Post(source="s", post_id=post_id, account=account, url="http://x.org/1", kind=kind, posted_at=at,
                       caption=None, place=None, pinned=None, first_seen_at=SEEN, last_seen_at=SEEN)  # fmt: skip
            yield PostPicture(
                source="s", post_id=post_id, position=0, picture_url="http://x.org/p", sha256=sha
            )
            yield Picture(
                sha256=sha, bytes=1, width=9, height=9, format="png", path="none.png", fetched_at=SEEN
            )
            for days, share in AGES.items():
                yield Observation(source="s", post_id=post_id, observed_at=at + timedelta(days=days),
                                  likes=round(likes * share * draw.uniform(0.9, 1.1)) if days < 12 else round(likes),
                                  comments=0, likes_hidden=False)  # fmt: skip
            for rank, label in enumerate(labels, 1):
                yield PictureLabel(sha256=sha, classifier="c", version="1", region=0, rank=rank, label=label,
                                   label_id=None, score=0.9, x0=None, y0=None, x1=None, y1=None, labelled_at=SEEN)  # fmt: skip


@pytest.fixture(scope="module")
def home(empty_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published home folder with these posts."""
    home = Home(Path(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("trends") / "home")))
    rows = list(make_rows())
    for table in (Post, PostPicture, Picture, Observation, PictureLabel):
        home.lake.append([row for row in rows if isinstance(row, table)])
    journal = begin_run(home.lake)
    journal.start("classify", "c")
    journal.finish("classify", "c", StageResult("done", 1, version="1"))
    publish(home)
    return home


@pytest.fixture(scope="module")
def page(home: Home) -> str:
    """The page of the home folder."""
    return write_report(home, [RankingQuery("c", statistic="lift")], None).read_text("utf-8")


def section(page: str, name: str) -> str:
    """The markup of a section, with its quotes unescaped."""
    found = re.search(rf'<section class="classifier trends" id="{name}".*?</section>', page, re.DOTALL)
    assert found is not None, name
    return found[0].replace("&#39;", "'")


def test_the_section_over_time_says_what_the_data_show(page: str) -> None:
    """It has the level, the riser and the growth of likes, each with its number, interval and n; and names the others."""
    text = section(page, "over-time")
    assert '<h2 id="over-time-heading">Over time</h2>' in text
    assert re.search(
        r"The last \d+ posts of “<bdi>.*?</bdi>” have [\d,]+ likes at the median \(half of them", text
    )
    assert re.search(r"The lift of “<bdi>cat</bdi>” is [2-3]\.\d\d times as high in the 90 days to", text)
    growth = re.search(
        r"1 day after it was posted, the median post has (\d+)% of its final likes \(95% interval", text
    )
    assert growth is not None
    assert abs(int(growth[1]) - 70) <= 3
    assert "Without a plot, because they have fewer posts: joe (112 posts), kim (110 posts)." in text
    assert text.count("<summary>The numbers</summary>") == 3


def test_the_section_on_posting_says_what_and_when(page: str) -> None:
    """The planted effects are found, nothing else is, and the limits of the data are said in words."""
    text = section(page, "posting-advice")
    assert '<h2 id="posting-advice-heading">What to post and when</h2>' in text
    assert re.search(
        r"Posts with the label “<bdi>dog</bdi>” get [12]\.\d\d times their account's usual likes", text
    )
    assert "These numbers are no experiment." in text
    for name in ("Labels", "Pairs of labels", "Kinds of posts", "Weekdays (UTC)", "Hours of the day (UTC)"):
        assert f'<h3 class="unseen">{name}' in text
    assert text.count("<img") == text.count('alt="') == 5


def test_analysts_get_the_same_numbers(home: Home) -> None:
    """Kinds, weekdays and hours as a frame; planted effects are in their intervals, in the time zone of the question."""
    found = {row["label"]: row for row in rank_posting(home).iter_rows(named=True)}
    assert found["carousel"]["low"] > 1 > found["image"]["high"]
    assert found["saturday"]["q"] < 0.05
    assert found["20-22"]["low"] > 1
    assert [name for name, row in found.items() if row["q"] < 0.05 and row["lift"] > 1.15] == [
        "carousel", "saturday", "18-20", "20-22",
    ]  # fmt: skip
    kolkata = {row["label"]: row for row in rank_posting(home, "Asia/Kolkata").iter_rows(named=True)}
    assert kolkata["0-2"]["low"] > 1, "18:00 to 22:00 UTC is 23:30 to 3:30 there"
    assert kolkata["carousel"]["posts"] == found["carousel"]["posts"]


def test_names_of_strangers_are_text(page: str, parse) -> None:
    """The explorer's script alone runs, its data hold no markup, no handler is set and nothing is loaded."""
    markup = parse(page)
    (data_attributes, data), (_, program) = markup.scripts
    assert data_attributes == {"type": "application/json", "id": "explorer-data"}
    assert not re.search("[<>&]", data)
    assert program.strip() == script().strip()
    assert [name for _, named in markup.tags for name in named if name.startswith("on")] == []
    assert all(value.startswith("data:image/") for _, value in markup.attributes("src"))
    assert "\u202e" not in page


def test_an_account_and_a_period_have_sections_of_their_own(home: Home) -> None:
    """All numbers are of the posts of the question, also those that are stored for all posts."""
    question = RankingQuery("c", statistic="lift", account="ann", since=date(2026, 2, 1))
    with published(home) as database:
        over, advice = make_trends(database, [question])
    assert over is not None
    assert advice is not None
    levels = over.cards[0].table.rows
    assert {row[0] for row in levels} == {"ann"}
    assert min(row[1] for row in levels) >= "2026-02-01"
    labels = next(card for card in advice.cards if card.title.startswith("Labels"))
    assert 0 < max(int(row[1]) for row in labels.table.rows) < 100
    assert "times the account's usual likes" in labels.alternative_text.lower()
    assert "All posts are of one account" in advice.remarks[-1]


def test_nothing_is_shown_where_data_are_missing(empty_home: Home, tmp_path: Path) -> None:
    """Without posts the page has neither section."""
    home = Home(Path(shutil.copytree(empty_home.folder, tmp_path / "home")))
    publish(home)
    page = write_report(home, [RankingQuery("c", statistic="lift")], None).read_text("utf-8")
    assert "over-time" not in page
    assert "posting-advice" not in page


def test_a_section_without_rows_is_none() -> None:
    """Empty frames make no section."""
    none = pl.DataFrame()
    assert over_time([], none, None, none, SOURCE) is None
    timing = pl.DataFrame(schema={"dimension": pl.String, "lift": pl.Float64})
    assert posting_advice(timing, {"c": none}, {"c": none}, "UTC", SOURCE, SOURCE) is None
