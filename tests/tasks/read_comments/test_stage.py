"""The stage read_comments over a lake: incremental, versioned, and without forgotten authors."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.read_comments import stage
from tasks.read_comments.options import ReadOptions
from tasks.report.data_section import data_tables
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.records.runs import begin_run
from warehouse.schema.tables import Comment, Post
from warehouse.upkeep.forgetting import forget_author

NOTHING = lambda done, total: None  # noqa: E731
EVENING = datetime(2026, 1, 1, tzinfo=UTC)
POST = Post(
    source="s", post_id="p", account="ann", url="https://pix.example/p", kind="image", posted_at=EVENING, caption=None,
    place=None, pinned=False, first_seen_at=EVENING, last_seen_at=EVENING, gone_at=None,
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, empty_home: Home) -> Home:
    """A home folder with three comments; Bob's mentions Ann, and one has no text."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path / "home"))
    authors = home.authors()
    texts = {"1": ("ann", "Where is this?"), "2": ("bob", "So beautiful @ann"), "3": ("cal", None)}
    home.lake.append([comment(number, authors.stored(name), text) for number, (name, text) in texts.items()])
    return home


def comment(number: str, author: str | None, text: str | None) -> Comment:
    return Comment(
        source="s", post_id="p", comment_id=number, parent_id=None, author=author, text=text,
        posted_at=EVENING, likes=None,
    )  # fmt: skip


def readings(home: Home) -> dict[str, tuple[object, ...]]:
    rows = home.lake.query(
        "select comment_id, version, question, len(mentions) from comment_readings order by all"
    )
    return {f"{row[0]} {row[1]}": row[2:] for row in rows}


def test_only_new_edited_and_outdated_comments_are_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run reads nothing; an edited text replaces its row, and a new version adds rows beside the old ones."""
    first = stage.read_comments(home, "hashed", NOTHING)
    assert (first.status, first.items) == ("done", 2)
    assert readings(home) == {"1 rules-2": (True, 0), "2 rules-2": (False, 1)}
    assert stage.read_comments(home, "hashed", NOTHING).items == 0
    home.lake.upsert([comment("1", "x", "What a view")])
    assert stage.read_comments(home, "hashed", NOTHING).items == 1
    assert readings(home)["1 rules-2"] == (False, 0)
    monkeypatch.setattr(stage, "VERSION", "rules-3")
    assert stage.read_comments(home, "hashed", NOTHING).items == 2
    assert set(readings(home)) == {"1 rules-2", "2 rules-2", "1 rules-3", "2 rules-3"}


def test_a_forgotten_author_leaves_no_reading_and_no_mention(home: Home) -> None:
    """The author's readings go, and a comment that mentions the author is read again without the mention."""
    stage.read_comments(home, "hashed", NOTHING)
    assert forget_author(home, "Ann") == 1
    assert readings(home) == {}
    assert stage.read_comments(home, "hashed", NOTHING).items == 1
    assert readings(home) == {"2 rules-2": (False, 0)}


def test_dropped_authors_are_not_stored_as_mentions_either(home: Home) -> None:
    """With comment_authors = "dropped" no mention has a hash."""
    stage.read_comments(home, "dropped", NOTHING)
    assert readings(home) == {"1 rules-2": (True, 0), "2 rules-2": (False, 0)}


@pytest.mark.slow
def test_a_run_without_new_comments_imports_no_language_library(home: Home) -> None:
    """The second run of a night costs a query: neither model nor lexicon is loaded."""
    stage.read_comments(home, "hashed", NOTHING)
    script = """
import sys
from pathlib import Path
from tasks.read_comments.stage import read_comments
from warehouse.home import Home

assert read_comments(Home(Path(sys.argv[1])), "hashed", lambda done, total: None).items == 0
assert not {"py3langid", "vaderSentiment", "emosent"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, str(home.folder)], check=True)


@pytest.mark.slow
def test_a_killed_run_leaves_the_view_complete_and_the_next_one_reads_the_rest(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new version that stops half way changes no number of the view, and nothing is read twice by it."""
    home.lake.append([POST])

    def read(progress: Callable[[int, int], None]) -> int:
        journal = begin_run(home.lake, go_on=False)
        journal.start("read_comments")
        result = stage.read_comments(home, "hashed", progress)
        journal.finish("read_comments", "", result)
        return result.items

    def stop(done: int, total: int) -> None:
        if done > 1:
            raise KeyboardInterrupt

    assert read(NOTHING) == 2
    monkeypatch.setattr(stage, "VERSION", "rules-3")
    monkeypatch.setattr(stage, "BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        read(stop)
    assert len(readings(home)) == 3 and seen(home) == (2, 1)
    assert read(NOTHING) == 1 and len(readings(home)) == 4 and seen(home) == (2, 1)
    monkeypatch.setattr(stage, "VERSION", "rules-2")  # an earlier version comes back, and has nothing to read
    home.lake.upsert([comment("1", "x", "What a view")])
    assert read(NOTHING) == 1 and seen(home) == (2, 0)


def seen(home: Home) -> tuple[object, ...]:
    """Number of comments and of questions in the published view."""
    publish(home)
    with published(home) as database:
        return tuple(
            database.execute("select comments, questions from post_comment_readings").fetchone() or ()
        )


def test_the_report_says_how_much_of_the_comments_is_known(home: Home) -> None:
    """The section Data has the number of comments beside the shares: of spam, and of the others by what is known."""
    home.lake.append([comment("s", "x", "What is this? DM us for a feature @photo.world")])
    stage.read_comments(home, "hashed", NOTHING)
    publish(home)
    with published(home) as database:
        (table,) = [one for one in data_tables(home, database) if one.title == "What is known of comments"]
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "Reader": "rules-2", "Read": "3", "Waiting": "0", "Spam": "33%", "With language": "50%", "With tone": "100%", "Questions": "50%",
    }  # fmt: skip


def test_hostile_comments_are_read_from_the_lake(home: Home) -> None:
    """10,000 characters, HTML, right-to-left, control characters, emoji only and an empty text: each has a row."""
    texts = [
        "",
        " ",
        "\x01\x1b[31m\u202eabc",
        "<script>alert(1)</script>",
        "😍" * 10_000,
        "ما أجمل هذا المكان؟",
        "a b? " * 2_000,
    ]
    home.lake.append([comment(f"h{number}", None, text) for number, text in enumerate(texts)])
    assert stage.read_comments(home, "hashed", NOTHING).items == 2 + len(texts)
    assert stage.read_comments(home, "hashed", NOTHING).items == 0
    rows = home.lake.query(
        """select comment_id, language, sign(tone), question from comment_readings
           where comment_id like 'h%' and (language is not null or tone <> 0 or question) order by all"""
    )
    assert rows == [("h4", None, 1, False), ("h5", "ar", None, True), ("h6", None, None, True)]


def test_comments_that_are_off_say_so(empty_home: Home) -> None:
    """With comments = false in [scrape], and none stored, the row of the stage names the setting."""
    result = stage.read_comments(empty_home, "hashed", NOTHING, ReadOptions(are_scraped=False))
    assert (result.status, result.items) == ("done", 0) and "comments is false in [scrape]" in result.message


def test_a_home_without_comments_has_nothing_to_read(empty_home: Home) -> None:
    """The stage is done with 0 items."""
    assert stage.read_comments(empty_home, "hashed", NOTHING).items == 0
