"""Which of two values of a field is more precise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from warehouse.records.precision import is_coarser_count, is_coarser_time


@pytest.mark.parametrize(
    ("now", "least", "before"),
    [
        (12_400, 12_350, 12_438),  # 12.4k, rounded
        (12_400, 12_350, 12_399),
        (12_400, 12_350, 12_499),  # a site that truncates shows 12.4k for it
        (12_000, 11_500, 12_400),  # 12k after 12.4k
        (10_000, 10_000, 12_438),  # 10k+
        (12_400, None, 12_438),  # a file marks it as rounded without its unit
    ],
)
def test_a_rounded_count_that_is_consistent_with_the_stored_one_is_coarser(
    now: int, least: int | None, before: int
) -> None:
    """12.4k after 12,438 is the same count with fewer digits."""
    assert is_coarser_count(now, least, before)


@pytest.mark.parametrize(
    ("now", "least", "before"),
    [
        (12_500, 12_450, 12_438),
        (12_300, 12_250, 12_438),
        (42_000, 41_950, 41_600),
        (12_400, 12_350, 12_400),  # as coarse as the one before
        (10_000, 10_000, 9_000),
        (12_345, None, 12_000),
    ],
)
def test_a_rounded_count_that_contradicts_the_stored_one_or_is_as_precise_replaces_it(
    now: int, least: int | None, before: int
) -> None:
    """12.5k after 12,438 is another count."""
    assert not is_coarser_count(now, least, before)


@pytest.mark.parametrize(
    ("now", "coarser"),
    [
        ("2017-05-25T00:00:00", True),
        ("2017-05-24T22:00:00", True),  # midnight in Berlin
        ("2017-05-24T18:30:00", True),  # midnight in India
        ("2017-05-25T02:31:00", True),
        ("2017-05-25T02:31:09", False),
        ("2017-05-25T02:31:08", False),
        ("2017-05-24T12:30:00", True),
        ("2017-05-25T12:00:00", True),  # the day of a zone west of UTC, taken for one in UTC
        ("2017-05-26T00:00:00", False),
        ("2017-05-23T12:00:00", False),
        ("2017-05-25T02:20:00", False),
    ],
)
def test_a_day_or_a_minute_is_coarser_than_a_second_in_it(now: str, coarser: bool) -> None:
    """The day of a time, in any zone, and its minute are the same time with less precision."""
    before = datetime(2017, 5, 25, 2, 31, 9, tzinfo=UTC)
    assert is_coarser_time(datetime.fromisoformat(now).replace(tzinfo=UTC), before) is coarser
