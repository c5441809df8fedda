"""Rate limits that hosts announced: stored by host and token, until they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from warehouse.home import Home

TOKEN = "a-secret-token-0123"


def test_a_limit_is_known_to_later_processes_until_it_ends(tmp_path) -> None:
    """A new object reads the stored limit; a limit in the past, or none, is None."""
    soon = datetime.now(UTC) + timedelta(hours=2)
    Home(tmp_path).limits.note("social.example", TOKEN, soon)
    Home(tmp_path).limits.note("other.example", None, soon)
    assert Home(tmp_path).limits.until("social.example", TOKEN) == soon
    assert Home(tmp_path).limits.until("Social.Example", TOKEN) == soon
    assert Home(tmp_path).limits.until("other.example", None) == soon
    assert Home(tmp_path).limits.until("social.example", None) is None
    Home(tmp_path).limits.note("social.example", TOKEN, datetime.now(UTC) - timedelta(seconds=1))
    assert Home(tmp_path).limits.until("social.example", TOKEN) is None


def test_a_nonsensical_limit_ends_within_a_day(tmp_path) -> None:
    """A limit of many years is stored as one day."""
    Home(tmp_path).limits.note("social.example", None, datetime(2099, 1, 1, tzinfo=UTC))
    until = Home(tmp_path).limits.until("social.example", None)
    assert until is not None and until <= datetime.now(UTC) + timedelta(hours=24)


def test_the_file_of_limits_has_no_token(tmp_path) -> None:
    """The file has only a keyed hash of a token."""
    Home(tmp_path).limits.note("social.example", TOKEN, datetime.now(UTC) + timedelta(hours=1))
    text = (tmp_path / "limits.json").read_text()
    assert "social.example" in text and TOKEN not in text


def test_a_damaged_file_of_limits_is_ignored(tmp_path) -> None:
    """A file that can't be read counts as no limit, and the next limit replaces it."""
    for damaged in ("{", "[]", '{"social.example": 5}', '{"social.example": "2026-01-01T00:00:00"}'):
        (tmp_path / "limits.json").write_text(damaged)
        assert Home(tmp_path).limits.until("social.example", None) is None
    soon = datetime.now(UTC) + timedelta(hours=1)
    Home(tmp_path).limits.note("social.example", None, soon)
    assert Home(tmp_path).limits.until("social.example", None) == soon
