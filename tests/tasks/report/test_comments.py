"""The section 'What people say': what was measured, topics with their numbers, quotes only if allowed."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.read_comments.stage import read_comments
from tasks.report.comments import section as section_module
from tasks.report.comments.section import quote_text
from tasks.report.export import export_report
from tasks.report.scope import ReportScope
from tasks.report.stage import write_report
from tasks.topics.stage import find_topics
from tests.tasks.topics.invented import DAY, comment, post_row, store
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.topic_lifts import topic_lifts
from warehouse.records.runs import RUN_STAGE, StageResult, begin_run
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.tables import Observation, PostPicture

pytestmark = pytest.mark.slow

QUESTIONS = [RankingQuery("c", statistic="lift", min_posts=5)]
HOSTILE = "<img src=x onerror=alert(1)> kitten fluffy purr \u202etac @bob.private"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """60 posts of one account with 300 comments; those with most about cats have the label cat, 56 photo, 3 rare."""
    home = Home(tmp_path_factory.mktemp("comments") / "home")
    home.prepare()
    true = store(home, "en", 300)
    about_cats = {f"en{post}": sum(true[f"en {post * 5 + n}"] == "0" for n in range(5)) for post in range(60)}
    home.lake.append([comment(home, f"h{n}", HOSTILE, f"author {n}", "en0") for n in range(3)])
    pictures, rows, labels, seen = [], [], [], []
    for place, (post, cats) in enumerate(about_cats.items()):
        sha = f"{place:064x}"
        pictures.append(
            Picture(
                sha256=sha, bytes=1, width=1, height=1, format="jpeg", path=f"pictures/{sha}", fetched_at=DAY
            )
        )
        rows.append(
            PostPicture(
                source="s", post_id=post, position=0, picture_url=f"https://example.org/{sha}", sha256=sha
            )
        )
        seen.append(
            Observation(
                source="s",
                post_id=post,
                observed_at=DAY + timedelta(days=30),
                likes=100 + place % 7,
                comments=5,
                likes_hidden=False,
            )
        )
        shown = ["cat" if cats >= 2 else "cup", *(["photo"] if place < 56 else [])]
        shown += ["rare"] if place < 3 else []
        labels += [
            PictureLabel(
                sha256=sha,
                classifier="c",
                version="1",
                region=0,
                rank=rank,
                label=label,
                label_id=None,
                score=0.9,
                x0=None,
                y0=None,
                x1=None,
                y1=None,
                labelled_at=DAY,
            )
            for rank, label in enumerate(shown, 1)
        ]
    for one in (pictures, rows, seen, labels):
        home.lake.append(one)
    journal = begin_run(home.lake)
    journal.start("classify", "c")
    journal.finish("classify", "c", StageResult("done", 60, version="1"))
    read_comments(home, "hashed", lambda *_: None)
    find_topics(home, "hashed", lambda *_: None)
    journal.finish(RUN_STAGE, "", StageResult("done", 60))
    publish(home)
    return home


def section(page: str) -> str:
    """The section's HTML; empty if the page has none."""
    return page.partition('id="comments"')[2].partition("</section>")[0]


def test_topics_and_what_was_measured_are_on_the_page_without_a_comment(home: Home) -> None:
    """Numbers, topics, and the label under which a topic is found more often; no text of a comment."""
    page = write_report(home, QUESTIONS, None).read_text("utf-8")
    text = section(page)
    assert '<a href="#comments"><bdi>What people say</bdi></a>' in page
    assert "303 comments under 60 posts were read." in text
    assert re.search(r"The language is known of \d", text)
    assert len(re.findall(r'<bdi lang="en">[^<]* · ', text)) == 3
    assert "Topics by label: the certain ones" in text
    assert '<th scope="col" class="n">Comments in its language</th>' in text
    assert "<bdi>photo</bdi>” (with" not in text, "most comments on each topic are under most posts"
    assert re.search(r"cat: [^<]*(?:kitten|whiskers|fluffy|tabby|purr|paws)", text)
    assert "quote" not in text
    assert "onerror" not in page


def test_topics_that_are_not_shown_are_counted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of languages has all topics, and a note those that have no row."""
    monkeypatch.setattr(section_module, "MAX_TOPICS", 1)
    with published(home) as database:
        found = section_module.what_people_say(database, RankingQuery(""), [])
    assert found is not None
    assert [row.topics for row in found.languages if row.name == "English"] == ["3"]
    assert [group.note for group in found.topics] == ["2 smaller topics are not shown."]


def test_a_topic_has_no_lift_for_a_label_with_few_posts(home: Home) -> None:
    """The last question of a run is by count, for which one post is enough."""
    with published(home) as database:
        topics = database.execute("select topic, language from topics").fetchall()
        rows = topic_lifts(database, RankingQuery("c", "count"), topics)
    assert set(rows["label"]) == {"cat", "cup", "photo"}
    assert rows["all_comments"].unique().to_list() == [300], "comments in English"


def test_quotes_are_shown_if_allowed_and_run_nothing(home: Home, tmp_path: Path) -> None:
    """With quotes each topic has a comment, escaped and without names; a report for sending on has none."""
    text = section(write_report(home, QUESTIONS, None, quote=True).read_text("utf-8"))
    assert text.count('<q class="quote" lang="en" dir="auto">') == 3
    shared = export_report(
        home, QUESTIONS, None, ReportScope(share=True, quote=True), "md", tmp_path / "shared.md"
    ).read_text("utf-8")
    assert "## What people say" in shared
    assert "A topic is named by its most distinctive words" in shared
    assert "\n> " not in shared
    own = export_report(home, QUESTIONS, None, ReportScope(quote=True), "md", tmp_path / "own.md").read_text(
        "utf-8"
    )
    assert own.count("\n> ") >= 3


def test_a_quote_has_no_names_and_no_direction_marks() -> None:
    """Mentions are cut out, long texts end with an ellipsis, and a text without visible characters is none."""
    assert quote_text(HOSTILE) == "<img src=x onerror=alert(1)> kitten fluffy purr tac @…"
    assert len(quote_text("word " * 2_000) or "") <= 161
    assert quote_text("\u202e \n") is None


def test_a_report_without_read_comments_has_no_section(tmp_path: Path) -> None:
    """No box is empty: neither a section nor a link to it."""
    home = Home(tmp_path / "home")
    home.prepare()
    home.lake.append([post_row("a")])
    publish(home)
    page = write_report(home, [], None).read_text("utf-8")
    assert "What people say" not in page
