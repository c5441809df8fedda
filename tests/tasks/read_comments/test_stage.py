"""The stage read_comments over a lake: incremental, versioned, and without forgotten authors."""

from __future__ import annotations

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
    first = stage.read_comments(home, NOTHING)
    assert (first.status, first.items) == ("done", 2)
    assert readings(home) == {"1 rules-1": (True, 0), "2 rules-1": (False, 1)}
    assert stage.read_comments(home, NOTHING).items == 0
    home.lake.upsert([comment("1", "x", "What a view")])
    assert stage.read_comments(home, NOTHING).items == 1
    assert readings(home)["1 rules-1"] == (False, 0)
    monkeypatch.setattr(stage.Reader, "__init__", _of_version_two)
    assert stage.read_comments(home, NOTHING).items == 2
    assert set(readings(home)) == {"1 rules-1", "2 rules-1", "1 rules-2", "2 rules-2"}


def _of_version_two(self: stage.Reader, hash_name: object) -> None:
    object.__setattr__(self, "hash_name", hash_name)
    object.__setattr__(self, "version", "rules-2")


def test_a_forgotten_author_leaves_no_reading_and_no_mention(home: Home) -> None:
    """The author's readings go, and a comment that mentions the author is read again without the mention."""
    stage.read_comments(home, NOTHING)
    assert forget_author(home, "Ann") == 1
    assert readings(home) == {}
    assert stage.read_comments(home, NOTHING).items == 1
    assert readings(home) == {"2 rules-1": (False, 0)}


def test_a_home_without_comments_has_nothing_to_read(tmp_path: Path) -> None:
    """The stage is done with 0 items."""
    home = Home(tmp_path / "home")
    home.prepare()
    assert stage.read_comments(home, NOTHING).items == 0
