"""Planned times: in the settings' time zone, in the future, and with an hour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.errors import SettingsError
from flows.forecasting.planned_time import check_recurring_time, read_planned_time

NOW = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
"""A Friday, 18:30 in Berlin."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01 18:00", datetime(2026, 12, 1, 17)),
        ("2026-12-01T18:00+05:00", datetime(2026, 12, 1, 13)),
        ("tuesday 18:00", datetime(2026, 12, 1, 17)),
        ("next Fri 19", datetime(2026, 11, 27, 18)),
        ("friday 18:00", datetime(2026, 12, 4, 17)),
        ("18:15", datetime(2026, 11, 28, 17, 15)),
    ],
)
def test_a_time_is_read_in_the_zone_of_the_settings(text, expected):
    """A time without a zone is one of Berlin; a weekday or an hour is the next one that is not past."""
    assert read_planned_time(text, "Europe/Berlin", NOW) == expected.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-27 18:00", "is in the past: it is 2026-11-27 18:30 (Europe/Berlin) now"),
        ("2026-12-01", "has no hour"),
        ("soon", "is no time"),
        ("0001-01-01 00:00", "is no time"),
        ("9999-12-31T23:59-12:00", "is no time"),
        ("monkey 18:00", "is no time"),
        ("2027-03-28 02:30", "does not exist in Europe/Berlin"),
        ("2029-01-01 10:00", "more than a year away"),
    ],
)
def test_another_text_is_refused_with_a_reason(text, words):
    """Each refusal says what is wrong with the time."""
    with pytest.raises(SettingsError, match=words.replace("(", r"\(").replace(")", r"\)")):
        read_planned_time(text, "Europe/Berlin", NOW)


def test_the_settings_take_times_that_come_again():
    """A date would be past one day, and each night after it would fail."""
    assert check_recurring_time("tuesday 18:00") == "tuesday 18:00"
    with pytest.raises(ValueError, match="is no weekday and hour"):
        check_recurring_time("2026-12-01 18:00")
    with pytest.raises(ValueError, match="is no weekday and hour"):
        check_recurring_time("")
