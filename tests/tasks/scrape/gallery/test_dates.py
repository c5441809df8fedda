"""Dates as galleries write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tasks.scrape.gallery.dates import DateForm, date_reader

MONTHS = ("janvier janv", "février févr", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre déc")  # fmt: skip
FORM: TypeAdapter[str] = TypeAdapter(DateForm)


def read(text: object, *forms: str, zone: str = "UTC", months: tuple[str, ...] = ()) -> str:
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
def test_iso_dates(text: str, time: str) -> None:
    """ISO 8601 with a zone, a fraction, no seconds or no time is the time that it says, in UTC."""
    assert read(text, "iso") == time


@pytest.mark.parametrize(
    "text",
    ["2024-W18-5", "20240503", "2024-13-01", "2024-05-03T25:00", "3 days ago", "yesterday", "", "2024", "May 3, 2024"],
)  # fmt: skip
def test_what_is_no_iso_date_is_an_error(text: str) -> None:
    """A form that the profile does not name is an error, also where somebody could guess what is meant."""
    with pytest.raises(ValueError, match="fits none of the profile's dates"):
        read(text, "iso", "unix", "unix_ms")


@pytest.mark.parametrize("text", [1741536011, "1741536011", 1741536011.0, 1741536011000, "1741536011000"])
def test_seconds_and_thousandths_of_them(text: object) -> None:
    """Seconds since 1970, and thousandths, as a number or a text, are told apart by what year they would mean."""
    assert read(text, "unix", "unix_ms") == "2025-03-09T16:00:11+00:00"


@pytest.mark.parametrize(
    "value", [0, -1, 12, 10**30, float("inf"), float("nan"), True, None, [1741536011], {}]
)
def test_a_number_that_is_no_time_is_an_error(value: object) -> None:
    """0 and other numbers that no post can have been made at are no dates."""
    with pytest.raises(ValueError, match="date"):
        read(value, "unix", "unix_ms", "iso")


def test_months_of_another_language() -> None:
    """Months in the site's language are read in any case and in their short forms; no other word is one."""
    for text in ("3 février 2024", "3 Février 2024", "3 févr 2024"):
        assert read(text, "%d %B %Y", months=MONTHS) == "2024-02-03T00:00:00+00:00"
    assert read("03 déc. 2024", "%d %b. %Y", months=MONTHS) == "2024-12-03T00:00:00+00:00"
    for text in ("3 fevrier 2024", "3 2024", "février 2024"):
        with pytest.raises(ValueError, match="dates"):
            read(text, "%d %B %Y", months=MONTHS)


def test_a_site_s_own_clock() -> None:
    """A date without a zone is one of the site's clock, in summer as in winter; one with a zone is not."""
    assert (
        read("2024-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", zone="Europe/Berlin") == "2024-07-01T10:00:00+00:00"
    )
    assert read("2024-01-01 12:00:00", "iso", zone="Europe/Berlin") == "2024-01-01T11:00:00+00:00"
    assert read("2024-01-01T12:00:00Z", "iso", zone="Europe/Berlin") == "2024-01-01T12:00:00+00:00"


def test_the_ends_of_time_are_errors() -> None:
    """A year that UTC does not have is an error, not a crash."""
    for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(ValueError, match="dates"):
            read(text, "iso", "%Y-%m-%dT%H:%M:%S%z")


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [
        ("1999-12-31", "iso", "1999-12-31 00:00 lies before 2000"),
        ("1970-01-01T00:00:00Z", "iso", "lies before 2000"),
        ("2101-05-25", "iso", "lies in the future"),
        ("25 May 1917", "%d %B %Y", "lies before 2000"),
        (86_400, "unix", "fits none"),
        ("4102444799", "unix", "fits none"),
    ],
)
def test_a_time_that_no_post_has(value: object, form: str, said: str) -> None:
    """A date before 2000 or in the future is no date of a post, whatever its form, and the error has it."""
    with pytest.raises(ValueError, match=said) as raised:
        read(value, form)
    assert str(value) in str(raised.value)


@given(at=st.datetimes(datetime(2000, 1, 2), datetime(2025, 12, 31)), minutes=st.integers(-720, 840))
def test_a_time_comes_back(at: datetime, minutes: int) -> None:
    """Any time, in any zone, written in the forms that are read fast, is the same time."""
    zoned = at.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    for text in (zoned.isoformat(), zoned.strftime("%Y-%m-%dT%H:%M:%S%z")):
        for form in ("iso", "%Y-%m-%dT%H:%M:%S%z"):
            assert datetime.fromisoformat(read(text, form)) == zoned
    plain = zoned.replace(tzinfo=UTC)
    assert datetime.fromisoformat(read(plain.strftime("%Y-%m-%d %H:%M:%S"), "%Y-%m-%d %H:%M:%S")) == plain


@given(text=st.text())
def test_no_text_is_more_than_an_error(text: str) -> None:
    """Whatever a page has in a date's place is a time in UTC or a ValueError."""
    try:
        time = read(text, "iso", "unix", "%d %B %Y", "%y%m%d", months=MONTHS)
    except ValueError:
        return
    assert time.endswith("+00:00")


@pytest.mark.parametrize("form", ["%d %B", "%H:%M", "%Y", "%m/%Y", "%Y-%m-%d %Z", "%Q", "last tuesday", ""])
def test_a_form_that_does_not_say_the_day_is_refused(form: str) -> None:
    """A form without day, month or year, or with a zone's name, is refused when the profile is read."""
    with pytest.raises(ValidationError):
        FORM.validate_python(form)
