"""Times as programs, spreadsheets and services write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.values.counts import InexactFloat
from tasks.scrape.values.times import TimeOutOfRange, read_time

EVENING = datetime(2024, 5, 1, 18, 20, tzinfo=UTC)
DAY = datetime(2024, 5, 1, tzinfo=UTC)
SECONDS = 1_714_587_600


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01T18:20:00Z",
        "2024-05-01 18:20",
        "2024-05-01T18:20:00+0000",
        "2024-05-01T18:20:00",
        "2024-05-01T20:20:00+02:00",
        "2024-05-01 20:20:00 +0200",
        "2024-05-01 18:20:00 UTC",
        "2024-05-01 18:20:00 +0000 UTC",
        "2024-05-01T20:20:00+02:00[Europe/Berlin]",
        "20240501T182000Z",
        "2024/05/01 18:20",
        "2024/5/1 18:20:00",
        "01.05.2024 18:20",
        "1.5.2024, 18:20:00",
        "Wed, 01 May 2024 18:20:00 +0000",
        "1 May 2024 20:20:00 +0200",
        "Wed, 01 May 2024 18:20:00 GMT",
        "Wed May 01 18:20:00 +0000 2024",
        "20240501182000",
        20_240_501_182_000,
        str(SECONDS),
        SECONDS,
        float(SECONDS),
        Decimal(SECONDS),
        SECONDS * 1_000,
        f"{SECONDS}000",
        SECONDS * 10**6,
        SECONDS * 10**9,
        datetime(2024, 5, 1, 18, 20),
        EVENING,
    ],
)
def test_one_moment_is_read_in_many_forms(value: Any) -> None:
    """The same moment is read from every unambiguous form."""
    assert read_time(value) == EVENING


@pytest.mark.parametrize(
    "value", ["2024-05-01", "20240501", 20_240_501, "2024/05/01", "1.5.2024", date(2024, 5, 1)]
)
def test_a_day_is_its_midnight_in_utc(value: Any) -> None:
    """A day without a time is its midnight in UTC."""
    assert read_time(value) == DAY


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "05/06/2024",
            "'05/06/2024' is not a time: it may be several days, depending on who wrote it; put the year first",
        ),
        ("13/05/2024 10:00", "it may be several days"),
        ("05-06-2024", "it may be several days"),
        ("01.05.24", "it may be several days"),
        (
            "45413.76",
            "45413.76 is not a time: it looks like a spreadsheet's number of days, 2024-05-01 or 2028-05-02",
        ),
        (45_413, "format its column as yyyy-mm-dd hh:mm:ss and export it again"),
        (43_951.5, "it looks like a spreadsheet's number of days, 2020-04-30 or 2024-05-01"),
        ("1.71459E+09", "a spreadsheet has rounded it"),
        ("2024-05-01 18:20:00 CET", "a zone's name may be several zones; write the hours from UTC"),
        ("2024-05-01 18:20 Europe/Berlin", "a zone's name may be several zones"),
        ("yesterday", "'yesterday' is not a time; write ISO 8601"),
        ("", "is not a time"),
        ("9999-12-31T23:59:59-12:00", "is not a time"),
        ("2024-13-01", "is not a time"),
        ("2024-05-01T25:00", "is not a time"),
        ("0000-00-00 00:00:00", "is not a time"),
        ("20240230", "20240230 is not a Unix time between 2000 and tomorrow"),
        (0, "0 is not a Unix time between 2000 and tomorrow"),
        (-1, "-1 is not a Unix time"),
        (2_024, "is not a Unix time"),
        (True, "true is not a time"),
        (None, "null is not a time"),
        ([1], "is not a time"),
        (float("nan"), "nan is not a time"),
        (float("inf"), "inf is not a time"),
        (10**30, "is not a time"),
        (InexactFloat(SECONDS), "it is not exact"),
        ("x" * 10**6, "is not a time"),
    ],
)
def test_an_ambiguous_or_invalid_time_is_an_error_with_a_hint(value: Any, message: str) -> None:
    """A form with several meanings, or none, is an error that says what to write; it is never guessed."""
    with pytest.raises(ValueError) as raised:
        read_time(value)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "value",
    ["1969-12-31", "1999-12-31T23:59:59Z", "Sat, 01 Jan 1994 00:00:00 GMT", "2101-01-01", datetime(1970, 1, 1), date(2150, 1, 1),
     datetime.now(UTC) + timedelta(days=3)],
)  # fmt: skip
def test_a_time_out_of_range_is_an_error(value: Any) -> None:
    """A time before 2000 or after tomorrow is out of range in any form."""
    with pytest.raises(TimeOutOfRange, match=r"lies before 2000|lies in the future"):
        read_time(value)


def test_a_number_of_thousands_of_digits_is_not_a_time() -> None:
    """Python does not write out such a number."""
    with pytest.raises(ValueError, match="a huge number is not a time"):
        read_time(10**5_000)


@given(at=st.datetimes(datetime(2000, 1, 2), datetime(2025, 12, 31)))
def test_a_time_round_trips(at: datetime) -> None:
    """Any time, as ISO, in Unix seconds or in microseconds, is itself to the microsecond."""
    when = at.replace(tzinfo=UTC)
    micros = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert read_time(when.isoformat()) == read_time(micros) == read_time(Decimal(micros) / 10**6) == when


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals())
def test_any_value_is_a_time_or_a_value_error(value: Any) -> None:
    """Any value is a time between 2000 and tomorrow, or a ValueError."""
    try:
        when = read_time(value)
    except ValueError:
        return
    assert datetime(2000, 1, 1, tzinfo=UTC) <= when <= datetime.now(UTC) + timedelta(days=1)
