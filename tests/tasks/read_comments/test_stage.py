"""The stage read_comments over a lake: incremental, versioned, and without forgotten authors."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.read_comments import stage
from warehouse.home import Home
from warehouse.schema.tables import Comment
from warehouse.upkeep.forgetting import forget_author

NOTHING = lambda done, total: None  # noqa: E731


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home folder with three comments; Bob's mentions Ann, and one has no text."""
    home = Home(tmp_path / "home")
    home.prepare()
    authors = home.authors()
    texts = {"1": ("ann", "Where is this?"), "2": ("bob", "So beautiful @ann"), "3": ("cal", None)}
    home.lake.append([comment(number, authors.stored(name), text) for number, (name, text) in texts.items()])
    return home


def comment(number: str, author: str | None, text: str | None) -> Comment:
    return Comment(
        source="s", post_id="p", comment_id=number, parent_id=None, author=author, text=text,
        posted_at=datetime(2026, 1, 1, tzinfo=UTC), likes=None,
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
    assert readings(home) == {"1 rules-1": (True, 0), "2 rules-1": (False, 1)}
    assert stage.read_comments(home, "hashed", NOTHING).items == 0
    home.lake.upsert([comment("1", "x", "What a view")])
    assert stage.read_comments(home, "hashed", NOTHING).items == 1
    assert readings(home)["1 rules-1"] == (False, 0)
    monkeypatch.setattr(stage.Reader, "__init__", _of_version_two)
    assert stage.read_comments(home, "hashed", NOTHING).items == 2
    assert set(readings(home)) == {"1 rules-1", "2 rules-1", "1 rules-2", "2 rules-2"}


def _of_version_two(self: stage.Reader, hash_name: object) -> None:
    object.__setattr__(self, "hash_name", hash_name)
    object.__setattr__(self, "version", "rules-2")


def test_a_forgotten_author_leaves_no_reading_and_no_mention(home: Home) -> None:
    """The author's readings go, and a comment that mentions the author is read again without the mention."""
    stage.read_comments(home, "hashed", NOTHING)
    assert forget_author(home, "Ann") == 1
    assert readings(home) == {}
    assert stage.read_comments(home, "hashed", NOTHING).items == 1
    assert readings(home) == {"2 rules-1": (False, 0)}


def test_dropped_authors_are_not_stored_as_mentions_either(home: Home) -> None:
    """With comment_authors = "dropped" no mention has a hash."""
    stage.read_comments(home, "dropped", NOTHING)
    assert readings(home) == {"1 rules-1": (True, 0), "2 rules-1": (False, 0)}


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


def test_a_home_without_comments_has_nothing_to_read(tmp_path: Path) -> None:
    """The stage is done with 0 items."""
    home = Home(tmp_path / "home")
    home.prepare()
    assert stage.read_comments(home, "hashed", NOTHING).items == 0
