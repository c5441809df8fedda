"""The section 'Forecast': skill, what came, candidates with hostile names, and what is left out."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from tasks.forecast_model import ForecastInfo, Skill
from tasks.report.export import export_report
from tasks.report.forecast.content import ForecastSettings
from tasks.report.forecast.section import forecast_section
from tasks.report.forecast.skill import verdict_sentences
from tasks.report.scope import ReportScope
from tasks.report.stage import write_report
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.schema.forecast_tables import ForecastRow
from warehouse.schema.tables import Observation, Post, PostPicture

CHROMIUM = shutil.which("chromium")
NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = "<img src=x onerror=alert(1)>.png"
MEDIANS = {"dusk.png": 160.0, HOSTILE: 150.0, "posted.png": 900.0}
"""The candidates. The last one was posted in the meantime."""
INFO = ForecastInfo(
    measure="likes", version="m1", method="ridge", trained_at=NOW - timedelta(days=7, hours=1), posts=2_000, accounts=3,
    first_posted_at=NOW - timedelta(days=400), last_posted_at=NOW - timedelta(days=90), classifiers={"c": "1"},
    time_zone="UTC", skill_by_time=Skill(value=0.12, low=0.08, high=0.16, posts=400, clusters=30),
    skill_by_account=Skill(value=0.095, low=-0.01, high=0.2, posts=2_000, clusters=3),
    label_skill=Skill(value=0.034, low=0.012, high=0.056, posts=1_200, clusters=90), verdict="labels help", coverage=0.79,
    coverage_worst_tenth=None, spearman_within_accounts=0.4567, backfilled=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def home(empty_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """40 posts in 11 weeks with forecasts, of which 32 were true, and a folder of candidates with forecasts."""
    home = Home(Path(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("forecast") / "home")))
    posts: list[Post] = []
    rows: list[ForecastRow] = []
    counts: list[Observation] = []
    for number in range(40):
        at = NOW - timedelta(days=85) + timedelta(days=1.9 * number)
        posts.append(_post(f"{number}", at))
        rows.append(_forecast(f"{number}", at, 100 + 10 * number, post_id=f"{number}"))
        likes = round(100 + 10 * number) * (1 if number % 5 else 4)
        counts.append(
            Observation(source="s", post_id=f"{number}", observed_at=at + timedelta(days=7.5), likes=likes, comments=1,
                        likes_hidden=False)
        )  # fmt: skip
    # An earlier model expected something else; a post counts once.
    rows.append(replace(rows[3], version="m0", low=1.0, median=2.0, high=3.0, made_at=posts[3].posted_at))
    folder = home.folder / "candidates"
    folder.mkdir()
    for index, (name, median) in enumerate(MEDIANS.items()):
        Image.new("RGB", (20, 20), (80 * index, 0, 0)).save(folder / name)
        sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        rows.append(_forecast(sha256, NOW + timedelta(days=2), median, sha256=sha256))
    posts.append(_post("shown", NOW - timedelta(hours=1)))
    home.lake.append(posts)
    home.lake.append(rows)
    home.lake.append(counts)
    home.lake.append(
        [PostPicture(source="s", post_id="shown", position=0, picture_url="http://x.org/p", sha256=sha256)]
    )
    publish(home)
    return home


@pytest.fixture(scope="module")
def settings(home: Home) -> ForecastSettings:
    """A model of likes, and the folder of candidates."""
    return ForecastSettings((INFO,), home.folder / "candidates")


@pytest.fixture(scope="module")
def page(home: Home, settings: ForecastSettings) -> Path:
    """The page of the home folder."""
    return write_report(home, [RankingQuery("c", statistic="lift")], None, forecasts=settings)


def test_skill_outcomes_and_candidates_are_on_the_page(page: Path) -> None:
    """Each number has its interval and its posts, hostile names are text, and no overall correlation is shown as skill."""
    text = page.read_text("utf-8")
    assert "labels help. What a picture shows makes the forecast better: with labels its error is smaller by 3.4% (1.2% to 5.6%; 1,200 posts)." in text  # fmt: skip
    (covered,) = re.findall(
        r"Of 40 posts of the last 90 days with a forecast of likes, 32 \(80%; (\d+)% to \d+%\)", text
    )
    assert 55 <= int(covered) <= 75
    assert "12% (8.0% to 16%; 400 posts)" in text
    assert "(7 days old)" in text
    assert (
        text.count("Likes: forecast and what came. 32 of 40 posts got likes inside their 80% interval.") == 1
    )
    # Other sections have numbers that depend on the day of the test.
    section = text.split('id="forecast"', 1)[1].split("</section>", 1)[0]
    assert "80%" in section
    assert "0.46" not in re.sub(r"<svg.*?</svg>|data:[^\"']*", "", section, flags=re.DOTALL)
    assert "Spearman" not in text
    assert "1. 160 likes" in text
    assert "2. 150 likes" in text
    assert "The order is within the noise" in text
    assert HOSTILE not in text
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in text
    assert "posted.png" not in text


def test_without_outcomes_the_training_speaks(home: Home, settings: ForecastSettings) -> None:
    """No empty chart: coverage is that of the posts held out. Without a model there is no section, and a period has no candidates."""
    with published(home) as database:
        comments = replace(settings, infos=(replace(INFO, measure="comments", verdict="labels add nothing"),))
        found = forecast_section(
            database, comments, RankingQuery("", since=(NOW - timedelta(days=60)).date())
        )
        assert found is not None
        assert not found.charts
        assert found.next is None
        assert "labels add nothing" in found.sentences[0]
        assert found.sentences[-1] == (
            "No forecast of comments can be compared with what came yet. On the 400 posts that the training held out, 79% were"
            " inside the 80% interval."
        )
        assert forecast_section(database, None, RankingQuery("")) is None
    with duckdb.connect() as older:
        assert forecast_section(older, settings, RankingQuery("")) is None


def test_posts_without_labels_are_not_too_few() -> None:
    """The verdict 'too few posts' has two causes, and the sentence names the one that it is."""
    unlabelled = replace(INFO, verdict="too few posts", label_skill=None, classifiers={})
    [sentence] = verdict_sentences(unlabelled)
    assert sentence.startswith("Likes: no label is on enough posts to say whether labels help.")
    [sentence] = verdict_sentences(replace(unlabelled, skill_by_time=None))
    assert sentence.startswith("Likes: too few posts to learn from (2,000 of comparable age).")


@pytest.mark.slow
def test_exports_have_it_and_sharing_leaves_out_candidates(
    home: Home, settings: ForecastSettings, tmp_path: Path
) -> None:
    """Markdown has the tables; a report for sending on has no picture that is not posted yet, and not its name."""
    texts = [
        export_report(home, [], None, ReportScope(share=share, forecasts=settings), form, tmp_path / f"{share}.{form}").read_text("utf-8")
        for share in (False, True)
        for form in ("md", "html")
    ]  # fmt: skip
    assert "| 1 | `dusk.png` | 160 | 80 to 320 |  |" in texts[0]
    assert "### Likes: forecast and what came" in texts[2]
    assert ["dusk.png" in text for text in texts] == [True, True, False, False]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_it_fits_a_phone(page: Path) -> None:
    """In a browser nothing runs, all pictures are loaded, and nothing is wider than a phone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=600_000)
        tab = browser.new_page(viewport={"width": 390, "height": 900}, color_scheme="dark")
        tab.set_default_timeout(600_000)
        troubles: list[str] = []
        tab.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        tab.goto(page.as_uri())
        section = tab.locator("#forecast")
        sizes = section.locator("img").evaluate_all("all => all.map(one => one.naturalWidth)")
        wide = tab.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert len(sizes) == 3
    assert all(sizes)
    assert wide <= 390
    assert troubles == []


def _post(post_id: str, at: datetime) -> Post:
    return Post(
        source="s", post_id=post_id, account="ann", url="http://x.org/1", kind="image", posted_at=at, caption=None, place=None,
        pinned=None, first_seen_at=at, last_seen_at=NOW,
    )  # fmt: skip


def _forecast(subject: str, at: datetime, median: float, **of: Any) -> ForecastRow:
    made = min(at + timedelta(hours=3), NOW)
    return ForecastRow(
        source="s", account="ann", subject=subject, measure="likes", version="m1", kind="image", posted_at=at,
        post_id=of.get("post_id"), sha256=of.get("sha256"), usual=120.0, median=median, low=median / 2, high=median * 2,
        made_at=made, before_posting="sha256" in of,
    )  # fmt: skip
