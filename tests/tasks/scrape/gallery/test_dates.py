"""Dates as galleries write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tasks.scrape.gallery.dates import DateForm, date_reader

MONTHS = ("janvier janv", "février févr", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre déc")  # fmt: skip
FORM: TypeAdapter[str] = TypeAdapter(DateForm)


def read_date(text: object, *forms: str, zone: str = "UTC", months: tuple[str, ...] = ()) -> str:
    return date_reader(forms, ZoneInfo(zone), months)(text).isoformat()


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-03T18:20:00+02:00", "2024-05-03T16:20:00+00:00"),
        ("2024-05-03T18:20:00Z", "2024-05-03T18:20:00+00:00"),
        ("2024-05-03 18:20:00.123456789+0530", "2024-05-03T12:50:00.123456+00:00"),
        ("2024-05-03T18:20", "2024-05-03T18:20:00+00:00"),
        (" 2024-05-03\n", "2024-05-03T00:00:00+00:00"),
    ],
)
def test_iso_dates_are_read_in_utc(text: str, time: str) -> None:
    """ISO 8601 is read with a zone, with a fraction, without seconds and without a time."""
    assert read_date(text, "iso") == time


@pytest.mark.parametrize(
    "text",
    ["2024-W18-5", "20240503", "2024-13-01", "2024-05-03T25:00", "3 days ago", "yesterday", "", "2024", "May 3, 2024"],
)  # fmt: skip
def test_a_date_in_an_unknown_form_is_an_error(text: str) -> None:
    """A form that the profile does not name is an error, even if its meaning could be guessed."""
    with pytest.raises(ValueError, match="fits none of the profile's dates"):
        read_date(text, "iso", "unix", "unix_ms")


@pytest.mark.parametrize("text", [1741536011, "1741536011", 1741536011.0, 1741536011000, "1741536011000"])
def test_unix_seconds_and_milliseconds_are_read(text: object) -> None:
    """Seconds and milliseconds since 1970, as a number or a text, are distinguished by the year that they mean."""
    assert read_date(text, "unix", "unix_ms") == "2025-03-09T16:00:11+00:00"


@pytest.mark.parametrize(
    "value", [0, -1, 12, 10**30, float("inf"), float("nan"), True, None, [1741536011], {}]
)
def test_a_number_that_is_not_a_time_is_an_error(value: object) -> None:
    """0 and other numbers before 2000 or in the future are not dates."""
    with pytest.raises(ValueError, match="date"):
        read_date(value, "unix", "unix_ms", "iso")


def test_months_of_the_site_s_language_are_read() -> None:
    """Their names are read in any case and in their short forms; any other word is an error."""
    for text in ("3 février 2024", "3 Février 2024", "3 févr 2024"):
        assert read_date(text, "%d %B %Y", months=MONTHS) == "2024-02-03T00:00:00+00:00"
    assert read_date("03 déc. 2024", "%d %b. %Y", months=MONTHS) == "2024-12-03T00:00:00+00:00"
    for text in ("3 fevrier 2024", "3 2024", "février 2024"):
        with pytest.raises(ValueError, match="dates"):
            read_date(text, "%d %B %Y", months=MONTHS)


def test_dates_without_a_zone_are_local_times_of_the_site() -> None:
    """The profile's zone applies in summer and in winter, but not to a date with a zone."""
    assert (
        read_date("2024-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", zone="Europe/Berlin")
        == "2024-07-01T10:00:00+00:00"
    )
    assert read_date("2024-01-01 12:00:00", "iso", zone="Europe/Berlin") == "2024-01-01T11:00:00+00:00"
    assert read_date("2024-01-01T12:00:00Z", "iso", zone="Europe/Berlin") == "2024-01-01T12:00:00+00:00"


def test_a_year_outside_of_utc_is_an_error() -> None:
    """A time that overflows in UTC is a ValueError."""
    for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(ValueError, match="dates"):
            read_date(text, "iso", "%Y-%m-%dT%H:%M:%S%z")


@pytest.mark.parametrize(
    ("value", "form", "message"),
    [
        ("1999-12-31", "iso", "1999-12-31 00:00 lies before 2000"),
        ("1970-01-01T00:00:00Z", "iso", "lies before 2000"),
        ("2101-05-25", "iso", "lies in the future"),
        ("25 May 1917", "%d %B %Y", "lies before 2000"),
        (86_400, "unix", "fits none"),
        ("4102444799", "unix", "fits none"),
    ],
)
def test_a_time_before_2000_or_in_the_future_is_an_error(value: object, form: str, message: str) -> None:
    """Such a date is refused in any form, and the error quotes it."""
    with pytest.raises(ValueError, match=message) as raised:
        read_date(value, form)
    assert str(value) in str(raised.value)


@settings(deadline=None)
@given(at=st.datetimes(datetime(2000, 1, 2), datetime(2025, 12, 31)), minutes=st.integers(-720, 840))
def test_a_written_time_is_read_unchanged(at: datetime, minutes: int) -> None:
    """Any time in any zone is read unchanged in the forms with a fast path."""
    zoned = at.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    for text in (zoned.isoformat(), zoned.strftime("%Y-%m-%dT%H:%M:%S%z")):
        for form in ("iso", "%Y-%m-%dT%H:%M:%S%z"):
            assert datetime.fromisoformat(read_date(text, form)) == zoned
    plain = zoned.replace(tzinfo=UTC)
    assert (
        datetime.fromisoformat(read_date(plain.strftime("%Y-%m-%d %H:%M:%S"), "%Y-%m-%d %H:%M:%S")) == plain
    )


@settings(deadline=None)
@given(text=st.text())
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    """Any text is read as a time in UTC, or raises ValueError."""
    try:
        time = read_date(text, "iso", "unix", "%d %B %Y", "%y%m%d", months=MONTHS)
    except ValueError:
        return
    assert time.endswith("+00:00")


@pytest.mark.parametrize("form", ["%d %B", "%H:%M", "%Y", "%m/%Y", "%Y-%m-%d %Z", "%Q", "last tuesday", ""])
def test_a_form_without_a_complete_day_is_refused(form: str) -> None:
    """A form without day, month or year, or with a zone's name, is not valid."""
    with pytest.raises(ValidationError):
        FORM.validate_python(form)
